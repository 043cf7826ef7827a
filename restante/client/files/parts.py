"""Files as the engine holds them: the services that run, and what the user asks of them.

Rule: hands on; what is asked of a file is asked of its message. Spec: docs/files.md.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.decoding.apart import Decoder
from restante.client.decoding.videos import Videos
from restante.client.files.describing import (
    Voice,
    beginning_of,
    long_text,
    plain_file,
    voice_note,
)
from restante.client.files.fetching import Fetching, lock_of
from restante.client.files.folders import SUFFIX
from restante.client.files.forwarding import Forwarding
from restante.client.files.keeping import Keeping
from restante.client.files.looking import Looking
from restante.client.files.preparing import Preparing
from restante.client.files.saving import save, save_folder
from restante.client.files.sending import Sending
from restante.client.files.showing import body_of, role_of
from restante.client.files.sources import BytesSource, Source, Spool
from restante.client.files.vault import Vault
from restante.client.grammar.changing import found
from restante.client.groups.known import check_conversation, title_at
from restante.client.interface import FileState, Message, Storage
from restante.client.viewing import viewer, viewer_of
from restante.client.views import conversation_key
from restante.errors import CryptoError, UserError
from restante.protocol.file_name import safe_name
from restante.protocol.ids import ID_BYTES
from restante.store import client_files as store
from restante.store.client_contacts import contacts
from restante.store.client_messages import placed_message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.announcer import Announcer
    from restante.client.blob_transfer.upload import DeviceLinks
    from restante.client.context import EngineContext
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount
    from restante.protocol.content import File
    from restante.store.client_files import FileRow
    from restante.store.client_rows import Rows

MAX_SPOOLS: Final = 16
"""Files that are handed in piece by piece at a time."""

SPOOL_IDLE_S: Final = 900.0
"""One to which nothing was added for so long was forgotten by who began it."""

MAX_WINDOW: Final = 512

NO_SPOOL: Final = "Nothing is being handed in under this name. Begin again."


@dataclass(slots=True)
class _Spooled:
    spool: Spool
    touched_at: float
    lock: trio.Lock = field(default_factory=trio.Lock)


class Files:
    """All of it, for one account."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        mailbox: DeviceLinks,
        links: AnonymousLinks,
        announcer: Announcer,
    ) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer
        self._vault = Vault(context.database.path.parent)
        decoder = Decoder()
        self._preparing = Preparing(decoder, Videos(), self._spool)
        self.looking = Looking(decoder, self._vault, self._file_of, self._body_of)
        self._sending = Sending(context, own, vault=self._vault, links=mailbox, announcer=announcer)
        self.forwarding = Forwarding(
            context, own, announcer, sending=self._sending, vault=self._vault, spool=self._spool
        )
        self._fetching = Fetching(context, vault=self._vault, links=links, announcer=announcer)
        self._keeping = Keeping(context, vault=self._vault, links=mailbox)
        self._spools: dict[str, _Spooled] = {}
        announcer.also_tell(self._look_in)

    @property
    def services(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What runs as long as the engine does."""
        keeping = self._keeping
        return (self._sending.run, self._fetching.run, keeping.run, keeping.run_at_relay)

    @property
    def services_of_revoked(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What runs on a device that is none of the account's any more."""
        return (self._keeping.run,)

    async def settled(self) -> None:
        """Wait until all that can be sent now is."""
        await self._sending.settled()

    async def is_all_sent(self) -> bool:
        """Whether no file is left to be sent."""
        return not await self._context.read(lambda rows: store.count_files(rows, store.SENDING))

    # ---- sending ----------------------------------------------------------------------------

    async def begin(self) -> str:
        """Begin a file that is handed in piece by piece; return what it is called meanwhile."""
        self._drop_idle()
        if len(self._spools) >= MAX_SPOOLS:
            raise UserError(f"{MAX_SPOOLS} files are being handed in already. Finish one first.")
        spool, name = await self._spool(), self._context.randomness.random(ID_BYTES)
        self._spools[name.hex()] = _Spooled(spool, trio.current_time())
        return name.hex()

    async def _spool(self) -> Spool:
        await self._vault.prepare()
        place = self._vault.path(self._context.randomness.random(ID_BYTES))
        return await trio.to_thread.run_sync(Spool, place, self._context.randomness)

    async def add(self, handle: str, piece: str) -> int:
        """Take the next piece, in base64; return how many bytes there are."""
        try:
            content = binascii.a2b_base64(piece.encode(), strict_mode=True)
        except ValueError:
            raise UserError("A piece of a file is written in base64.") from None
        spooled = self._spooled(handle)
        async with spooled.lock:
            spooled.touched_at = trio.current_time()
            return await trio.to_thread.run_sync(spooled.spool.take, content)

    async def send(
        self,
        account_id: bytes,
        *,
        path: str | None,
        handle: str | None,
        name: str | None,
        caption: str,
        is_text: bool,
        is_original: bool,
        voice: Voice | None,
        quoted: bytes | None,
        message_id: bytes | None,
    ) -> Message:
        """Send a file of the user's, or one that was handed in."""
        if (path is None) == (handle is None):
            raise UserError("A file is named by its path, or was handed in.")
        source: Source
        if path is not None:
            if not Path(path).is_absolute():
                raise UserError("A file to be sent is named by its whole path.")
            source, said = await self._preparing.opened(
                Path(path), name, caption, is_original=is_original
            )
        else:
            known = None if message_id is None else await self._known(message_id)
            if known is not None:
                return known
            spooled = self._spooled(handle or "")
            async with spooled.lock:
                del self._spools[handle or ""]
                await trio.to_thread.run_sync(spooled.spool.whole)
            source = spooled.spool
            said = long_text(caption) if is_text else plain_file(name or "", caption)
            said = said if voice is None else voice_note(name or "", caption, voice)
        return await self._sending.send(
            account_id, source, said, quoted=quoted, message_id=message_id
        )

    async def send_text(
        self, account_id: bytes, text: str, *, quoted: bytes | None, message_id: bytes | None
    ) -> Message:
        """Send a text that is too long for a message."""
        return await self._sending.send(
            account_id,
            BytesSource(text.encode()),
            long_text(beginning_of(text)),
            quoted=quoted,
            message_id=message_id,
        )

    async def cells(self, path: str) -> bytes:
        """Return a picture of the user's as a message's preview is. UserError: it is none."""
        if not Path(path).is_absolute():
            raise UserError("A picture is named by its whole path.")
        return await self._preparing.cells(Path(path))

    # ---- what is there ----------------------------------------------------------------------

    async def messages(self, account_id: bytes | None, *, start: int, count: int) -> list[Message]:
        """Return messages that carry files, the newest first."""

        def work(rows: Rows) -> list[Message]:
            if account_id is not None:
                check_conversation(rows, account_id)
            placed = store.messages_with_files(
                rows, account_id, skipped=max(start, 0), limit=max(min(count, MAX_WINDOW), 0)
            )
            shows = viewer(rows, self._context, self._own, contacts(rows))
            return [shows.message(each.row, each.position) for each in placed]

        return await self._context.read(work)

    async def storage(self) -> list[Storage]:
        """Return what files take here, by conversation."""

        def work(rows: Rows) -> list[Storage]:
            return [
                Storage(
                    conversation=conversation_key(each.conversation),
                    title=title_at(rows, each.conversation),
                    count=each.count,
                    size_bytes=each.size_bytes,
                )
                for each in store.stored_by_conversation(rows)
            ]

        return await self._context.read(work)

    async def fetch(self, message_id: bytes) -> Message:
        """Have a file fetched, if it isn't here."""
        return await self._move(
            message_id,
            {store.NEW, store.OFFERED, store.FAILED, store.LOST},
            store.FETCHING,
        )

    async def stop(self, message_id: bytes) -> Message:
        """Leave a file where it is; what has come of it is kept, and it goes on from there."""
        return await self._move(message_id, {store.NEW, store.FETCHING}, store.OFFERED)

    async def drop(self, message_id: bytes) -> Message:
        """Remove a file from this device; it can be fetched again while the relay keeps it."""
        kept = await self._file_of(message_id)
        if kept.state == store.SENDING:
            raise UserError("This file is being sent. Take the message back first.")
        message = await self._move(
            message_id, {store.HERE, store.OFFERED, store.FAILED, store.LOST}, store.OFFERED
        )
        if message.file is not None and message.file.state is FileState.OFFERED:
            await self._vault.remove(kept.place)
        return message

    async def save(
        self, message_id: bytes, *, directory: str, name: str | None, unpacks: bool
    ) -> str:
        """Write a file into a directory, beside what is there; return where it is.

        `unpacks`: a folder's archive is made a folder again.
        """
        into = Path(directory)
        if not into.is_absolute():
            raise UserError("The directory is named by its whole path.")
        kept, body = await self._file_of(message_id), await self._body_of(message_id)
        if not kept.stored_bytes:
            raise UserError("This file isn't here yet. Fetch it first.")
        wanted = safe_name(body.name if name is None else name)
        saves = save
        if unpacks and role_of(body) == "folder":
            saves, wanted = save_folder, safe_name(wanted.removesuffix(SUFFIX))
        try:
            path = await saves(self._vault, kept.place, lock_of(body), directory=into, name=wanted)
        except CryptoError:
            await self._damaged(message_id)
            raise UserError(
                "The file was damaged on this disk. Fetch it again; if it can't be had any more, "
                "ask for it once more."
            ) from None
        return str(path)

    # ---- inside -----------------------------------------------------------------------------

    async def _file_of(self, message_id: bytes) -> FileRow:
        def work(rows: Rows) -> FileRow:
            row = found(rows, message_id).row
            kept = store.file_of(rows, message_id)
            if row.kind != "file" or kept is None:
                raise UserError("This message carries no file.")
            return kept

        return await self._context.read(work)

    async def _body_of(self, message_id: bytes) -> File:
        return await self._context.read(lambda rows: body_of(found(rows, message_id).row))

    async def _known(self, message_id: bytes) -> Message | None:
        def work(rows: Rows) -> Message | None:
            placed = placed_message(rows, message_id)
            if placed is None:
                return None
            shows = viewer_of(rows, self._context, self._own, placed.row.conversation)
            return shows.message(placed.row, placed.position)

        return await self._context.read(work)

    async def _move(self, message_id: bytes, before: set[str], state: str) -> Message:
        # Where it stands is read where it is moved: meanwhile it may have been decided about.
        await self._file_of(message_id)
        changes = Changes()

        def work(rows: Rows) -> None:
            kept = store.file_of(rows, message_id)
            if kept is not None and kept.state in before:
                store.move_on(rows, message_id, before=kept.state, state=state)
                changes.message_changed(placed_message(rows, message_id))

        await self._context.write(work)
        await self._announcer.tell(changes)
        shown = await self._known(message_id)
        if shown is None:
            raise UserError("This message is gone.")
        return shown

    async def _damaged(self, message_id: bytes) -> None:
        kept = await self._file_of(message_id)
        await self._move(message_id, {store.HERE}, store.FAILED)
        await self._vault.remove(kept.place)

    def _spooled(self, handle: str) -> _Spooled:
        spooled = self._spools.get(handle)
        if spooled is None:
            raise UserError(NO_SPOOL)
        return spooled

    def _drop_idle(self) -> None:
        now = trio.current_time()
        for handle, spooled in list(self._spools.items()):
            if spooled.touched_at < now - SPOOL_IDLE_S:
                del self._spools[handle]
                spooled.spool.close()

    def _look_in(self, changes: Changes) -> None:
        touched = (*changes.added, *changes.changed)
        if not changes.is_resync and all(each.row.kind not in _OURS for each in touched):
            return
        self._sending.wake()
        self._fetching.wake()
        self._keeping.wake()


_OURS: Final = frozenset({"file", "deleted"})
