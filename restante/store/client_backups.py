"""Which backups this profile has made: their numbers, files and sizes. No key, no content.

Rule: a number is given once. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRow:
    """A backup; `number` is its generation, `id` stands in clear in its file."""

    number: int
    id: bytes
    path: str
    made_at_ms: int
    messages: int
    size_bytes: int
    is_scheduled: bool


_BACKUP = Shape(BackupRow)
_ADD = Statement("backups.ADD")
_ALL = Statement("backups.ALL")
_FORGET = Statement("backups.FORGET")


def note_backup(rows: Rows, row: BackupRow) -> None:
    """Note a backup that was made."""
    rows.run(_ADD, **_BACKUP.write(row))


def backups(rows: Rows) -> list[BackupRow]:
    """Return all backups that are known, the newest first."""
    return [_BACKUP.read(found) for found in rows.all(_ALL)]


def forget_backup(rows: Rows, number: int) -> None:
    """Forget a backup whose file is gone."""
    rows.run(_FORGET, which=number)
