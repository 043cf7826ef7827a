"""A message as lines of words with roles: grouped, divided by days, wrapped. Pure.

Rule: an entry depends on its message, the one before and the page, on nothing else, so a chunk of
the history can be laid out alone. Roles become colours elsewhere. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from restante.client.hearing import heard
from restante.client.interface import Message, MessageState
from restante.client.tui import thread_words, words
from restante.client.tui.clean import clean, clean_line
from restante.client.tui.entry_parts import (
    HAS_HEADING,
    body_of,
    marks_of,
    notice_of,
    reactions_of,
)
from restante.client.tui.half_blocks import preview_lines
from restante.client.tui.markup import Marked, in_one_line, mark_mentions, read_markup, written_in
from restante.client.tui.page import Page
from restante.client.tui.poll_lines import poll_lines
from restante.client.tui.roles import Paint, Role
from restante.client.tui.times import clock_time, day_title, local
from restante.client.tui.wrap import cells, centred, shorten, wrap
from restante.values import dataclass

_GROUP_WITHIN = timedelta(minutes=5)
_MAX_COMPACT_NAME = 16
_NBSP = "\N{NO-BREAK SPACE}"


Line = tuple[tuple[str, Role | Paint], ...]
BLANK: Line = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message's lines; the first `lead` of them are dividers and space, not the message."""

    lines: tuple[Line, ...]
    lead: int

    @property
    def height(self) -> int:
        """Rows."""
        return len(self.lines)


def lay_out(
    message: Message, before: Message | None, page: Page, *, new_count: int | None = None
) -> Entry:
    """Return the lines of one message; `new_count` puts the unread divider above it."""
    moment = local(message.sent_at, page.zone)
    earlier = None if before is None else local(before.sent_at, page.zone)
    lead: list[Line] = []
    if earlier is None or earlier.date() != moment.date():
        title = day_title(moment.date(), today=page.now.date())
        lead += [] if before is None else [BLANK]
        lead += [_divider(title, Role.DIVIDER, page), BLANK]
    if new_count is not None:
        lead += [] if lead or before is None else [BLANK]
        lead += [_divider(words.new_count(new_count), Role.NEW, page), BLANK]
    if page.is_compact:
        lead = [line for line in lead if line]
        goes_on = not lead and before is not None and _is_group(before, message, earlier, moment)
        lines = _compact(message, moment, page, is_named=not goes_on)
    elif message.kind in HAS_HEADING:
        goes_on = not lead and before is not None and _is_group(before, message, earlier, moment)
        if not goes_on and not lead and before is not None:
            lead.append(BLANK)
        if goes_on and (message.quote is not None or _stands_apart(message, before)):
            lead.append(BLANK)
        lines = [] if goes_on else [_heading(message, moment, page)]
        lines += _text(message, page)
    else:
        if not lead and before is not None and before.kind in HAS_HEADING:
            lead.append(BLANK)
        lines = _notice(message, page, clock_time(moment, is_12_hours=page.is_12_hours))
    return Entry(lines=(*lead, *lines), lead=len(lead))


def _stands_apart(message: Message, before: Message | None) -> bool:
    """Whether one of two is a place, a card, a file or a poll: several lines that read as one."""
    parts = {"location", "contact", "file", "poll"}
    return message.kind in parts or (before is not None and before.kind in parts)


def _is_group(
    before: Message, message: Message, earlier: datetime | None, moment: datetime
) -> bool:
    return (
        before.kind in HAS_HEADING
        and before.sender.address == message.sender.address
        and before.sender.is_me == message.sender.is_me
        and earlier is not None
        and abs(moment - earlier) < _GROUP_WITHIN
    )


def _divider(label: str, role: Role, page: Page) -> Line:
    label = shorten(label, page.measure, ellipsis=page.glyphs.ellipsis)
    return ((centred(label, page.measure, rule=page.glyphs.rule), role),)


def _heading(message: Message, moment: datetime, page: Page) -> Line:
    when = " " + clock_time(moment, is_12_hours=page.is_12_hours)
    if message.sender.is_me:
        return ((words.YOU, Role.ME), (when, Role.FAINT))
    room = page.measure - cells(when)
    name = shorten(clean_line(message.sender.name), room, ellipsis=page.glyphs.ellipsis)
    return ((name, Role.SENDER), (when, Role.FAINT))


