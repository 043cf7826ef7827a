"""What the user has chosen: to show receipts, typing, presence; to have files fetched.

Rule: mutual: who doesn't say it of themselves doesn't see it of others. Inside the caller's
transaction. Spec: docs/protocol/content.md, C18; docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

RECEIPTS: Final = "receipts"
TYPING: Final = "typing"
PRESENCE: Final = "presence"
FILES: Final = "files"

DEFAULTS: Final = {RECEIPTS: True, TYPING: False, PRESENCE: False, FILES: True}
"""Typing and presence tell a relay that watches when two people are there: off unless chosen."""

FETCHED: Final = ("on", "off", "pictures", "all")
"""Of FILES: what is small; nothing; of that only what is looked at or heard; all up to a bound."""

USUAL: Final = "usual"
"""Of FILES in a conversation: as in all of them."""

KEYWORDS: Final = "keywords"
MAX_KEYWORDS_BYTES: Final = 1000

ON: Final = b"on"
OFF: Final = b"off"
"""Values of a SETTING record."""


def is_on(rows: Rows, name: str) -> bool:
    """Whether one of the settings above is on, on all devices of this account."""
    found = record(rows, int(RecordKind.SETTING), name.encode())
    if found is None or found.value is None:
        return DEFAULTS[name]
    return found.value == ON


def choices(name: str) -> tuple[str, ...]:
    """Return what a setting may be; none: there is no such setting."""
    if name == FILES:
        return FETCHED
    return ("on", "off") if name in DEFAULTS else ()


def value(rows: Rows, name: str) -> str:
    """Return what a setting is, on all devices of this account."""
    if name == FILES:
        return _fetched(rows, FILES.encode()) or "on"
    return "on" if is_on(rows, name) else "off"


def files_of(conversation: bytes) -> bytes:
    """Return the key of the record that says which files of a conversation are fetched."""
    return FILES.encode() + b":" + conversation


def fetched_in(rows: Rows, conversation: bytes) -> str | None:
    """Return which files of a conversation are fetched; None: as in all of them."""
    return _fetched(rows, files_of(conversation))


def _fetched(rows: Rows, key: bytes) -> str | None:
    found = record(rows, int(RecordKind.SETTING), key)
    if found is None or found.value is None:
        return None
    said = found.value.decode("ascii", "replace")
    return said if said in FETCHED else None  # of a newer version: as usual


def keywords(rows: Rows) -> str:
    """Return the words, with commas between, that call the user wherever they are written."""
    found = record(rows, int(RecordKind.SETTING), KEYWORDS.encode())
    value = b"" if found is None else found.value or b""
    return printable(value[:MAX_KEYWORDS_BYTES].decode(errors="replace"), multiline=False)
