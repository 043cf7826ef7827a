"""A file on its way out: sealed, kept, put at our relay, and then the message that names it.

Rule: what `send` returns is durable, the file as well as the message, and goes on after a restart
of either side, after days, or a `kill -9` at any moment. Spec: docs/files.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from restante.client.blob_transfer.pace import Pace
from restante.client.blob_transfer.upload import DeviceLinks, Upload, Uploader
from restante.client.changes import Changes
from restante.client.failures import RelayError
from restante.client.files.crew import Crew
from restante.client.files.describing import Described, body_for
from restante.client.files.holding import fail_sending, send_held
from restante.client.files.progress import Progress
from restante.client.files.showing import body_of
from restante.client.grammar.naming import own_mentions
from restante.client.grammar.writing import own_entry, refuse_unwelcome
from restante.client.groups.posting import writable
from restante.client.history import own_quote
from restante.client.interface import ContactState, MessageState
from restante.client.people_kept import existing
from restante.client.syncing.self_contact import is_self, other_devices
from restante.client.viewing import viewer_of
from restante.crypto.blobs import generate_capability, generate_key
from restante.errors import StoreError, UserError
from restante.protocol.content import Kind
from restante.protocol.ids import ID_BYTES, BlobCapability, BlobId, blob_id
from restante.protocol.limits import DEFAULT_TTL_S
from restante.store import client_files as store
from restante.store.client_files import FileRow
from restante.store.client_groups import is_group
from restante.store.client_messages import message, placed_message, update_state
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.files.sources import Source
    from restante.client.files.vault import Told, Vault
    from restante.client.interface import Message
    from restante.client.own_account import OwnAccount
    from restante.protocol.content import File
    from restante.store.client_messages import Placed
    from restante.store.client_rows import Rows

TTL_S: Final = DEFAULT_TTL_S
"""As long as an envelope waits for a device that doesn't come."""

TOO_SHORT_S: Final = 2 * 86_400
"""What is kept for less than that, since it took so long to come there, is put there anew."""


LOOK_EVERY_S: Final = 0.5


