"""What the user has chosen: to show receipts, typing, presence; to have files fetched.

Rule: mutual: who doesn't say it of themselves doesn't see it of others. Inside the caller's
transaction. Spec: docs/protocol/content.md, C18; docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.protocol.content import RecordKind
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

RECEIPTS: Final = "receipts"
TYPING: Final = "typing"
PRESENCE: Final = "presence"
FILES: Final = "files"

DEFAULTS: Final = {RECEIPTS: True, TYPING: False, PRESENCE: False, FILES: True}
"""Typing and presence tell a relay that watches when two people are there: off unless chosen."""

ON: Final = b"on"
OFF: Final = b"off"
"""Values of a SETTING record."""


def is_on(rows: Rows, name: str) -> bool:
    """Whether one of the settings above is on, on all devices of this account."""
    found = record(rows, int(RecordKind.SETTING), name.encode())
    if found is None or found.value is None:
        return DEFAULTS[name]
    return found.value == ON
