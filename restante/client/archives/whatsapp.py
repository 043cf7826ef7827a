"""WhatsApp's text export, read: lines of a date, a name and a text that may go on.

Android writes `31/12/2020, 21:41 - Ann: text`, iOS `[31/12/2020, 21:41:05] Ann: text`, each in the
phone's own order of day and month, with or without halves of the day. Rule: what is no message is
told by its line and its reason and never guessed at; where several orders of the date are possible
and nothing in the file decides, the user is asked. Pure. Source:
https://faq.whatsapp.com/1180414079177245, and exports of both systems.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from restante.client.archives import whatsapp_words as words
from restante.errors import UserError
from restante.values import dataclass

DateOrder = Literal["dmy", "mdy", "ymd"]
_Date = tuple[int, int, int]

_DATE: Final = r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})\.?"
_TIME: Final = (
    rf"(?:({words.BEFORE_HALVES}) ?)?(\d{{1,2}})[:.](\d{{2}})(?:[:.](\d{{2}}))?"
    rf"(?: ?({words.AFTER_HALVES}))?"
)
_STAMP: Final = rf"{_DATE}[,\u060c]? (?:(?:{words.BETWEEN}) )?{_TIME}"
_ANDROID: Final = re.compile(rf"{_STAMP} [-\u2013] ")
_IOS: Final = re.compile(rf"\[{_STAMP}\] ")
_MARK: Final = "\u200e"
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200f\u202a\u202b\u202c\ufeff"))
_SPACES: Final = dict.fromkeys(map(ord, "\u202f\u00a0\t"), " ")
_IN_NAMES: Final = {**_SPACES, **dict.fromkeys(map(ord, "\u200e\u2068\u2069"))}

_MAX_NAME_CHARS: Final = 100
_FIRST_YEAR: Final = 9
"""WhatsApp is of 2009: of two digits, an earlier year is none."""

SYSTEM: Final = "lines of WhatsApp's own, from nobody"
MEDIA: Final = "media, which the export has only named"
DELETED: Final = "messages that were deleted"
BROKEN: Final = "lines with a date that no calendar has"
EMPTY: Final = "empty messages"
HEADLESS: Final = "lines before the first date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message: where it begins in the file, when by the phone's own clock, by whom, what."""

    number: int
    at: datetime
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something in a file that is not taken: the number of its line, from 1, and why."""

    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Chat:
    """What a file holds: its messages in order, and what was left out, in order too."""

    lines: list[Line] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Who wrote, the most often first."""
        return [name for name, _ in Counter(line.name for line in self.lines).most_common()]

    @property
    def skipped(self) -> Counter[str]:
        """How much was left out, by reason."""
        return Counter(each.reason for each in self.left_out)

    def leave_out(self, line: int, reason: str) -> None:
        """Note that something isn't taken."""
        self.left_out.append(LeftOut(line=line, reason=reason))


@dataclass(slots=True, kw_only=True)
class _Entry:
    """A line that begins with a date and a time, and those after it that don't."""

    number: int
    date: _Date
    clock: _Date
    rest: str


def read_chat(lines: Iterable[str], *, order: DateOrder | None = None) -> Chat:
    """Read an export. UserError: it is none, or the order of its dates can't be told."""
    chat = Chat()
    entries = list(_entries(lines, chat))
    if not entries:
        raise UserError(
            "This is no text export of WhatsApp: no line of it begins with a date and a time."
        )
    chosen = order or _order_of([entry.date for entry in entries])
    for entry in entries:
        _take(entry, chosen, chat)
    return chat


