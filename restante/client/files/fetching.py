"""A file on its way in: fetched, compared with what was said, and only then here.

Rule: what is in the folder is as it came, sealed; whether it is the right one is known when all of
it was opened once, and before that nobody sees anything of it. It goes on after a restart, or a
`kill -9`, where it was. Spec: docs/files.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.client.blob_transfer.download import BlobGoneError, Download, Downloader
from restante.client.blob_transfer.pace import Pace
from restante.client.changes import Changes
from restante.client.files.automatic import is_wanted
from restante.client.files.crew import Crew
from restante.client.files.progress import Progress
from restante.client.files.showing import body_of
from restante.client.files.vault import Lock
from restante.crypto.blobs import sealed_size
from restante.crypto.keys import BlobKey
from restante.errors import CryptoError, RemoteProtocolError, StoreError, UserError
from restante.protocol.address import AddressError, RelayAddress
from restante.protocol.ids import BlobCapability, blob_id
from restante.store import client_files as store
from restante.store.client_messages import message, placed_message
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.failures import RelayError
    from restante.client.files.vault import Vault
    from restante.client.links import AnonymousLinks
    from restante.protocol.content import File
    from restante.store.client_files import FileRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

MOST_ATTEMPTS: Final = 2
"""What is damaged the second time, too, is damaged where it lies."""

ROUND: Final = 256

WRONG: Final = (
    "The file is damaged, or another one than was announced. Nothing of it was kept. Ask for it "
    "once more."
)
FALSE: Final = "What was said of this file can't be true. It is not fetched."


class Fetching:
    """The service. `run` decides and fetches for ever."""

    def __init__(
        self,
        context: EngineContext,
        *,
        vault: Vault,
        links: AnonymousLinks,
        announcer: Announcer,
    ) -> None:
        self._context = context
        self._vault = vault
        self._announcer = announcer
        self._downloader = Downloader(context, links, Pace())
        self._downloads = Crew(self._due, self._fetch)

    async def run(self) -> None:
        """Fetch what is wanted."""
        await self._downloads.run()

    def wake(self) -> None:
        """Something may be wanted, or isn't any more."""
        self._downloads.wake()

    async def settled(self) -> None:
        """Wait until nothing is being fetched."""
        await self._downloads.settled()

    async def _due(self) -> list[FileRow]:
        try:
            await self._decide()
            return await self._context.read(lambda rows: store.files_in(rows, store.FETCHING))
        except StoreError:  # others say what is wrong with the disk
            return []

    async def _decide(self) -> None:
        """Decide about what has just come: fetched by itself, or only when asked for."""
        while await self._context.read(lambda rows: store.count_files(rows, store.NEW)):
            changes = Changes()

            def work(rows: Rows, into: Changes = changes) -> None:
                now_s = self._context.now_s()
                for kept in store.files_in(rows, store.NEW)[:ROUND]:
                    row = message(rows, kept.message_id)
                    is_due = row is not None and is_wanted(rows, row, now_s=now_s)
                    state = store.FETCHING if is_due else store.OFFERED
                    store.move_on(rows, kept.message_id, before=store.NEW, state=state)
                    if is_due:
                        into.message_changed(placed_message(rows, kept.message_id))

            await self._context.write(work)
            await self._announcer.tell(changes)

    async def _fetch(self, kept: FileRow) -> None:
        row = await self._context.read(lambda rows: message(rows, kept.message_id))
        if row is None:
            return
        try:
            body = body_of(row)
            relay = RelayAddress.parse(body.relay)
        except (RemoteProtocolError, AddressError):
            await self._end(kept, store.FAILED, error=FALSE)
            return
        if body.sealed_bytes != sealed_size(body.size_bytes):
            await self._end(kept, store.FAILED, error=FALSE)
            return
        try:
            await self._download(kept, row, body, relay)
            reach("file.fetched")
            await self._vault.check(kept.place, lock_of(body))
        except BlobGoneError as error:
            await self._vault.remove(kept.place)
            await self._end(kept, store.LOST, error=str(error))
        except CryptoError:
            await self._vault.remove(kept.place)
            if kept.attempts + 1 < MOST_ATTEMPTS:
                await self._end(kept, store.FETCHING, attempts=kept.attempts + 1)
            else:
                await self._end(kept, store.FAILED, error=WRONG)
        except StoreError:  # others say what is wrong with the disk
            await trio.sleep(self._context.backoff_s(3))
        except UserError as error:
            await self._end(kept, store.FAILED, error=str(error))
        else:
            await self._end(kept, store.HERE, stored_bytes=body.sealed_bytes)
            reach("file.here")

    async def _download(
        self, kept: FileRow, row: MessageRow, body: File, relay: RelayAddress
    ) -> None:
        here_bytes = await self._vault.size_bytes(kept.place) or 0
        await self._vault.prepare(room_bytes=max(body.sealed_bytes - here_bytes, 0))
        progress = Progress(
            self._context.hub,
            conversation=row.conversation,
            message_id=row.id,
            direction="in",
            total_bytes=body.sealed_bytes,
        )

        def told(held_bytes: int) -> None:
            reach("file.fetching")
            progress.moved(held_bytes)

        def troubled(error: RelayError | None) -> None:
            progress.troubled(error)

        download = Download(
            relay=relay,
            capability=BlobCapability(body.capability),
            size_bytes=body.sealed_bytes,
            path=self._vault.path(kept.place),
        )
        await self._downloader.download(download, told=told, troubled=troubled)

    async def _end(
        self,
        kept: FileRow,
        state: str,
        *,
        stored_bytes: int = 0,
        attempts: int = 0,
        error: str | None = None,
    ) -> None:
        changes = Changes()

        def work(rows: Rows) -> None:
            store.move_on(
                rows,
                kept.message_id,
                before=store.FETCHING,
                state=state,
                stored_bytes=stored_bytes,
                attempts=attempts,
                error=error,
            )
            changes.message_changed(placed_message(rows, kept.message_id))

        await self._context.write(work)
        await self._announcer.tell(changes)


def lock_of(body: File) -> Lock:
    """Return what the file of a message is opened with."""
    return Lock(
        key=BlobKey(body.key),
        blob=blob_id(BlobCapability(body.capability)),
        size_bytes=body.size_bytes,
        digest=body.digest,
    )
