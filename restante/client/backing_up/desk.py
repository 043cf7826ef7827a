"""Where backups are made, checked and listed: one at a time, in a thread beside the engine.

Rule: the key is shown with the first backup and never again; what a file says of itself counts
only after the file has opened. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import trio

from restante.client.backing_up.checking import check_backup, clear_sandboxes
from restante.client.backing_up.keeping import (
    are_words_due,
    backup_key,
    keep_backup_key,
    last_number,
    note_number,
    note_words_due,
)
from restante.client.backing_up.reading import file_id
from restante.client.backing_up.telling import Telling
from restante.client.backing_up.writing import Order, Written, write_backup
from restante.client.clock import rfc3339
from restante.client.interface import Backup, BackupChecked, BackupMade
from restante.client.new_file import refuse_taken
from restante.crypto import backups as container
from restante.crypto import recovery_words
from restante.errors import UserError
from restante.store.client_backups import BackupRow, backups, forget_backup, note_backup
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.backing_up.reading import Whole
    from restante.client.context import EngineContext
    from restante.client.services import Services
    from restante.crypto.keys import BackupKey
    from restante.store.client_rows import Rows

NEEDS_WORDS = (
    "This profile has no key for backups. Give the 24 words that were shown with the first one: "
    "--words"
)


class BackupDesk:
    """Makes and checks the backups of one profile."""

    def __init__(self, context: EngineContext, services: Services) -> None:
        self._context = context
        self._services = services
        self._turn = trio.Lock()

    async def create(
        self, path: str, *, new_key: bool, files: bool = True, is_scheduled: bool = False
    ) -> BackupMade:
        """Write a backup to a new file. UserError: it is there, can't be written; no account."""
        own = self._services.reading().own
        place = absolute(path)
        async with self._turn:
            refuse_taken(place)
            key, number, is_new = await self._context.write(partial(self._begin, new_key))
            now_ms = self._context.now_ms()
            order = Order(
                database=self._context.database,
                key=key,
                account=own.account_id,
                address=str(own.address),
                own_device=own.device_id,
                generation=number,
                now_ms=now_ms,
                randomness=self._context.randomness,
                least_chunks=self._context.tuning.backup_least_chunks,
                with_files=files,
            )
            telling = Telling(self._context.hub, "create")
            written: Written = await trio.to_thread.run_sync(
                write_backup, order, place, telling.from_thread
            )
            reach("backup.noting")
            row = BackupRow(
                number=number,
                id=written.id,
                path=str(place),
                made_at_ms=now_ms,
                messages=written.ends.messages,
                size_bytes=written.size_bytes,
                is_scheduled=is_scheduled,
            )
            await self._context.write(partial(_note, row))
            reach("backup.noted")
        telling.complete(written.ends.messages)
        return BackupMade(
            path=str(place),
            number=number,
            made_at=rfc3339(now_ms),
            messages=written.ends.messages,
            files=written.ends.files,
            disappearing=written.ends.disappearing,
            left_out=written.ends.left_out,
            size_bytes=written.size_bytes,
            words=list(recovery_words.to_words(key)) if is_new else None,
        )

    async def verify(self, path: str, *, words: str | None) -> BackupChecked:
        """Prove that a file restores. UserError: it doesn't, or it isn't the one it should be."""
        key = await self.key(words)
        place = absolute(path)
        telling = Telling(self._context.hub, "verify")
        async with self._turn:
            scratch = self._context.database.path.parent
            await trio.to_thread.run_sync(clear_sandboxes, scratch)
            whole = await check_backup(
                place,
                key,
                scratch=scratch,
                randomness=self._context.randomness,
                now_ms=self._context.now_ms(),
                told=telling.from_anywhere,
            )
        telling.complete(whole.ends.messages)
        known = await self._context.read(backups)
        refuse_older_copy(place, whole, known)
        newest = await self._context.read(last_number)
        return BackupChecked(
            path=str(place),
            number=whole.begins.generation,
            made_at=rfc3339(whole.begins.made_at_ms),
            address=whole.begins.address,
            messages=whole.ends.messages,
            size_bytes=whole.size_bytes,
            newest=newest or None,
        )

    async def all(self) -> list[Backup]:
        """Return the backups that were made here, the newest first."""
        found = await self._context.read(backups)
        return await trio.to_thread.run_sync(lambda: [_view(row) for row in found])

    async def key(self, words: str | None) -> BackupKey:
        """Return the key that words are, or the profile's own. UserError: neither, a wrong word."""
        if words is not None:
            return key_of(words)
        found = await self._context.read(backup_key)
        if found is None:
            raise UserError(NEEDS_WORDS)
        return found

    def _begin(self, new_key: bool, rows: Rows) -> tuple[BackupKey, int, bool]:
        """Keep the next backup's key and number before there is a file; say if words are due.

        A kill in between leaves no file whose key is lost, and no two of one number.
        """
        key = None if new_key else backup_key(rows)
        if key is None:
            key = container.generate_key(self._context.randomness)
            keep_backup_key(rows, key)
            note_words_due(rows, is_due=True)
        number = last_number(rows) + 1
        note_number(rows, number)
        return key, number, are_words_due(rows)


def key_of(words: str) -> BackupKey:
    """Read a backup key off its words. UserError says which one is wrong."""
    try:
        return recovery_words.backup_key_from_words(words)
    except recovery_words.RecoveryWordsError as error:
        raise UserError(str(error)) from None


def absolute(path: str) -> Path:
    """Return a path as the engine takes it. UserError: it would depend on where the engine runs."""
    place = Path(path)
    if not place.is_absolute() or "\x00" in path:
        raise UserError("Give the whole path of the backup, from / on.")
    return place


def refuse_older_copy(place: Path, whole: Whole, known: list[BackupRow]) -> None:
    """Refuse a file in whose place a newer backup was written: somebody put it there (attack 37).

    Both are whole, and open with the same key: only who made them knows.
    """
    written = [row for row in known if row.path == str(place)]
    newest = max((row.number for row in written), default=0)
    if whole.begins.generation < newest:
        raise UserError(
            f"{place} is whole, but it is not the backup that was written there: it is number "
            f"{whole.begins.generation}, and that was number {newest}. Somebody put an older one "
            "in its place."
        )


def _note(row: BackupRow, rows: Rows) -> None:
    for before in backups(rows):
        if before.path == row.path:  # a file of that name was there, and is not any more
            forget_backup(rows, before.number)
    note_backup(rows, row)
    if not row.is_scheduled:  # nobody is there to be shown any
        note_words_due(rows, is_due=False)


def state_of(row: BackupRow) -> Literal["there", "missing", "another"]:
    """Say what became of a backup's file."""
    try:
        is_same = file_id(Path(row.path)) == row.id
    except OSError:
        return "missing"
    return "there" if is_same else "another"


def _view(row: BackupRow) -> Backup:
    return Backup(
        number=row.number,
        path=row.path,
        made_at=rfc3339(row.made_at_ms),
        messages=row.messages,
        size_bytes=row.size_bytes,
        state=state_of(row),
        scheduled=row.is_scheduled,
    )
