"""The giving side: parts are made, staged, uploaded and announced, until the new device has all.

Rule: what is announced is durable at the relay, and what was begun is in the database: after a
restart it goes on with the part and the byte where it was. Two parts at most lie here, sealed; one
is made while another is under way. Spec: docs/engine.md, section 15; docs/protocol/history.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio
import trio.lowlevel

from restante.client import status as parts
from restante.client.blob_transfer.pace import Pace
from restante.client.blob_transfer.upload import DeviceLinks, Upload, Uploader
from restante.client.changes import Changes
from restante.client.failures import RelayError
from restante.client.history_transfer import exporting
from restante.client.history_transfer.announcing import ANNOUNCED, MADE, announce, parts_taken
from restante.client.history_transfer.asking import give_history
from restante.client.history_transfer.awaiting import PATIENCE_S
from restante.client.history_transfer.exporting import Filling, Place, Stage
from restante.client.history_transfer.losses import losses
from restante.client.history_transfer.progress import Progress, estimate
from restante.client.history_transfer.staging import Staging
from restante.crypto.blobs import generate_capability, generate_key
from restante.errors import CryptoError, StoreError, UserError
from restante.protocol.history_part import part_pieces
from restante.protocol.ids import BlobCapability, blob_id
from restante.store import client_transfers as store
from restante.store.client_transfers import IN, OUT, PartRow
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.status import StatusBoard
    from restante.store.client_rows import Rows

UPLOADS: Final = 2
MAX_AHEAD: Final = 128
"""Parts that the new device hasn't taken: a gigabyte, of what a relay keeps for an account."""

LOOK_EVERY_S: Final = 300.0

WRITTEN_DAMAGED: Final = (
    "A part of the history for another device was damaged when it was written to the disk, and is "
    "made again. If this goes on, check the disk."
)