def _take(entry: _Entry, order: DateOrder, chat: Chat) -> None:
    at = _moment(entry.date, entry.clock, order)
    marked_name, found, marked = entry.rest.partition(": ")
    name, text = marked_name.translate(_IN_NAMES).strip(), marked.replace(_MARK, "")
    if at is None:
        chat.leave_out(entry.number, BROKEN)
    elif (
        not found
        or not name
        or len(name) > _MAX_NAME_CHARS
        or "\n" in name
        or words.RENAMED.match(name)
        or (marked.startswith(_MARK) and words.BY_NOBODY.match(text))
    ):
        chat.leave_out(entry.number, SYSTEM)
    else:
        said, reason = _said(text)
        if reason is not None:
            chat.leave_out(entry.number, reason)
        if said:
            chat.lines.append(Line(number=entry.number, at=at, name=name, text=said))


def _entries(lines: Iterable[str], chat: Chat) -> Iterator[_Entry]:
    """Yield what begins with a date, lines that go on joined to the one before."""
    entry: _Entry | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n").translate(_INVISIBLE)
        begun = _begun(line.lstrip(_MARK), number)
        if begun is not None:
            if entry is not None:
                yield entry
            entry = begun
        elif entry is not None:
            entry.rest += f"\n{line}"
        elif line.strip():
            chat.leave_out(number, HEADLESS)
    if entry is not None:
        yield entry


def _begun(line: str, number: int) -> _Entry | None:
    flat = line.translate(_SPACES)  # as long as the line
    found = _ANDROID.match(flat) or _IOS.match(flat)
    if found is None:
        return None
    first, second, third, before, hour, minute, second_of_minute, after = found.groups()
    return _Entry(
        number=number,
        date=(int(first), int(second), int(third)),
        clock=(_hour(int(hour), before or after or ""), int(minute), int(second_of_minute or 0)),
        rest=line[found.end() :],
    )


def _hour(hour: int, half: str) -> int:
    letters = re.sub(r"[.\s]", "", half).lower()
    if not letters:
        return hour
    return hour % 12 + (12 if words.HALVES.get(letters, letters) == "pm" else 0)


def _order_of(dates: list[_Date]) -> DateOrder:
    """Tell the order of year, month and day from all dates. UserError: several are possible.

    The right one has the fewest days and months that no calendar has, and then goes back the least
    often; years come first only if nothing else does as well, for 13/1/21 may be of 2013.
    """
    orders: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
    faults = {order: _faults([_parts(date, order) for date in dates]) for order in orders}
    if faults["ymd"] < min(faults["dmy"], faults["mdy"]):
        return "ymd"
    if faults["dmy"] == faults["mdy"]:
        raise UserError(
            "Day and month can't be told apart in this export. Say which comes first: "
            "--date-order dmy, or mdy."
        )
    return "dmy" if faults["dmy"] < faults["mdy"] else "mdy"


def _parts(date: _Date, order: DateOrder) -> _Date:
    """Return year, month and day."""
    first, second, third = date
    return {
        "dmy": (third, second, first),
        "mdy": (third, first, second),
        "ymd": (first, second, third),
    }[order]


def _faults(days: list[_Date]) -> tuple[int, int]:
    """Return how many days can't be, and how many come before the one above them."""
    impossible = sum(
        not (_FIRST_YEAR <= year < 100 or year > 999) or not 1 <= month <= 12 or not 1 <= day <= 31
        for year, month, day in days
    )
    return impossible, sum(after < before for before, after in pairwise(days))


def _moment(date: _Date, clock: _Date, order: DateOrder) -> datetime | None:
    year, month, day = _parts(date, order)
    try:
        return datetime(year + 2000 if year < 100 else year, month, day, *clock)  # noqa: DTZ001  # the phone's own
    except ValueError:
        return None


def _said(text: str) -> tuple[str, str | None]:
    """Return what somebody said, "" if nothing, and why something of it is left out."""
    said = words.EDITED.sub("", text).strip("\n")
    bare = said.strip()
    if not bare:
        return "", EMPTY
    if bare.lower().rstrip(".") in words.DELETED:
        return "", DELETED
    first, _, caption = bare.partition("\n")
    if words.MEDIA.fullmatch(first.strip()):
        return caption.strip(), MEDIA
    about = words.ATTACHED_BEHIND.sub("", said)
    return (about, MEDIA) if about != said else (said, None)
