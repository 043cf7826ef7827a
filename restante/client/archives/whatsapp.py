"""WhatsApp's text export, read: lines of a date, a name and a text that may go on.

Android writes `31/12/2020, 21:41 - Ann: text`, iOS `[31/12/2020, 21:41:05] Ann: text`, each in the
phone's own order of day and month, with or without AM and PM. Rule: what is no message is counted
by its reason and never guessed at; where both orders of the date are possible and nothing in the
file decides, the user is asked. Pure. Source: https://faq.whatsapp.com/1180414079177245, and
exports of both systems.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from restante.errors import UserError
from restante.values import dataclass

DateOrder = Literal["dmy", "mdy", "ymd"]

_DATE: Final = r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})"
_TIME: Final = r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\s?([AaPp])\.?\s?[Mm]\.?)?"
_ANDROID: Final = re.compile(rf"{_DATE},?\s{_TIME}\s[-\u2013]\s(.*)", re.DOTALL)
_IOS: Final = re.compile(rf"\[{_DATE},?\s{_TIME}\]\s(.*)", re.DOTALL)
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\ufeff"))
_SPACES: Final = dict.fromkeys(map(ord, "\u202f\u00a0"), " ")

_MAX_NAME_CHARS: Final = 100
_MEDIA: Final = re.compile(
    r"<[^<>\n]{0,40}(?:omitted|ausgeschlossen|weggelassen|omitido|omessi|omis)[^<>\n]{0,20}>"
    r"|(?:image|video|audio|sticker|GIF|document|Contact card) omitted"
    r"|<attached: [^<>\n]+>"
    r"|[^\n]{1,200} \((?:file attached|Datei angehängt|archivo adjunto|fichier joint)\)",
    re.IGNORECASE,
)
_DELETED: Final = frozenset(
    {"this message was deleted", "you deleted this message", "diese nachricht wurde gelöscht"}
)
_EDITED: Final = re.compile(r"\s*<This message was edited>\s*$")

SYSTEM: Final = "lines of WhatsApp's own, from nobody"
MEDIA: Final = "media, which the export has only named"
DELETED: Final = "messages that were deleted"
BROKEN: Final = "lines with a date that no calendar has"
EMPTY: Final = "empty messages"
HEADLESS: Final = "lines before the first date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message: when by the phone's own clock, by whom, and what."""

    at: datetime
    name: str
    text: str


@dataclass(slots=True, kw_only=True)
class Chat:
    """What a file holds: its messages in order, and what was left out, by reason."""

    lines: list[Line] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def names(self) -> list[str]:
        """Who wrote, the most often first."""
        return [name for name, _ in Counter(line.name for line in self.lines).most_common()]


_Stamp = tuple[tuple[int, int, int], tuple[int, int, int], str]


def read_chat(lines: Iterable[str], *, order: DateOrder | None = None) -> Chat:
    """Read an export. UserError: it is none, or the order of its dates can't be told."""
    chat = Chat()
    entries = list(_entries(lines, chat))
    if not entries:
        raise UserError(
            "This is no text export of WhatsApp: no line of it begins with a date and a time."
        )
    chosen = order or _order_of([date for (date, _, _) in entries])
    for date, clock, rest in entries:
        at = _moment(date, clock, chosen)
        name, found, text = rest.partition(": ")
        if at is None:
            chat.skipped[BROKEN] += 1
        elif not found or len(name) > _MAX_NAME_CHARS or "\n" in name:
            chat.skipped[SYSTEM] += 1
        elif (because := _no_text(text)) is not None:
            chat.skipped[because] += 1
        else:
            said = _EDITED.sub("", text).strip("\n")
            chat.lines.append(Line(at=at, name=name.strip(), text=said))
    return chat


def _entries(lines: Iterable[str], chat: Chat) -> Iterator[_Stamp]:
    """Yield dates, times and the rest, lines that go on joined to the one before."""
    open_entry: _Stamp | None = None
    for raw in lines:
        line = raw.rstrip("\r\n").translate(_INVISIBLE)
        stamped = _stamped(line.translate(_SPACES))
        if stamped is not None:
            if open_entry is not None:
                yield open_entry
            open_entry = stamped
        elif open_entry is not None:
            date, clock, rest = open_entry
            open_entry = (date, clock, f"{rest}\n{line}")
        elif line.strip():
            chat.skipped[HEADLESS] += 1
    if open_entry is not None:
        yield open_entry


def _stamped(line: str) -> _Stamp | None:
    found = _ANDROID.fullmatch(line) or _IOS.fullmatch(line)
    if found is None:
        return None
    hour, half = int(found[4]), (found[7] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    date = int(found[1]), int(found[2]), int(found[3])
    return date, (hour, int(found[5]), int(found[6] or 0)), found[8]


def _order_of(dates: list[tuple[int, int, int]]) -> DateOrder:
    """Tell the order of day and month from all dates. UserError: both are possible."""
    if all(first > 31 for first, _, _ in dates):
        return "ymd"
    first = max(first for first, _, _ in dates)
    second = max(second for _, second, _ in dates)
    if first > 12 >= second:
        return "dmy"
    if second > 12 >= first:
        return "mdy"
    # The order in which they stand: with the wrong one, months jump to and fro.
    backwards = {order: _steps_back(dates, order) for order in ("dmy", "mdy")}
    if backwards["dmy"] == backwards["mdy"]:
        raise UserError(
            "Day and month can't be told apart in this export. Say which comes first: "
            "--date-order dmy, or mdy."
        )
    return "dmy" if backwards["dmy"] < backwards["mdy"] else "mdy"


def _steps_back(dates: list[tuple[int, int, int]], order: str) -> int:
    days = [
        (year, second, first) if order == "dmy" else (year, first, second)
        for first, second, year in dates
    ]
    return sum(after < before for before, after in pairwise(days))


def _moment(
    date: tuple[int, int, int], clock: tuple[int, int, int], order: DateOrder
) -> datetime | None:
    first, second, third = date
    year, month, day = {
        "dmy": (third, second, first),
        "mdy": (third, first, second),
        "ymd": (first, second, third),
    }[order]
    try:
        return datetime(year + 2000 if year < 100 else year, month, day, *clock)  # noqa: DTZ001  # the phone's own
    except ValueError:
        return None


def _no_text(text: str) -> str | None:
    said = text.strip()
    if not said:
        return EMPTY
    if said.lower().rstrip(".") in _DELETED:
        return DELETED
    return MEDIA if _MEDIA.fullmatch(said) else None
