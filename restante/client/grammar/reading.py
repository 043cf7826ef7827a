"""What a content of the history shows: its kind in our words, its text, what it answers. Pure.

Rule: everything from outside passes `printable` here, before it is stored (attack 49). What this
version doesn't know is `unknown`, and its content is kept whole. Raises RemoteProtocolError for a
body that is malformed, and nothing else. Spec: docs/protocol/content.md, sections 2 and 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from restante.protocol.codec import decode
from restante.protocol.content import (
    ContactCard,
    Content,
    Deletion,
    Edit,
    File,
    Kind,
    Location,
    Mention,
    Pin,
    Quote,
    Reaction,
    Setting,
    Text,
)
from restante.protocol.emoji import is_emoji
from restante.protocol.file_name import safe_name
from restante.protocol.poll import Poll, PollClosed, Vote
from restante.protocol.text import printable
from restante.values import dataclass

NEWER: Final = "Sent with a newer Restante. Update to read it."

MAX_MENTION_CHARS: Final = 256
"""Longer than any name is; a longer stretch names nobody."""

_E7: Final = 10_000_000
_UNITS: Final = (
    (604_800, "week", "weeks"),
    (86_400, "day", "days"),
    (3600, "hour", "hours"),
    (60, "minute", "minutes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an entry shows, safe for a terminal. `kind` is the interface's word."""

    kind: str
    text: str
    quote_id: bytes | None = None
    quote_excerpt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a content does to another message: which one, and what it says of it."""

    target: bytes
    value: str


_UNKNOWN: Final = Entry(kind="unknown", text=NEWER)
_WORDS: Final = {
    int(Kind.TEXT): "text",
    int(Kind.FILE): "file",
    int(Kind.LOCATION): "location",
    int(Kind.CONTACT_CARD): "contact",
    int(Kind.POLL): "poll",
    int(Kind.SETTING): "setting",
}


def read_entry(content: Content, *, is_foreign: bool = False) -> Entry:
    """Read a content that has a place of its own in the history.

    `is_foreign`: it names another conversation than the one that it came in.
    """
    if is_foreign:
        return _UNKNOWN
    return _entry(content.kind, content.body)


def read_edit(packed: bytes) -> Entry:
    """Read what an edit, a whole content, puts in the place of what was there."""
    edit = decode(Content.from_bytes(packed).body, Edit)
    return _entry(edit.kind, edit.body)


def read_text(packed: bytes) -> Text:
    """Return the body of a text, a whole content."""
    return decode(Content.from_bytes(packed).body, Text)


def read_file(packed: bytes) -> File:
    """Return the body of a file, a whole content."""
    return decode(Content.from_bytes(packed).body, File)


def read_edited_text(packed: bytes) -> Text:
    """Return the text that an edit, a whole content, puts in the place of another."""
    return decode(decode(Content.from_bytes(packed).body, Edit).body, Text)


def edited_kind(packed: bytes) -> str:
    """Return which kind of entry an edit, a whole content, is for, without reading its body."""
    return _WORDS.get(decode(Content.from_bytes(packed).body, Edit).kind, _UNKNOWN.kind)


def read_change(content: Content) -> Change:
    """Read a content that changes another message."""
    if content.kind == Kind.EDIT:
        edit = decode(content.body, Edit)
        return Change(target=edit.message, value=_entry(edit.kind, edit.body).text)
    if content.kind == Kind.REACTION:
        reaction = decode(content.body, Reaction)
        return Change(target=reaction.message, value=clean_emoji(reaction.emoji))
    if content.kind == Kind.PIN:
        pin = decode(content.body, Pin)
        return Change(target=pin.message, value="1" if pin.is_pinned else "")
    if content.kind == Kind.VOTE:
        vote = decode(content.body, Vote)
        chosen = ",".join(map(str, sorted(set(vote.choices))))
        return Change(target=vote.message, value=chosen)
    if content.kind == Kind.POLL_CLOSED:
        return Change(target=decode(content.body, PollClosed).message, value="")
    return Change(target=decode(content.body, Deletion).message, value="")


def clean_emoji(text: str) -> str:
    """Return a reaction's emoji; empty, which is none, for anything that isn't exactly one."""
    return text if is_emoji(text) and printable(text, multiline=False) == text else ""


def place_text(place: Location) -> str:
    """Write a place as a geo URI (RFC 5870), with its label after it."""
    uri = f"geo:{_degrees(place.latitude_e7)},{_degrees(place.longitude_e7)}"
    if place.accuracy_m:
        uri += f";u={place.accuracy_m}"
    label = printable(place.label, multiline=False).strip()
    return f"{uri} {label}" if label else uri


def file_text(file: File) -> str:
    """Write a file's name, and below it the caption."""
    caption = printable(file.caption, multiline=True).strip()
    name = safe_name(file.name)
    return f"{name}\n{caption}" if caption else name