class Outgoing:
    """The service. `run` gives out whatever is to be given, for ever."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        staging: Staging,
        links: DeviceLinks,
        announcer: Announcer,
        board: StatusBoard,
    ) -> None:
        self._context = context
        self._own = own
        self._staging = staging
        self._announcer = announcer
        self._board = board
        self._uploader = Uploader(context, links, Pace())
        self._due = trio.Event()
        self._is_troubled = False
        self._idle = trio.Event()
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Give out; then wait until there is more to give, or the other side has taken some."""
        await self._staging.keep_only(await self._context.read(_staged))
        while True:
            self._due, self._idle = trio.Event(), trio.Event()
            is_waited_for = False
            try:
                for row in await self._context.read(lambda rows: store.transfers(rows, OUT)):
                    is_waited_for = await self._give(row.id) or is_waited_for
                self._trouble(None)
            except (RelayError, StoreError) as error:
                self._trouble(error)
                is_waited_for = True
            self._idle.set()
            with trio.move_on_after(LOOK_EVERY_S if is_waited_for else float("inf")):
                await self._due.wait()

    async def settled(self) -> None:
        """Wait until all that can be given out now is, or something holds it up."""
        while self._due.is_set() or not self._idle.is_set():
            await self._idle.wait()
            await trio.lowlevel.checkpoint()  # whoever was just told of more begins with it

    def _look_in(self, changes: Changes) -> None:
        if changes.is_transfer_due:
            self._due.set()

    def _trouble(self, error: RelayError | StoreError | UserError | None) -> None:
        if error is not None or self._is_troubled:  # what the taking side said stands
            self._board.set_error(parts.HISTORY, None if error is None else str(error))
        self._is_troubled = error is not None

    async def _give(self, transfer: bytes) -> bool:
        """Take one transfer as far as it can go now; False if it is over."""
        place = await self._place(transfer)
        if place is None:
            return False
        is_listed = any(
            device.device_id == place.transfer.device_id for device in self._own.manifest.devices
        )
        is_late = self._context.now_ms() > place.transfer.begun_at_ms + PATIENCE_S * 1000
        if not is_listed or is_late:
            await self._clear(transfer, up_to=None)
            await self._forget(transfer)
            return False
        await self._clear(
            transfer, up_to=await self._context.read(lambda rows: parts_taken(rows, transfer))
        )
        try:
            await self._send_on(place)
        except UserError as error:
            if isinstance(error, RelayError):
                raise
            await self._begin_again(transfer)
            return True
        left = await self._context.read(lambda rows: store.parts(rows, transfer))
        if left:
            return True
        await self._forget(transfer)  # nothing left to make, and all is taken
        self._progress(place, []).complete()
        return False

    # ---- making and sending -----------------------------------------------------------------

    async def _send_on(self, place: Place) -> None:
        """Send what is staged, and make and send more, until all is made or too much lies there."""
        transfer = place.transfer.id
        known = await self._context.read(lambda rows: store.parts(rows, transfer))
        staged = [each for each in known if each.state == MADE]
        if not staged and place.transfer.stage == Stage.DONE:
            return
        progress = self._progress(place, staged)
        into, out_of = trio.open_memory_channel[PartRow](0)
        failed: list[UserError | StoreError] = []
        async with trio.open_nursery() as nursery:

            async def until_failed(work: Awaitable[None]) -> None:
                try:
                    await work
                except (UserError, StoreError) as error:
                    failed.append(error)
                    nursery.cancel_scope.cancel()

            for _ in range(UPLOADS):
                nursery.start_soon(until_failed, self._upload_each(out_of.clone(), progress))
            out_of.close()
            await until_failed(self._feed(into, place, known, progress))
        if failed:
            raise failed[0]
        now = await self._place(transfer)
        if now is not None and now.transfer.stage == Stage.DONE:
            progress.complete()

    async def _feed(
        self,
        into: trio.MemorySendChannel[PartRow],
        place: Place,
        known: list[PartRow],
        progress: Progress,
    ) -> None:
        """Hand on what is staged, then what is made, as fast as it is uploaded."""
        async with into:
            for part in known:
                if part.state == MADE:
                    await into.send(part)
            for _ in range(MAX_AHEAD - len(known)):
                if place.transfer.stage == Stage.DONE:
                    break
                place, part = await self._make(place)
                progress.total_bytes = _total_bytes(place)
                await into.send(part)

    async def _make(self, place: Place) -> tuple[Place, PartRow]:
        """Make the next part, and keep it with where the walk stands after it."""
        before, number = place, place.transfer.next_number
        part_bytes = self._context.tuning.history_part_bytes
        filling = Filling(room_bytes=exporting.room_of(number, part_bytes=part_bytes))
        now_ms, own_device = self._context.now_ms(), self._own.device_id
        while not filling.is_full and place.transfer.stage != Stage.DONE:
            here = place
            place = await self._context.read(
                lambda rows, here=here: exporting.step(  # type: ignore[misc]
                    rows, here, filling, own_device=own_device, now_ms=now_ms
                )
            )
        lost = await self._context.read(losses)
        ends = exporting.ends(place, filling, lost=lost.in_all)
        pieces = part_pieces(place.transfer.id, number, filling.items, ends)
        randomness = self._context.randomness
        part = PartRow(
            transfer=place.transfer.id,
            number=number,
            state=MADE,
            size_bytes=0,
            capability=generate_capability(randomness),
            key=generate_key(randomness).raw,
        )
        part = replace(part, size_bytes=await self._staging.seal(part, pieces, randomness))
        reach("history.staged")
        try:  # what can't be opened here couldn't be opened there
            await self._staging.open(part)
        except CryptoError:
            raise StoreError(WRITTEN_DAMAGED) from None
        so_far_bytes = place.transfer.bytes_so_far + part.size_bytes
        row = replace(place.transfer, next_number=number + 1, bytes_so_far=so_far_bytes)
        steps = [now for was, now in zip(before.walk, place.walk, strict=True) if was != now]

        def keep(rows: Rows) -> None:
            store.save_transfer(rows, row)
            store.save_walk(rows, steps)
            store.save_part(rows, part)

        await self._context.write(keep)
        reach("history.made")
        return replace(place, transfer=row), part

    async def _upload_each(
        self, parts_to_send: trio.MemoryReceiveChannel[PartRow], progress: Progress
    ) -> None:
        async with parts_to_send:
            async for part in parts_to_send:
                await self._upload(part, progress)

    async def _upload(self, part: PartRow, progress: Progress) -> None:
        upload = Upload(
            path=self._staging.path(part.transfer, part.number),
            blob=blob_id(BlobCapability(part.capability)),
            size_bytes=part.size_bytes,
            ttl_s=PATIENCE_S,
        )

        def told(held_bytes: int) -> None:
            reach("history.uploading")
            progress.moved(part.number, held_bytes)

        await self._uploader.upload(upload, told=told, troubled=self._trouble)
        reach("history.uploaded")
        changes = Changes()
        now_ms = self._context.now_ms()
        await self._context.write(lambda rows: announce(rows, changes, part, now_ms=now_ms))
        reach("history.announced")
        await self._announcer.tell(changes)
        await self._staging.remove(part.transfer, part.number)

    # ---- tidying up -------------------------------------------------------------------------

    async def _clear(self, transfer: bytes, *, up_to: int | None) -> None:
        """Delete at the relay what the other side has taken: parts before `up_to`, or all."""
        for part in await self._context.read(lambda rows: store.parts(rows, transfer)):
            if up_to is None or (part.state == ANNOUNCED and part.number < up_to):
                await self._uploader.delete(blob_id(BlobCapability(part.capability)))
                number = part.number
                await self._context.write(
                    lambda rows, n=number: store.delete_part(rows, transfer, n)  # type: ignore[misc]
                )
                await self._staging.remove(transfer, number)

    async def _begin_again(self, transfer: bytes) -> None:
        """A staged part was lost: give all of it anew; what the other side has is only repeated."""
        row = await self._context.read(lambda rows: store.transfer(rows, transfer))
        await self._clear(transfer, up_to=None)
        if row is None:
            return
        changes = Changes()
        now_ms, randomness = self._context.now_ms(), self._context.randomness
        await self._context.write(
            lambda rows: give_history(
                rows, changes, device_id=row.device_id, randomness=randomness, now_ms=now_ms
            )
        )
        self._due.set()

    async def _forget(self, transfer: bytes) -> None:
        await self._context.write(lambda rows: store.forget_transfer(rows, transfer))

    async def _place(self, transfer: bytes) -> Place | None:
        def read(rows: Rows) -> Place | None:
            row = store.transfer(rows, transfer)
            if row is None:
                return None
            return Place(transfer=row, walk=tuple(store.walk(rows, transfer)))

        return await self._context.read(read)

    def _progress(self, place: Place, staged: list[PartRow]) -> Progress:
        waiting_bytes = sum(part.size_bytes for part in staged)
        progress = Progress(
            self._context.hub,
            direction="out",
            device=place.transfer.device_id,
            done_bytes=max(place.transfer.bytes_so_far - waiting_bytes, 0),
        )
        progress.total_bytes = _total_bytes(place)
        return progress


def _staged(rows: Rows) -> set[tuple[bytes, int]]:
    """Return the parts whose files are wanted, on either side."""
    everything = [*store.transfers(rows, OUT), *store.transfers(rows, IN)]
    return {(row.id, part.number) for row in everything for part in store.parts(rows, row.id)}


def _total_bytes(place: Place) -> int:
    row = place.transfer
    if row.stage == Stage.DONE:
        return row.bytes_so_far
    return estimate(row.bytes_so_far, row.messages_so_far, row.messages_in_all)
