"""A poll as lines: the question, what can be answered, with bars, counts and names. Pure.

Rule: how it stands is said in figures and names, and drawn besides; nothing is told by a colour
alone. Every string of a peer's passes `clean_line`. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import Message, Poll, PollOption
from restante.client.tui import poll_words
from restante.client.tui.clean import clean_line
from restante.client.tui.page import Page
from restante.client.tui.roles import Paint, Role
from restante.client.tui.times import clock_time, day_title, local
from restante.client.tui.wrap import cells, shorten, wrap

MAX_BAR_CELLS: Final = 24
MAX_NAMES: Final = 6
"""Of an answer, among the messages; `poll show` prints all."""

Line = tuple[tuple[str, Role | Paint], ...]


def poll_lines(poll: Poll, page: Page) -> list[Line]:
    """Return a poll's lines; those that begin an answer have a run of the role CHOICE."""
    question = f"{poll_words.POLL} {clean_line(poll.question)}"
    lines: list[Line] = [((line, Role.STRONG),) for line in wrap(question, page.measure)]
    most = max((each.count for each in poll.options), default=0)
    for number, each in enumerate(poll.options, 1):
        lines += _option(number, each, page, most=most)
    said = f" {page.glyphs.dot} ".join(standing(poll, page))
    return [*lines, *(((line, Role.FAINT),) for line in wrap(said, page.measure))]


def standing(poll: Poll, page: Page) -> list[str]:
    """Say how many have voted, and until when one can."""
    said = [poll_words.voted(poll.voters)]
    if is_over(poll, page):
        said.append(poll_words.OVER)
    elif poll.closes_at is not None:
        end, today = local(poll.closes_at, page.zone), page.now.date()
        at = clock_time(end, is_12_hours=page.is_12_hours)
        day = "" if end.date() == today else f"{day_title(end.date(), today=today)}, "
        said.append(poll_words.until(day + at))
    return said + [poll_words.SEVERAL] * poll.multiple


def is_over(poll: Poll, page: Page) -> bool:
    """Whether nobody can vote in it any more."""
    if poll.closed_at is not None or poll.closes_at is None:
        return poll.closed_at is not None
    end = local(poll.closes_at, page.zone)
    return end <= page.now.astimezone(end.tzinfo)


def choice_at(message: Message, line: Line) -> int | None:
    """Return which answer of a poll, from 1, begins in a line; None for any other line."""
    if message.poll is not None:
        for text, role in line:
            number = text.strip()
            if role is Role.CHOICE and number.isdecimal():
                return int(number)
    return None


def names_of(option: PollOption, *, most: int = MAX_NAMES) -> str:
    """Say who has chosen an answer, oneself first."""
    people = [poll_words.YOU] * option.is_mine + [clean_line(each) for each in option.names]
    shown = ", ".join(people[:most])
    more = option.count - min(len(people), most)
    return poll_words.and_others(shown, more) if shown and more > 0 else shown


def _option(number: int, option: PollOption, page: Page, *, most: int) -> list[Line]:
    sign = page.glyphs.connected if option.is_mine else page.glyphs.offline
    head: Line = ((sign, Role.ME if option.is_mine else Role.FAINT), (f" {number} ", Role.CHOICE))
    indent = sum(cells(text) for text, _ in head)
    room = max(2, page.measure - indent)
    texts = wrap(clean_line(option.text), room) or [""]
    lines: list[Line] = [(*head, (texts[0], Role.BODY))]
    gap = (" " * indent, Role.BODY)
    lines += [(gap, (text, Role.BODY)) for text in texts[1:]]
    width = max(2, min(MAX_BAR_CELLS, room // 3))
    full = 0 if not option.count else max(1, round(width * option.count / most))
    filled, empty = ("#", "-") if page.glyphs.is_ascii else ("█", "░")
    bar = ((filled * full, Role.ME), (empty * (width - full), Role.FAINT))
    count = f" {option.count}"
    rest = room - width - cells(count) - 2
    names = names_of(option)
    runs = [gap, *bar, (count, Role.BODY)]
    if names and rest >= 2:
        runs.append(("  " + shorten(names, rest, ellipsis=page.glyphs.ellipsis), Role.FAINT))
    lines.append(tuple(run for run in runs if run[0]))
    return lines