def poll_text(poll: Poll) -> str:
    """Write a poll's question, and below it what can be chosen, counted from 1."""
    options = (f"{number}. {one_line(each)}" for number, each in enumerate(poll.options, 1))
    return "\n".join([one_line(poll.question), *options])


def one_line(text: str) -> str:
    """Return a text of a peer's as one line that is safe for a terminal."""
    return printable(text, multiline=False).strip()


def timer_text(seconds: int) -> str:
    """Write a length of time in its largest whole unit, such as "1 day"."""
    for unit_s, one, several in _UNITS:
        if seconds and seconds % unit_s == 0:
            count = seconds // unit_s
            return f"{count} {one if count == 1 else several}"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def shown_mentions(text: str, mentions: Iterable[Mention]) -> Iterator[Mention]:
    """Yield the mentions that name a stretch of a text, placed in the text as it is shown."""
    named = [
        mention
        for mention in mentions
        if 0 < mention.length <= MAX_MENTION_CHARS and mention.start + mention.length <= len(text)
    ]
    shown = printable(text, multiline=True) if named else text
    if shown == text:
        yield from named
        return
    starts = _shown_starts(text, {mention.start for mention in named})
    for mention in named:
        start, end = starts[mention.start], mention.start + mention.length
        stretch = printable(text[mention.start : end], multiline=True)
        if stretch and shown[start : start + len(stretch)] == stretch:
            yield Mention(start=start, length=len(stretch), account=mention.account)


def _shown_starts(text: str, starts: Iterable[int]) -> dict[int, int]:
    """Return where places of a text stand in it as it is shown; each character is read once."""
    found: dict[int, int] = {}
    at = shown_chars = 0
    for start in sorted(starts):
        shown_chars += len(printable(text[at:start], multiline=True))
        found[start], at = shown_chars, start
    return found


def _entry(kind: int, body: bytes) -> Entry:  # noqa: PLR0911  # one for each kind
    match kind:
        case Kind.TEXT:
            text = decode(body, Text)
            return _answering(text.quote, kind="text", text=printable(text.text, multiline=True))
        case Kind.FILE:
            file = decode(body, File)
            return _answering(file.quote, kind="file", text=file_text(file))
        case Kind.LOCATION:
            return Entry(kind="location", text=place_text(decode(body, Location)))
        case Kind.CONTACT_CARD:
            card = decode(body, ContactCard)
            name, address = (printable(each, multiline=False) for each in (card.name, card.address))
            return Entry(kind="contact", text=f"{name} <{address}>")
        case Kind.POLL:
            return Entry(kind="poll", text=poll_text(decode(body, Poll)))
        case Kind.SETTING:
            seconds = decode(body, Setting).disappears_after_s
            if seconds:
                sentence = f"Messages disappear {timer_text(seconds)} after they were read."
            else:
                sentence = "Messages do not disappear any more."
            return Entry(kind="setting", text=sentence)
    return _UNKNOWN


def _answering(quote: Quote | None, *, kind: str, text: str) -> Entry:
    if quote is None:
        return Entry(kind=kind, text=text)
    excerpt = printable(quote.excerpt, multiline=False)
    return Entry(kind=kind, text=text, quote_id=quote.message, quote_excerpt=excerpt)


def _degrees(e7: int) -> str:
    whole, fraction = divmod(abs(e7), _E7)
    digits = f"{whole}.{fraction:07d}".rstrip("0").rstrip(".")
    return f"-{digits}" if e7 < 0 else digits
