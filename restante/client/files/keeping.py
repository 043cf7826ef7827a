"""What lies here and at the relay of files whose messages are gone: removed, on both.

Rule: the database says what goes, in the transaction in which the message went; this only does it,
as often as it takes. Spec: docs/files.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.client.blob_transfer.pace import Pace
from restante.client.blob_transfer.upload import DeviceLinks, Uploader
from restante.client.failures import RelayError
from restante.errors import StoreError
from restante.protocol.ids import ID_BYTES, BlobId
from restante.store import client_files as store
from restante.store.client_files import FileRow
from restante.store.client_messages import message

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.files.vault import Vault
    from restante.store.client_rows import Rows


class Keeping:
    """Two services: `run` for what is here, `run_at_relay` for what is there."""

    def __init__(self, context: EngineContext, *, vault: Vault, links: DeviceLinks) -> None:
        self._context = context
        self._vault = vault
        self._uploader = Uploader(context, links, Pace())
        self._due = trio.Event()
        self._due_there = trio.Event()

    def wake(self) -> None:
        """A message may be gone."""
        self._due.set()

    async def run(self) -> None:
        """Remove files whose messages are gone, for ever."""
        self._due.set()
        while True:
            try:
                await self._vault.keep_only(await self._context.read(store.file_places))
                break
            except StoreError:
                await trio.sleep(self._context.backoff_s(3))
        while True:
            await self._due.wait()
            self._due = trio.Event()
            try:
                await self._remove()
            except StoreError:
                await trio.sleep(self._context.backoff_s(3))
                self._due.set()

    async def run_at_relay(self) -> None:
        """Delete blobs of ours whose messages were deleted for everybody, for ever."""
        self._due_there.set()
        while True:
            await self._due_there.wait()
            self._due_there = trio.Event()
            try:
                for kept in await self._gone(store.ERASED):
                    if kept.blob is not None and not await self._is_shared(kept):
                        await self._uploader.delete(BlobId(kept.blob))
                    await self._forget(kept)
            except (RelayError, StoreError):
                await trio.sleep(self._context.backoff_s(3))
                self._due_there.set()

    async def _remove(self) -> None:
        for kept in await self._gone(store.REMOVED):
            await self._vault.remove(kept.place)
            await self._forget(kept)
        for kept in await self._gone(store.ERASED):
            await self._vault.remove(kept.place)
            if kept.blob is None:
                await self._forget(kept)
            else:
                self._due_there.set()

    async def _is_shared(self, kept: FileRow) -> bool:
        return await self._context.read(lambda rows: store.is_blob_shared(rows, kept))

    async def _gone(self, state: str) -> list[FileRow]:
        return await self._context.read(lambda rows: store.files_in(rows, state))

    async def _forget(self, kept: FileRow) -> None:
        """Forget a file; if its message is here again, it is as new."""
        place = self._context.randomness.random(ID_BYTES)

        def work(rows: Rows) -> None:
            now = store.file_of(rows, kept.message_id)
            if now is None or now.place != kept.place:
                return
            store.forget_file(rows, kept.message_id)
            row = message(rows, kept.message_id)
            if row is not None and row.kind == "file":
                fresh = FileRow(message_id=kept.message_id, place=place, state=store.NEW)
                store.save_file(rows, fresh)

        await self._context.write(work)
