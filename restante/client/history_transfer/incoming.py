"""The taking side: parts are fetched as they are announced, taken in in their order, and answered.

Rule: the device is in use meanwhile, so what is taken in goes in small transactions; nothing but
the database and the files says how far it is, so that it goes on after a `kill -9` at any moment.
What can't be had is left out, and the user is told. Spec: docs/engine.md, section 15;
docs/protocol/history.md, section 3.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import trio
import trio.lowlevel

from restante.client import status as parts
from restante.client.blob_transfer.download import BlobGoneError, Download, Downloader
from restante.client.blob_transfer.pace import Pace
from restante.client.changes import Changes
from restante.client.history_transfer.announcing import (
    ANNOUNCED,
    LOST,
    TAKEN,
    ask_for_history,
    note_taken,
)
from restante.client.history_transfer.arriving import history_has_come
from restante.client.history_transfer.awaiting import awaited_until_ms
from restante.client.history_transfer.importing import Importer, batches
from restante.client.history_transfer.losses import history_state, note_lost
from restante.client.history_transfer.progress import Progress, estimate
from restante.client.syncing import records
from restante.errors import CryptoError, RemoteProtocolError, StoreError, UserError
from restante.protocol.history_part import HistoryRecord, OpenedPart, open_part
from restante.protocol.ids import BlobCapability
from restante.protocol.sync import SyncRecord
from restante.store import client_transfers as store
from restante.store.client_transfers import IN, PartRow, TransferRow
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.history_transfer.staging import Staging
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows

DOWNLOADS: Final = 2
AT_ONCE: Final = 4
"""Parts that are fetched before the first of them is taken in: 32 MiB on the disk."""

MAX_ATTEMPTS: Final = 3
"""To fetch a part that can't be opened."""

LOOK_EVERY_S: Final = 3600.0

SHOW_EVERY_S: Final = 0.5
"""How often whoever watches is told, while a part is taken in, that there is more to see."""