class Sending:
    """The service. `run` uploads for ever."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        vault: Vault,
        links: DeviceLinks,
        announcer: Announcer,
    ) -> None:
        self._context = context
        self._own = own
        self._vault = vault
        self._announcer = announcer
        self._uploader = Uploader(context, links, Pace())
        self._uploads = Crew(self._due, self._upload)
        self._troubles: dict[bytes, str | None] = {}
        self._deleted: set[BlobId] = set()
        """Of what was taken back: what this run has deleted at the relay already."""
        self._is_news = trio.Event()
        self._is_news.set()  # what the last run left there

    async def run(self) -> None:
        """Upload what is to be sent."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tidy)
            await self._uploads.run()

    def wake(self) -> None:
        """Something is to be sent, or isn't any more."""
        self._uploads.wake()

    async def settled(self) -> None:
        """Wait until everything is at the relay, or something holds all of it up."""
        while True:
            with trio.move_on_after(LOOK_EVERY_S):
                await self._uploads.settled()
                return
            if self._troubles and all(self._troubles.values()):
                return

    async def send(
        self,
        account_id: bytes,
        source: Source,
        said: Described,
        *,
        quoted: bytes | None,
        message_id: bytes | None,
        names_people: bool = True,
        told: Told = lambda *_: None,
    ) -> Message:
        """Seal a file, and file the message that carries it; closes the source.

        `names_people`: an `@name` in the caption means somebody; not in what is forwarded.

        UserError: it can't be read, the disk is full, blocked, key changed, the caption is too
        long. Cancellation: nothing is kept.
        """
        which = message_id or self._context.randomness.random(ID_BYTES)
        try:
            sent = await self._context.read(lambda rows: self._look(rows, account_id, which))
            if sent is not None:
                return sent
            randomness = self._context.randomness
            place = randomness.random(ID_BYTES)
            capability, key = generate_capability(randomness), generate_key(randomness)
            sealed = await self._vault.seal(
                source,
                place,
                key=key,
                blob=blob_id(capability),
                randomness=randomness,
                told=told,
            )
        finally:
            source.close()
        reach("file.sealed")
        body = body_for(
            said, sealed, capability=capability, key=key.raw, relay=str(self._own.address.relay)
        )
        return await self._keep(
            account_id, which, body, place, quoted=quoted, names_people=names_people
        )

    async def send_kept(
        self, account_id: bytes, body: File, kept: FileRow, *, message_id: bytes
    ) -> Message:
        """Send a file of ours once more, as it lies here; what is at the relay is told of again.

        UserError: it isn't here any more; as for `send`.
        """
        known = await self._context.read(lambda rows: self._look(rows, account_id, message_id))
        if known is not None:
            return known
        place = self._context.randomness.random(ID_BYTES)
        await self._vault.link(kept.place, place)
        relay = str(self._own.address.relay)  # another one than it was, after a move
        again = msgspec.structs.replace(body, quote=None, expires_at_s=0, relay=relay)
        return await self._keep(
            account_id, message_id, again, place, quoted=None, again=kept.message_id
        )

    async def _keep(
        self,
        account_id: bytes,
        which: bytes,
        body: File,
        place: bytes,
        *,
        quoted: bytes | None,
        names_people: bool = False,
        again: bytes | None = None,
    ) -> Message:
        """File the message that carries what lies sealed at a place; `again`: as this one does."""
        kept = FileRow(
            message_id=which,
            place=place,
            state=store.SENDING,
            blob=blob_id(BlobCapability(body.capability)),
            stored_bytes=body.sealed_bytes,
        )
        changes = Changes()

        def work(rows: Rows) -> tuple[Message, bool]:
            if (known := placed_message(rows, which)) is not None:
                return self._shown(rows, known), False
            if again is not None and (message(rows, again) is None or _is_gone(rows, again)):
                raise UserError("This message was deleted.")
            is_wanted = self._is_wanted(rows, account_id)
            placed = own_entry(
                rows,
                changes,
                self._context,
                own=self._own,
                account_id=account_id,
                message_id=which,
                kind=Kind.FILE,
                body_for=lambda where: msgspec.structs.replace(
                    body,
                    quote=own_quote(rows, where, quoted),
                    mentions=own_mentions(rows, where, body.caption) if names_people else [],
                ),
                is_held=True,
            )
            store.save_file(rows, kept if is_wanted else replace(kept, state=store.HERE, blob=None))
            return self._shown(rows, placed), True

        is_kept = False
        try:
            shown, is_kept = await self._context.write(work)
        finally:
            if not is_kept:
                with trio.CancelScope(shield=True):
                    await self._vault.remove(place)
        reach("file.kept")
        await self._announcer.tell(changes)
        return shown

    def _look(self, rows: Rows, account_id: bytes, which: bytes) -> Message | None:
        """Return the message if it was sent before; refuse early what can't be sent."""
        if (known := placed_message(rows, which)) is not None:
            return self._shown(rows, known)
        if is_group(account_id):
            writable(rows, account_id)
            return None
        row = existing(rows, account_id)
        if row.state != ContactState.REQUEST.value:
            refuse_unwelcome(row)
        return None

    def _is_wanted(self, rows: Rows, conversation: bytes) -> bool:
        """Whether there is anybody, or another device of ours, who would fetch a file."""
        if is_group(conversation):
            return True
        row = existing(rows, conversation)
        return not is_self(row) or bool(other_devices(rows, row))

    def _shown(self, rows: Rows, placed: Placed) -> Message:
        row = placed.row
        shows = viewer_of(rows, self._context, self._own, row.conversation)
        return shows.message(row, placed.position)

    # ---- uploading --------------------------------------------------------------------------

    async def _due(self) -> list[FileRow]:
        try:
            found = await self._context.read(lambda rows: store.files_in(rows, store.SENDING))
        except StoreError:  # others say what is wrong with the disk
            return []
        # What is forwarded to several is one blob, which is put there once, one after the other.
        return list({each.blob or each.message_id: each for each in reversed(found)}.values())

    async def _upload(self, kept: FileRow) -> None:
        row = await self._context.read(lambda rows: message(rows, kept.message_id))
        if row is None or kept.blob is None:
            return
        body = body_of(row)
        upload = Upload(
            path=self._vault.path(kept.place),
            blob=BlobId(kept.blob),
            size_bytes=body.sealed_bytes,
            ttl_s=TTL_S,
        )
        progress = Progress(
            self._context.hub,
            conversation=row.conversation,
            message_id=row.id,
            direction="out",
            total_bytes=body.sealed_bytes,
        )

        def told(held_bytes: int) -> None:
            reach("file.uploading")
            progress.moved(held_bytes)

        def troubled(error: RelayError | None) -> None:
            progress.troubled(error)
            self._troubles[row.id] = None if error is None else str(error)
            self._is_news.set()

        self._deleted.discard(upload.blob)
        try:
            kept_s = await self._uploader.upload(upload, told=told, troubled=troubled)
            if kept_s < TOO_SHORT_S:
                await self._uploader.delete(upload.blob)
                kept_s = await self._uploader.upload(upload, told=told, troubled=troubled)
            reach("file.uploaded")
            await self._settle(row.id, expires_at_s=self._context.now_s() + kept_s)
        except StoreError:  # others say what is wrong with the disk
            await trio.sleep(self._context.backoff_s(3))
        except UserError as error:
            await self._give_up(row.id, str(error))
        finally:
            self._troubles.pop(row.id, None)
            self._is_news.set()

    async def _settle(self, message_id: bytes, *, expires_at_s: int) -> None:
        changes, now_ms = Changes(), self._context.now_ms()
        await self._context.write(
            lambda rows: send_held(
                rows,
                changes,
                message_id,
                own=self._own,
                expires_at_s=expires_at_s,
                most_pairwise=self._context.tuning.most_pairwise,
                now_ms=now_ms,
            )
        )
        reach("file.released")
        await self._announcer.tell(changes)

    async def _give_up(self, message_id: bytes, sentence: str) -> None:
        changes = Changes()
        await self._context.write(lambda rows: fail_sending(rows, changes, message_id, sentence))
        await self._announcer.tell(changes)

    async def _tidy(self) -> None:
        """Keep with messages what holds their files up; delete at the relay what was taken back."""
        said: dict[bytes, str | None] = {}
        while True:
            await self._is_news.wait()
            self._is_news = trio.Event()
            now = dict(self._troubles)
            try:
                for message_id in now.keys() | said.keys():
                    if now.get(message_id) != said.get(message_id):
                        await self._say_why(message_id, now.get(message_id))
                said = {message_id: why for message_id, why in now.items() if why is not None}
                for blob in await self._context.read(_taken_back):
                    if blob not in self._deleted:
                        await self._uploader.delete(blob)
                        self._deleted.add(blob)
            except (StoreError, RelayError):
                await trio.sleep(self._context.backoff_s(3))
                self._is_news.set()

    async def _say_why(self, message_id: bytes, sentence: str | None) -> None:
        changes = Changes()

        def work(rows: Rows) -> None:
            row = message(rows, message_id)
            if row is not None and row.state == MessageState.QUEUED.value:
                changes.message_changed(update_state(rows, message_id, row.state, sentence))

        await self._context.write(work)
        await self._announcer.tell(changes)


def _is_gone(rows: Rows, message_id: bytes) -> bool:
    """Whether what lies at the relay of a message's file goes, or has gone."""
    kept = store.file_of(rows, message_id)
    return kept is None or kept.state in {store.REMOVED, store.ERASED}


def _taken_back(rows: Rows) -> list[BlobId]:
    """Return what of files lies at our relay, or may, whose messages never went out."""
    found = []
    for kept in store.files_of_messages(rows, MessageState.FAILED.value):
        row = message(rows, kept.message_id)
        # When a message goes out, it says until when its file is kept.
        if row is None or kept.blob is None or store.is_blob_shared(rows, kept):
            continue
        if not body_of(row).expires_at_s:
            found.append(BlobId(kept.blob))
    return found