def _compact(message: Message, moment: datetime, page: Page, *, is_named: bool) -> list[Line]:
    """Put time and name before the text; what doesn't fit stands below it, as far in."""
    when = clock_time(moment, is_12_hours=page.is_12_hours)
    when = when.rjust(len("12:00 pm")) if page.is_12_hours else when
    room = max(4, min(_MAX_COMPACT_NAME, page.measure // 5))
    indent = cells(when) + 1 + room + 1
    inner = replace(
        page, width=max(2, page.measure - indent), is_compact=False, shows_pictures=False
    )
    if message.kind not in HAS_HEADING:
        lines, name, role = _notice(message, inner), "", Role.FAINT
    else:
        lines = _text(message, inner)
        is_me = message.sender.is_me
        name = words.YOU if is_me else clean_line(message.sender.name)
        role = Role.ME if is_me else Role.SENDER
    name = shorten(name, room, ellipsis=page.glyphs.ellipsis) if is_named else ""
    gap = " " * (room - cells(name) + 1)
    first: Line = ((when + " ", Role.FAINT), (name, role), (gap, Role.BODY))
    rest: Line = ((" " * indent, Role.BODY),)
    return [(*(rest if number else first), *line) for number, line in enumerate(lines or [BLANK])]


def _text(message: Message, page: Page) -> list[Line]:
    measure = page.measure
    lines: list[Line] = []
    if message.quote is not None:
        excerpt = in_one_line(message.quote.excerpt)
        mark = page.glyphs.quote + " "
        room = measure - cells(mark)
        lines.append(((mark + shorten(excerpt, room, ellipsis=page.glyphs.ellipsis), Role.QUOTE),))
    if message.file is not None and message.file.preview is not None and page.shows_pictures:
        lines += preview_lines(message.file.preview, measure)
    if message.kind == "text":
        lines += _written(message, measure)
    elif message.poll is not None:
        lines += poll_lines(message.poll, page)
    elif message.kind == "unknown":
        lines += _wrapped(body_of(message, page), Role.NOTICE, measure)
    else:
        head, _, rest = body_of(message, page).partition("\n")
        lines += _wrapped(head, Role.STRONG, measure)
        lines += _wrapped(rest, Role.BODY, measure) if rest else []
        lines += _written(message, measure)
    if message.sender.is_me:
        lines = _with_state(lines, message, page)
        lines += _waits_for(message, page)
    lines += _chips(reactions_of(message), measure, ellipsis=page.glyphs.ellipsis)
    marks = marks_of(message, page)
    lines += _wrapped(marks, Role.FAINT, measure) if marks else []
    if message.answers:
        said = f"{page.glyphs.thread} {thread_words.answers(message.answers)}"
        lines.append(((shorten(said, measure, ellipsis=page.glyphs.ellipsis), Role.THREAD),))
    return lines


def role_at(line: Line, column: int) -> Role | Paint | None:
    """Return what stands in a column of a line, in cells; None where nothing does."""
    for text, role in line:
        column -= cells(text)
        if column < 0:
            return role
    return None


def _chips(texts: list[str], width: int, *, ellipsis: str) -> list[Line]:
    """Put texts beside each other, each on a ground of its own."""
    lines: list[list[tuple[str, Role]]] = []
    used = width
    for text in texts:
        chip = f" {shorten(text, width - 2, ellipsis=ellipsis)} "
        if used + 1 + cells(chip) > width:
            lines.append([])
            used = -1
        lines[-1] += [(" ", Role.BODY)] if lines[-1] else []
        lines[-1].append((chip, Role.CHIP))
        used += 1 + cells(chip)
    return [tuple(line) for line in lines]


def _wrapped(text: str, role: Role, width: int) -> list[Line]:
    return [((line, role),) if line else BLANK for line in wrap(clean(text), width)]


def _written(message: Message, measure: int) -> list[Line]:
    """Lay out what somebody wrote in a message, or under its file."""
    if not (said := written_in(message)):
        return []
    marked = read_markup(clean(said))
    mark_mentions(marked, message)
    return _marked_up(marked, measure)


def _marked_up(marked: Marked, width: int) -> list[Line]:
    """Break a text into lines, each of runs of what they are."""
    lines: list[Line] = []
    spans, at, place = marked.spans, 0, 0
    for line in wrap(marked.text, width):
        begin = marked.text.find(line, place)  # a line is a stretch of the text
        begin = place if begin < 0 else begin
        end = place = begin + len(line)
        runs: list[tuple[str, Role]] = []
        while at < len(spans) and spans[at][1] <= begin:
            at += 1
        upto, here = begin, at
        while here < len(spans) and spans[here][0] < end:
            start, stop, role = spans[here]
            start, stop = max(start, begin), min(stop, end)
            runs += [(marked.text[upto:start], Role.BODY), (marked.text[start:stop], role)]
            upto, here = stop, here + 1
        runs.append((marked.text[upto:end], Role.BODY))
        lines.append(tuple(run for run in runs if run[0]))
    return lines


def _with_state(lines: list[Line], message: Message, page: Page) -> list[Line]:
    """Put how far a message of ours has come at the right edge of its last line."""
    if message.state in {MessageState.FAILED, MessageState.EXPIRED}:
        return lines + _failure(message, page)
    glyphs = page.glyphs
    sign, role = {
        MessageState.QUEUED: (glyphs.queued, Role.TICK),
        MessageState.AWAITING_ACCEPTANCE: (glyphs.sent, Role.TICK),
        MessageState.RELAYED: (glyphs.sent, Role.TICK),
        MessageState.DELIVERED: (glyphs.delivered, Role.TICK),
        MessageState.READ: (glyphs.delivered, Role.ARRIVED),
    }[message.state]
    state = f"{sign} {words.STATE[message.state]}"
    state = shorten(state, page.measure, ellipsis=glyphs.ellipsis)
    # Room for the longest usual state is always kept, so that a tick never moves the text.
    room = max(
        cells(state), cells(glyphs.delivered) + 1 + cells(words.STATE[MessageState.DELIVERED])
    )
    last = lines[-1] if lines else BLANK
    used = sum(cells(text) for text, _ in last)
    if used + 2 + room <= page.measure:
        lines = lines[:-1]
    else:
        last, used = BLANK, 0
    gap = " " * max(0, page.measure - used - cells(state))
    return [*lines, (*last, (gap, Role.BODY), (state, role))]


def _waits_for(message: Message, page: Page) -> list[Line]:
    """Say why a message is still queued, where it was tried; a file's lines say it themselves."""
    if message.state is not MessageState.QUEUED or not message.error or message.file is not None:
        return []
    text = f"{page.glyphs.alert} {clean_line(heard(message.error))}"
    return [((line, Role.NOTICE),) for line in wrap(text, page.measure)]


def _failure(message: Message, page: Page) -> list[Line]:
    head = words.EXPIRED if message.state is MessageState.EXPIRED else words.NOT_SENT
    reason = f" {clean_line(heard(message.error))}" if message.error else ""
    text = f"{page.glyphs.alert} {head}{reason}  {words.RETRY_OR_DISCARD}"
    return [((line, Role.PROBLEM),) for line in wrap(text, page.measure)]


def _notice(message: Message, page: Page, when: str = "") -> list[Line]:
    mark, text, role = {
        "gap": (page.glyphs.gap, heard(message.error or message.body) or words.GAP, Role.NOTICE),
        "undecryptable": (
            page.glyphs.unverified,
            heard(message.error or words.UNDECRYPTABLE),
            Role.NOTICE,
        ),
    }.get(message.kind, (page.glyphs.dot, notice_of(message), Role.FAINT))
    room = page.measure - cells(mark) - 1
    text = f"{text}  {when.replace(' ', _NBSP)}" if when else text
    return [
        ((f"{mark if number == 0 else ' ' * cells(mark)} {line}", role),)
        for number, line in enumerate(wrap(clean(text), room))
    ]
