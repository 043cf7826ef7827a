"""What a profile keeps of its backups: their key, the last number, and when the next one is due.

Rule: the key is in the profile's encrypted database alone, and on paper. Inside the caller's
transaction. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from restante.crypto.keys import BackupKey
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

_KEY: Final = "backup_key"
_WORDS_DUE: Final = "backup_words_due"
_NUMBER: Final = "backup_number"
_SCHEDULE: Final = "backup_schedule"

SHORTEST_S: Final = 3_600
LONGEST_S: Final = 366 * 86_400
MOST_KEPT: Final = 1_000


class Plan(Struct, frozen=True, kw_only=True):
    """When and where backups are made by themselves, and how many of them are kept."""

    directory: str
    every_s: Annotated[int, Meta(ge=SHORTEST_S, le=LONGEST_S)]
    keep: Annotated[int, Meta(ge=1, le=MOST_KEPT)]
    next_ms: int
    files: bool = True
    error: str | None = None


def backup_key(rows: Rows) -> BackupKey | None:
    """Return the key of the account's backups; None before the first one."""
    raw = get_value(rows, _KEY)
    return None if raw is None else BackupKey(raw)


def keep_backup_key(rows: Rows, key: BackupKey) -> None:
    """Keep the key: that of the next backups, from now on."""
    set_value(rows, _KEY, key.raw)


def are_words_due(rows: Rows) -> bool:
    """Whether nobody has been shown the key's words yet."""
    return get_value(rows, _WORDS_DUE) is not None


def note_words_due(rows: Rows, *, is_due: bool) -> None:
    """Note that the words are to be shown with the next backup, or were."""
    set_value(rows, _WORDS_DUE, b"1" if is_due else None)


def last_number(rows: Rows) -> int:
    """Return the number of the newest backup that this profile knows of; 0: there is none."""
    return int.from_bytes(get_value(rows, _NUMBER) or b"", "big")


def note_number(rows: Rows, number: int) -> None:
    """Note that there is a backup of this number; the greatest counts."""
    set_value(rows, _NUMBER, max(number, last_number(rows)).to_bytes(8, "big"))


def plan(rows: Rows) -> Plan | None:
    """Return when the next one is due; None if none is made by itself."""
    found = get_value(rows, _SCHEDULE)
    return None if found is None else msgspec.json.decode(found, type=Plan)


def keep_plan(rows: Rows, now: Plan | None) -> None:
    """Keep when the next one is due."""
    set_value(rows, _SCHEDULE, None if now is None else msgspec.json.encode(now))