class Incoming:
    """The service. `run` takes in whatever is announced, for ever."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        staging: Staging,
        links: AnonymousLinks,
        announcer: Announcer,
        board: StatusBoard,
    ) -> None:
        self._context = context
        self._own = own
        self._staging = staging
        self._announcer = announcer
        self._board = board
        self._downloader = Downloader(context, links, Pace())
        self._due = trio.Event()
        self._idle = trio.Event()
        self._shown_at = -SHOW_EVERY_S
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Take in what was announced, and wait for more; for ever."""
        is_asked_for = False
        await self._say()
        while True:
            self._due, self._idle = trio.Event(), trio.Event()
            again_s = LOOK_EVERY_S
            try:
                is_asked_for = is_asked_for or await self._ask()
                for row in await self._context.read(lambda rows: store.transfers(rows, IN)):
                    await self._take_all(row.id)
                await self._give_up_in_time()
            except (UserError, StoreError) as error:
                self._board.set_error(parts.HISTORY, str(error))
                again_s = self._context.backoff_s(6)
            self._idle.set()
            with trio.move_on_after(again_s):
                await self._due.wait()

    async def settled(self) -> None:
        """Wait until all that was announced is taken in, or something holds it up."""
        while self._due.is_set() or not self._idle.is_set():
            await self._idle.wait()
            await trio.lowlevel.checkpoint()  # whoever was just told of more begins with it

    async def _ask(self) -> bool:
        changes, now_ms = Changes(), self._context.now_ms()
        own_device = self._own.device_id
        await self._context.write(
            lambda rows: ask_for_history(rows, own_device=own_device, now_ms=now_ms)
        )
        await self._announcer.tell(changes)
        return True

    def _look_in(self, changes: Changes) -> None:
        if changes.is_transfer_due:
            self._due.set()

    async def _take_all(self, transfer: bytes) -> None:
        """Fetch and take in what is announced of one transfer, in the order of the parts."""
        while True:
            row, known = await self._context.read(
                lambda rows: (store.transfer(rows, transfer), store.parts(rows, transfer))
            )
            if row is None or await self._finished(row, known):
                return
            waiting = [part for part in known if part.state == ANNOUNCED][:AT_ONCE]
            if not waiting:
                return
            await self._take_some(row, waiting, self._progress(row, known))

    async def _take_some(
        self, row: TransferRow, waiting: list[PartRow], progress: Progress
    ) -> None:
        turns = trio.CapacityLimiter(DOWNLOADS)
        fetched = {part.number: trio.Event() for part in waiting}
        failed: list[UserError | StoreError] = []
        await self._staging.prepare()
        async with trio.open_nursery() as nursery:

            async def fetch(part: PartRow) -> None:
                try:
                    try:
                        async with turns:
                            await self._fetch(part, progress)
                    except BlobGoneError:
                        await self._leave_out(part)
                except (UserError, StoreError) as error:
                    failed.append(error)
                    nursery.cancel_scope.cancel()
                fetched[part.number].set()

            for part in waiting:
                nursery.start_soon(fetch, part)
            for part in waiting:
                await fetched[part.number].wait()
                try:
                    await self._take(row.id, part)
                except StoreError as error:
                    failed.append(error)
                    nursery.cancel_scope.cancel()
        if failed:
            raise failed[0]

    async def _fetch(self, part: PartRow, progress: Progress) -> None:
        download = Download(
            relay=self._own.address.relay,
            capability=BlobCapability(part.capability),
            size_bytes=part.size_bytes,
            path=self._staging.path(part.transfer, part.number),
        )

        def told(here_bytes: int) -> None:
            reach("history.fetching")
            progress.moved(part.number, here_bytes)

        def troubled(error: UserError | None) -> None:
            self._board.set_error(parts.HISTORY, None if error is None else str(error))

        await self._downloader.download(download, told=told, troubled=troubled)
        reach("history.fetched")

    async def _take(self, transfer: bytes, part: PartRow) -> None:
        """Open a part and take it in; one that can't be opened is fetched anew, or left out."""
        now = await self._context.read(lambda rows: store.parts(rows, transfer))
        part = next((each for each in now if each.number == part.number), part)
        if part.state != ANNOUNCED:
            return
        try:
            plain = await self._staging.open(part)
            opened = open_part(plain, transfer=transfer, number=part.number)
        except (CryptoError, RemoteProtocolError):
            await self._staging.remove(transfer, part.number)  # or it would seem to be fetched
            tried = replace(part, attempts=part.attempts + 1)
            if tried.attempts >= MAX_ATTEMPTS:
                await self._leave_out(tried)
            else:
                await self._context.write(lambda rows: store.save_part(rows, tried))
            return
        now_ms = self._context.now_ms()
        importer = Importer(
            own_account=self._own.account_id,
            own_device=self._own.device_id,
            put_record=partial(put_record, randomness=self._context.randomness, now_ms=now_ms),
            now_ms=now_ms,
        )
        for batch in batches(opened.items):
            changes = Changes()
            await self._context.write(
                lambda rows, c=changes, b=batch: importer.take_in(rows, c, b)  # type: ignore[misc]
            )
            reach("history.importing")
            # Who watches reads its pages anew: not for every batch, but in any case at the end.
            changes.is_resync = trio.current_time() >= self._shown_at + SHOW_EVERY_S
            if changes.is_resync:
                self._shown_at = trio.current_time()
            await self._announcer.tell(changes)
        await self._note_taken(part, opened)
        await self._staging.remove(transfer, part.number)

    async def _note_taken(self, part: PartRow, opened: OpenedPart) -> None:
        changes = Changes(is_resync=True)
        ends = opened.ends

        def note(rows: Rows) -> None:
            row = store.transfer(rows, part.transfer)
            if row is None:
                return
            store.save_part(rows, replace(part, state=TAKEN))
            note_lost(rows, items=opened.unreadable + ends.left_out)
            store.save_transfer(
                rows,
                replace(
                    row,
                    next_number=part.number + 1 if ends.is_last else row.next_number,
                    messages_so_far=max(row.messages_so_far, ends.messages_so_far),
                    messages_in_all=max(row.messages_in_all, ends.messages_in_all),
                    bytes_so_far=row.bytes_so_far + part.size_bytes,
                ),
            )
            self._tell_how_far(rows, part.transfer)

        reach("history.imported")
        await self._context.write(note)
        reach("history.taken")
        await self._announcer.tell(changes)

    async def _leave_out(self, part: PartRow) -> None:
        """Go on without a part that can't be had."""
        changes = Changes()

        def note(rows: Rows) -> None:
            if store.transfer(rows, part.transfer) is None:
                return
            store.save_part(rows, replace(part, state=LOST))
            note_lost(rows, parts=1)
            self._tell_how_far(rows, part.transfer)

        await self._context.write(note)
        await self._announcer.tell(changes)
        await self._staging.remove(part.transfer, part.number)

    def _tell_how_far(self, rows: Rows, transfer: bytes) -> None:
        """Tell the other devices how many parts are dealt with, from the first one."""
        count = 0
        for part in store.parts(rows, transfer):
            if part.number != count or part.state == ANNOUNCED:
                break
            count += 1
        note_taken(rows, transfer, count, now_ms=self._context.now_ms())

    async def _finished(self, row: TransferRow, known: list[PartRow]) -> bool:
        """End a transfer of which every part was dealt with; False if some are still to come."""
        dealt_with = {part.number for part in known if part.state != ANNOUNCED}
        if not row.next_number or not dealt_with.issuperset(range(row.next_number)):
            return False
        progress = self._progress(row, known)
        await self._end(row.id)
        await self._say()
        progress.complete()
        return True

    async def _give_up_in_time(self) -> None:
        """Wait no longer for what should have come long ago."""
        until_ms = await self._context.read(awaited_until_ms)
        if until_ms is not None and self._context.now_ms() > until_ms:
            await self._context.write(lambda rows: note_lost(rows, is_unfinished=True))
            await self._end(None)
            await self._say()

    async def _say(self) -> None:
        """Let the status say how the history stands."""
        now = await self._context.read(history_state)
        self._board.set_error(parts.HISTORY, now.error)

    async def _end(self, transfer: bytes | None) -> None:
        changes = Changes()
        context = self._context

        def end(rows: Rows) -> None:
            for row in store.transfers(rows, IN):
                if transfer in {None, row.id}:
                    store.forget_transfer(rows, row.id)
            history_has_come(
                rows,
                changes,
                self._own,
                resend_grace_ms=round(context.tuning.resend_grace_s * 1000),
                randomness=context.randomness,
                now_ms=context.now_ms(),
            )

        await context.write(end)
        await self._announcer.tell(changes)

    def _progress(self, row: TransferRow, known: list[PartRow]) -> Progress:
        progress = Progress(
            self._context.hub, direction="in", device=row.device_id, done_bytes=row.bytes_so_far
        )
        announced_bytes = sum(part.size_bytes for part in known if part.state != LOST)
        about = estimate(row.bytes_so_far, row.messages_so_far, row.messages_in_all)
        progress.total_bytes = announced_bytes if row.next_number else max(announced_bytes, about)
        return progress


def put_record(
    rows: Rows, changes: Changes, item: HistoryRecord, *, randomness: Randomness, now_ms: int
) -> None:
    """Keep a record as one that another own device sent; a malformed one is left out."""
    said = SyncRecord(
        kind=item.kind, key=item.key, rank=item.rank, device=item.device, value=item.value
    )
    with suppress(RemoteProtocolError):
        records.receive(rows, changes, said, randomness=randomness, now_ms=now_ms)
