"""Blobs: long rows of bytes that one device puts, part by part, and whoever has a capability reads.

Rule: a part is in its file, synced, before the database counts it, and counted before it is
answered. Quotas count what was announced. Nothing here knows what a blob is or who reads it.
Spec: docs/protocol/relay.md, section 11.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError, WireCode
from restante.protocol import frames as f
from restante.protocol.ids import BlobCapability, BlobId, blob_id
from restante.relay import log
from restante.relay.refusal import Refusal
from restante.store import relay_blobs as store
from restante.store.errors import DiskFull
from restante.store.failpoints import reach
from restante.store.relay_mailboxes import HOUR_S

if TYPE_CHECKING:
    from restante.relay.blob_files import BlobFiles
    from restante.relay.limits import Limits
    from restante.store.database import Database, Transaction

FULL_AGAIN_S: Final = 60
"""When to try again with a part that the disk had no room for."""

TURNS: Final = 64
"""Locks, by a blob id's first byte: two connections never write one blob at a time."""

TURN_S: Final = 20
"""How long a request waits for its turn: less than a client waits for its answer."""


class Blobs:
    """All blobs of a relay. Methods raise Refusal, or StoreError."""

    def __init__(
        self,
        db: Database,
        files: BlobFiles,
        *,
        limits: Limits,
        clock: Callable[[], float],
        turn_s: float = TURN_S,
    ) -> None:
        self._db = db
        self._files = files
        self._limits = limits
        self._clock = clock
        self._turn_s = turn_s
        self._turns = [trio.Lock() for _ in range(TURNS)]

    @property
    def _hour(self) -> int:
        return int(self._clock()) // HOUR_S

    # ---- what devices ask ---------------------------------------------------------------

    async def carry_out(
        self, request: f.OpenBlob | f.PutBlob | f.DeleteBlob, account: int
    ) -> f.Frame:
        """Carry out a device's request."""
        if isinstance(request, f.OpenBlob):
            return await self.open(request, account)
        if isinstance(request, f.PutBlob):
            return await self.put(request, account)
        return await self.delete(request, account)

    async def open(self, request: f.OpenBlob, account: int) -> f.BlobState:
        """Begin a blob, or say how far it is."""
        limits, blob, now_s = self._limits, BlobId(request.blob), int(self._clock())
        if request.size_bytes > limits.blob_max_bytes:
            reason = f"a blob has at most {limits.blob_max_bytes} bytes (blob_max_bytes)"
            raise Refusal(WireCode.TOO_LARGE, reason)
        ttl_s = min(request.ttl_s or limits.blob_ttl_s, limits.blob_ttl_s)
        new = store.BlobFacts(
            account=account,
            size_bytes=request.size_bytes,
            received_bytes=0,
            expires_hour=(now_s + ttl_s + HOUR_S - 1) // HOUR_S,
        )

        async def begin(tx: Transaction) -> store.BlobFacts:
            held = await store.find_blob(tx, blob, hour=self._hour)
            if held is None:
                await self._check_quotas(tx, new)
                await store.add_blob(tx, blob, new)
                return new
            if (held.account, held.size_bytes) != (account, request.size_bytes):
                raise Refusal(WireCode.CONFLICT, "another blob has that id")
            return held

        async with self._turn(blob):
            return self._state(request.request, await self._db.write(begin))

    async def _check_quotas(self, tx: Transaction, new: store.BlobFacts) -> None:
        limits = self._limits
        count, used = await store.used_by(tx, new.account, hour=self._hour)
        if count >= limits.blobs_per_account:
            raise Refusal(WireCode.FULL, f"{count} blobs are kept already (blobs_per_account)")
        most = await store.quota_of(tx, new.account) or limits.blobs_bytes_per_account
        if used + new.size_bytes > most:
            reason = f"{used} of {most} bytes are used (blobs_bytes_per_account)"
            raise Refusal(WireCode.FULL, reason)
        if limits.blobs_bytes:
            used = await store.used_by_all(tx)
            if used + new.size_bytes > limits.blobs_bytes:
                reason = "the relay has no room left for blobs (blobs_bytes)"
                raise Refusal(WireCode.FULL, reason, retry_after_s=HOUR_S)

    async def put(self, request: f.PutBlob, account: int) -> f.BlobState:
        """Take the next part of a blob."""
        blob = BlobId(request.blob)
        async with self._turn(blob):
            facts = await self._of_account(blob, account)
            received = facts.received_bytes
            if request.offset > received:
                raise Refusal(WireCode.CONFLICT, f"{received} bytes are here: go on from there")
            end = request.offset + len(request.data)
            if end > facts.size_bytes:
                raise Refusal(WireCode.TOO_LARGE, f"{facts.size_bytes} bytes were announced")
            if end <= received:
                return self._state(request.request, facts)
            try:
                await self._files.write(blob, received, request.data[received - request.offset :])
            except DiskFull:
                reason = "the disk has no room left for blobs (blobs_leave_bytes)"
                raise Refusal(WireCode.FULL, reason, retry_after_s=FULL_AGAIN_S) from None
            reach("relay: after blob write")
            if not await self._db.write(partial(store.set_received, blob=blob, to_bytes=end)):
                await self._remove_file(blob)
                raise _not_found()
            reach("relay: after blob count")
            expires_in_s = self._expires_in_s(facts)
            return f.BlobState(
                request=request.request, received_bytes=end, expires_in_s=expires_in_s
            )

    async def delete(self, request: f.DeleteBlob, account: int) -> f.Done:
        """Delete a blob of the account's."""
        blob = BlobId(request.blob)
        async with self._turn(blob):
            await self._of_account(blob, account)
            await self._db.write(partial(store.delete_blob, blob=blob))
            await self._remove_file(blob)
        return f.Done(request=request.request)

    # ---- what anybody asks --------------------------------------------------------------

    async def fetch(self, request: f.FetchBlob) -> f.BlobPart:
        """Return a part of a blob to who has its capability."""
        blob, hour = blob_id(BlobCapability(request.capability)), self._hour
        facts = await self._db.read(partial(store.find_blob, blob=blob, hour=hour))
        if facts is None:
            raise _not_found()
        length = min(request.length, facts.received_bytes - request.offset)
        data: bytes | None = b""
        if length > 0:
            data = await self._files.read(blob, request.offset, length)
        if data is None:
            raise _not_found()
        return f.BlobPart(request=request.request, size_bytes=facts.size_bytes, data=data)

    # ---- upkeep -------------------------------------------------------------------------

    async def reconcile(self) -> None:
        """Make files and database agree, at the start: after a crash, or with one of them restored.

        A file that no blob counts goes. A blob counts no more than its file holds.
        """
        sizes = await self._files.sizes()
        received = await self._db.read(store.all_received)
        for blob in sizes.keys() - received.keys():
            await self._remove_file(blob)
        short = 0
        for blob, counted in received.items():
            size_bytes = sizes.get(blob, 0)
            if size_bytes < counted:
                await self._db.write(partial(store.set_received, blob=blob, to_bytes=size_bytes))
                short += 1
        if short:
            log.warn("blobs cut short", blobs=short)

    async def expire(self) -> int:
        """Delete what has expired; return how many blobs went."""
        hour, count = self._hour, 0
        for blob in await self._db.read(partial(store.expired_blobs, hour=hour)):
            async with self._lock(blob):
                if await self._db.write(partial(store.expire_blob, blob=blob, hour=hour)):
                    await self._remove_file(blob)
                    count += 1
        return count

    async def forget(self, gone: Iterable[BlobId]) -> None:
        """Remove the files of blobs that went with their account. Raises StoreError."""
        for blob in gone:
            async with self._lock(blob):
                is_new = await self._db.read(partial(store.find_blob, blob=blob, hour=0))
                if not is_new:  # else somebody has begun it anew
                    await self._remove_file(blob)

    # ---- parts of the above -------------------------------------------------------------

    def _lock(self, blob: BlobId) -> trio.Lock:
        return self._turns[blob[0] % TURNS]

    @asynccontextmanager
    async def _turn(self, blob: BlobId) -> AsyncIterator[None]:
        turn = self._lock(blob)
        with trio.move_on_after(self._turn_s) as scope:
            await turn.acquire()
        if scope.cancelled_caught:
            raise Refusal(WireCode.SLOW_DOWN, "the disk is busy", retry_after_s=TURN_S)
        try:
            yield
        finally:
            turn.release()

    async def _of_account(self, blob: BlobId, account: int) -> store.BlobFacts:
        hour = self._hour
        facts = await self._db.read(partial(store.find_blob, blob=blob, hour=hour))
        if facts is None or facts.account != account:
            raise _not_found()
        return facts

    async def _remove_file(self, blob: BlobId) -> None:
        """Remove a file that the database counts no more; what stays goes at the next start."""
        try:
            await self._files.remove(blob)
        except StoreError as error:
            log.warn("blob left behind", reason=type(error).__name__)

    def _expires_in_s(self, facts: store.BlobFacts) -> int:
        return max(facts.expires_hour * HOUR_S - int(self._clock()), 0)

    def _state(self, request: int, facts: store.BlobFacts) -> f.BlobState:
        return f.BlobState(
            request=request,
            received_bytes=facts.received_bytes,
            expires_in_s=self._expires_in_s(facts),
        )


def _not_found() -> Refusal:
    return Refusal(WireCode.NOT_FOUND, "no such blob")
