"""Backups that are made by themselves, and old ones that go.

Rule: an old one goes only after a newer one was written and read through, and only if its file is
the one that was written there. What fails is said, and tried again in an hour. An engine that runs
for a command alone makes none. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from restante.client import status as parts
from restante.client.alarm import Alarm
from restante.client.backing_up.desk import BackupDesk, absolute, state_of
from restante.client.backing_up.keeping import (
    LONGEST_S,
    MOST_KEPT,
    SHORTEST_S,
    Plan,
    are_words_due,
    backup_key,
    keep_plan,
    last_number,
    plan,
)
from restante.client.backing_up.reading import read_through
from restante.client.clock import rfc3339
from restante.client.interface import BackupSchedule
from restante.client.new_file import GROWING
from restante.errors import StoreError, UserError
from restante.protocol.address import Address
from restante.store.client_account import load_account
from restante.store.client_backups import backups, forget_backup

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.interface import BackupMade
    from restante.client.status import StatusBoard
    from restante.store.client_backups import BackupRow
    from restante.store.client_rows import Rows

AGAIN_S: Final = 3_600
UNFINISHED_S: Final = 2 * 86_400
"""What has not grown for so long is nobody's any more."""


class Scheduling:
    """Makes backups when one is due; `run` for ever."""

    def __init__(self, context: EngineContext, desk: BackupDesk, board: StatusBoard) -> None:
        self._context = context
        self._desk = desk
        self._board = board
        self._alarm = Alarm(context)

    async def now(self) -> BackupSchedule | None:
        """Return the schedule, if there is one."""
        found = await self._context.read(plan)
        return None if found is None else _view(found)

    async def set(
        self, directory: str | None, *, every_s: int, keep: int, files: bool
    ) -> BackupSchedule | None:
        """Keep a schedule, or none. UserError."""
        chosen: Plan | None = None
        if directory is not None:
            place = absolute(directory)
            if not place.is_dir():
                raise UserError(f"There is no directory {place}. Make it first.")
            if not SHORTEST_S <= every_s <= LONGEST_S or not 1 <= keep <= MOST_KEPT:
                raise UserError(
                    "Backups can be made once an hour to once a year, and 1 to 1000 of them kept."
                )
            now_ms = self._context.now_ms()
            chosen = Plan(
                directory=str(place), every_s=every_s, keep=keep, files=files, next_ms=now_ms
            )

        def work(rows: Rows) -> None:
            if chosen is not None and (backup_key(rows) is None or are_words_due(rows)):
                raise UserError(
                    "Make one backup first, and write down its words: restante backup create FILE"
                )
            keep_plan(rows, chosen)

        await self._context.write(work)
        self._board.set_error(parts.BACKUP, None)
        self._alarm.set_anew()
        return None if chosen is None else _view(chosen)

    async def make_now(self, *, new_key: bool) -> BackupMade:
        """Make the schedule's next backup now. UserError: there is no schedule, or it fails."""
        found = await self._context.read(plan)
        if found is None:
            raise UserError(
                "There is no schedule, so name a file; or set one: restante backup schedule DIR"
            )
        return await self._make(found, new_key=new_key)

    async def run(self) -> None:
        """Make what is due, for ever."""
        await self._alarm.run(self._make_due)

    async def _make_due(self) -> int | None:
        found = await self._context.read(plan)
        if found is None:
            return None
        self._board.set_error(parts.BACKUP, found.error)
        if found.next_ms > self._context.now_ms():
            return found.next_ms
        with suppress(UserError, StoreError):  # said in the status, and tried again
            await self._make(found, new_key=False)
        after = await self._context.read(plan)
        return None if after is None else after.next_ms

    async def _make(self, found: Plan, *, new_key: bool) -> BackupMade:
        """Make a backup where the schedule says, and let those go that are too many."""
        try:
            path = await self._context.read(lambda rows: self._path(rows, found))
            await trio.to_thread.run_sync(_clear_unfinished, path)
            made = await self._desk.create(
                str(path), new_key=new_key, files=found.files, is_scheduled=True
            )
            key = await self._desk.key(None)
            await trio.to_thread.run_sync(read_through, path, key, _nobody)
            await self._thin_out(found)
        except (UserError, StoreError) as error:
            await self._note(found, wait_s=AGAIN_S, error=str(error))
            raise
        await self._note(found, wait_s=found.every_s, error=None)
        return made

    async def _note(self, found: Plan, *, wait_s: int, error: str | None) -> None:
        next_ms = self._context.now_ms() + wait_s * 1000

        def work(rows: Rows) -> None:
            if plan(rows) == found:  # not changed meanwhile
                keep_plan(rows, msgspec.structs.replace(found, next_ms=next_ms, error=error))

        await self._context.write(work)
        self._board.set_error(parts.BACKUP, error)  # who hears of it finds it kept

    def _path(self, rows: Rows, found: Plan) -> Path:
        account = load_account(rows)
        if account is None:
            raise UserError("This profile has no account.")
        name = Address.parse(account.address).name
        at = datetime.fromtimestamp(self._context.now_s(), tz=UTC)
        number = last_number(rows) + 1
        return Path(found.directory) / f"restante-{name}-{at:%Y%m%d-%H%M}-{number:06}.backup"

    async def _thin_out(self, found: Plan) -> None:
        """Delete the oldest of the schedule's own, as far as there are too many."""
        known = await self._context.read(backups)
        own = [
            row
            for row in known
            if row.is_scheduled and Path(row.path).parent == Path(found.directory)
        ]
        gone = await trio.to_thread.run_sync(_deleted, own[found.keep :])

        def work(rows: Rows) -> None:
            for row in gone:
                forget_backup(rows, row.number)

        await self._context.write(work)


def _clear_unfinished(path: Path) -> None:
    """Delete what a kill left of backups to the same place: theirs is another name each time.

    Another machine of the account may write there just now: what is young stays.
    """
    beginning = path.name.split("-20", 1)[0]
    for left in path.parent.glob(f".{beginning}-*.backup{GROWING}"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - UNFINISHED_S:
                left.unlink()


def _deleted(rows: list[BackupRow]) -> list[BackupRow]:
    """Delete files that are what was written there; return those that are gone."""
    gone = []
    for row in rows:
        state = state_of(row)
        if state == "there":
            with suppress(OSError):
                Path(row.path).unlink()
                state = "missing"
        if state == "missing":
            gone.append(row)
    return gone


def _nobody(_done: int, _total: int) -> None:
    trio.from_thread.check_cancelled()


def _view(found: Plan) -> BackupSchedule:
    return BackupSchedule(
        directory=found.directory,
        every_s=found.every_s,
        keep=found.keep,
        files=found.files,
        next_at=rfc3339(found.next_ms),
        error=found.error,
    )
