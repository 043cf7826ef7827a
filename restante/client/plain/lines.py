"""A message as a line that can be read out: when, who, what. Pure.

Rule: further lines of one text are indented, so that no text can look like two messages; every
string of a peer's passes `clean`. Spec: docs/plain.md, section 2.
"""

from __future__ import annotations

from typing import Final

from restante.client.hearing import heard
from restante.client.interface import (
    ContactState,
    Conversation,
    File,
    FileState,
    Message,
    Poll,
    Trust,
)
from restante.client.plain import plain_words
from restante.client.sizes import size_text
from restante.client.tui import (
    chat_words,
    contact_words,
    file_words,
    group_words,
    poll_words,
    thread_words,
    words,
)
from restante.client.tui.clean import clean, clean_line
from restante.client.tui.entry_parts import duration, marks_of, notice_of, reactions_of
from restante.client.tui.page import Page
from restante.client.tui.poll_lines import names_of, standing
from restante.client.tui.times import clock_time, day_title, local

EXCERPT_CHARS: Final = 40
_INDENT: Final = "    "
SPOKEN: Final = frozenset({"text", "file", "location", "contact", "poll", "unknown"})


def line_of(message: Message, page: Page, *, is_numbered: bool = False) -> str:
    """Return a message as text: `14:28 Alice: Did you get the draft?`."""
    moment = local(message.sent_at, page.zone)
    head = plain_words.number(message.position) if is_numbered else ""
    head += clock_time(moment, is_12_hours=page.is_12_hours) + " "
    if message.kind not in SPOKEN:
        return indented(head + _notice(message))
    name = words.YOU if message.sender.is_me else clean_line(message.sender.name)
    if message.sender.is_me and is_numbered:
        name += f" ({state_word(message)})"
    said = body(message, page)
    if message.quote is not None and message.quote.excerpt:
        said = plain_words.answers(shortened(message.quote.excerpt)) + said
    if marks := marks_of(message, page):
        said += f" ({marks.replace(f' {page.glyphs.dot} ', ', ')})"
    if message.answers:
        said += f" ({thread_words.answers(message.answers)})"
    if message.reactions:
        said += " " + plain_words.reactions(", ".join(reactions_of(message)))
    return indented(f"{head}{name}: {said}")


def day_of(message: Message, page: Page) -> str:
    """Return the day on which a message was sent."""
    return day_title(local(message.sent_at, page.zone).date(), today=page.now.date())


def body(message: Message, page: Page) -> str:
    """Return what a message says, without who and when."""
    if message.kind == "unknown":
        return clean_line(heard(message.error or words.UNKNOWN))
    if (place := message.location) is not None:
        label = clean_line(place.label)
        return plain_words.place(label, f"{place.latitude:.5f}", f"{place.longitude:.5f}")
    if (card := message.card) is not None:
        address = clean_line(card.address)
        return plain_words.card(clean_line(card.name) or address, address)
    if message.poll is not None:
        return _poll(message.poll, page)
    if message.file is not None:
        return _file(message.file, page)
    return clean(message.body)


def state_word(message: Message) -> str:
    """Return how far a message of one's own has come."""
    return words.STATE.get(message.state, words.NOT_SENT.rstrip(".").lower())


def shortened(text: str) -> str:
    """Return the beginning of a text, as one line."""
    line = " ".join(clean_line(text).split())
    return line if len(line) <= EXCERPT_CHARS else line[: EXCERPT_CHARS - 1].rstrip() + "…"


def said_of(conversation: Conversation, *, is_muted: bool) -> list[str]:
    """Return what there is to know of a chat, in words."""
    group = conversation.group
    known: list[str] = []
    if group is not None:
        known.append(group_words.members(group.member_count))
    elif not conversation.is_self:
        known.append(contact_words.TRUST[conversation.trust])
    if conversation.contact is not ContactState.ACCEPTED:
        known.append(contact_words.CONTACT_STATE[conversation.contact])
    if conversation.is_online:
        known.append(words.ONLINE)
    if conversation.timer_s:
        known.append(words.timer(duration(conversation.timer_s)))
    if is_muted:
        known.append(chat_words.MUTED)
    if conversation.archived:
        known.append(chat_words.PUT_AWAY)
    return [each for each in known if each]


def in_list(conversation: Conversation, *, is_muted: bool) -> list[str]:
    """Return what the list of chats says of one: what is unread first."""
    count = conversation.unread_count
    said = [plain_words.unread(count)] if count else []
    if conversation.unread_mentions:
        said.append(plain_words.mentioned(conversation.unread_mentions))
    if conversation.trust is Trust.CHANGED:
        said.append(contact_words.TRUST[Trust.CHANGED])
    if conversation.contact is not ContactState.ACCEPTED:
        said.append(contact_words.CONTACT_STATE[conversation.contact])
    return [each for each in [*said, chat_words.MUTED if is_muted else ""] if each]


def indented(text: str) -> str:
    """Return a text whose lines after the first are plainly a part of it."""
    return text.rstrip("\n").replace("\n", "\n" + _INDENT)


def _notice(message: Message) -> str:
    if message.kind == "gap":
        return clean(heard(message.error or message.body) or words.GAP)
    if message.kind == "undecryptable":
        return clean(heard(message.error or words.UNDECRYPTABLE))
    return clean(notice_of(message))


def _poll(poll: Poll, page: Page) -> str:
    lines = [f"{poll_words.POLL} {clean_line(poll.question)}"]
    for number, each in enumerate(poll.options, 1):
        names = names_of(each)
        said = f"{number}. {clean_line(each.text)}: {each.count}"
        lines.append(f"{said} ({names})" if names else said)
    return "\n".join([*lines, ", ".join(standing(poll, page))])


def _file(file: File, page: Page) -> str:
    if file.state is FileState.OFFERED:
        until = ""
        if file.expires_at is not None:
            day = local(file.expires_at, page.zone).date()
            until = day_title(day, today=page.now.date())
        stands = plain_words.file_at_relay(until)
    else:
        stands = file_words.STATE[file.state]
    said = plain_words.file(clean_line(file.name), size_text(file.size_bytes), stands)
    if file.error:
        said += f" {clean_line(heard(file.error))}"
    return f"{said} {clean(file.caption)}" if file.caption else said
