"""A backup taken in: by the account's profile, or by an empty machine that becomes a new device.

Two secrets, for two things: the backup's words open the history, the recovery kit's make this
profile the account's (a backup holds no key of it). Rule: the file is read through before anything
is changed; on an empty machine the history is there before anybody can write to it. Repeated after
a crash it goes on. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

from restante.client.backing_up.desk import BackupDesk, absolute, refuse_older_copy
from restante.client.backing_up.group_items import GroupFiler
from restante.client.backing_up.keeping import keep_backup_key, last_number, note_number
from restante.client.backing_up.media import FileSink, is_right, keep_file, lock_for
from restante.client.backing_up.reading import read_middle, read_through
from restante.client.backing_up.taking_in import take_in
from restante.client.backing_up.telling import Telling
from restante.client.changes import Changes
from restante.client.clock import rfc3339
from restante.client.groups.returning import come_back, follow_up
from restante.client.history_transfer.importing import Importer
from restante.client.history_transfer.incoming import put_record
from restante.client.interface import BackupRestored
from restante.client.lifecycle.recovering import recover_account
from restante.client.lifecycle.recovery_kit import root_of
from restante.crypto import signing
from restante.errors import ExitCode, UserError
from restante.protocol.backup import BackupFile, BackupPiece
from restante.protocol.ids import account_id
from restante.store import client_groups as group_store
from restante.store.client_backups import backups
from restante.store.failpoints import reach
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restante.client.backing_up.reading import Whole
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.services import Services
    from restante.crypto.keys import BackupKey
    from restante.protocol.history_part import Item
    from restante.store.client_rows import Rows

NEEDS_KIT = (
    "This profile has no account yet. Give the recovery kit's 24 words, too, and this machine "
    "becomes the account's only device; or link it to another device of yours first."
)


async def restore_backup(
    context: EngineContext,
    nursery: trio.Nursery,
    services: Services,
    desk: BackupDesk,
    *,
    path: str,
    words: str | None,
    kit: str | None,
    older: bool,
) -> BackupRestored:
    """Take a backup in, as this account's or as the account of `kit`.

    UserError: the file isn't whole, is another account's, is older than another that is known
    here (unless `older`), or there is no account and no kit. RelayError.
    """
    key, place = await desk.key(words), absolute(path)
    telling = Telling(context.hub, "restore")
    whole = await trio.to_thread.run_sync(
        read_through, place, key, lambda done, total: telling.from_thread(done, 2 * total)
    )
    own = services.own
    is_here = own is not None and own.is_registered
    _refuse_another(whole, own=own if is_here else None, kit=kit)
    known = await context.read(last_number)
    if not older and known > whole.begins.generation:
        refuse_older_copy(place, whole, await context.read(backups))
        raise UserError(
            f"This is backup number {whole.begins.generation}, and there is a newer one, number "
            f"{known}. Take that, or this one all the same with --older."
        )

    filling = _Filling(
        context=context, services=services, place=place, key=key, whole=whole, telling=telling
    )
    if is_here and own is not None:
        await filling.fill(own)
    else:
        services.own = await recover_account(
            context,
            nursery,
            services.directory,
            own,
            address=whole.begins.address,
            words=kit or "",
            fill=filling.fill,
        )
        await services.reload()
    telling.complete(whole.ends.messages)
    return BackupRestored(
        path=str(place),
        number=whole.begins.generation,
        made_at=rfc3339(whole.begins.made_at_ms),
        messages=whole.ends.messages,
        address=None if is_here or services.own is None else services.own.address.unpinned,
    )


def _refuse_another(whole: Whole, *, own: OwnAccount | None, kit: str | None) -> None:
    """Refuse a backup of another account than the profile's, or the kit's."""
    if own is not None:
        if own.account_id != whole.begins.account:
            raise UserError(
                f"This is a backup of {whole.begins.address}, another account than this "
                "profile's. Restore it with another --profile.",
                exit_code=ExitCode.UNTRUSTED,
            )
        return
    if not kit:
        raise UserError(NEEDS_KIT)
    root = signing.root_key(root_of(kit))
    if account_id(root.raw) != whole.begins.account:
        raise UserError(
            f"These recovery words are another account's than the backup, which is of "
            f"{whole.begins.address}. Nothing was changed.",
            exit_code=ExitCode.UNTRUSTED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filling:
    """A backup that was read through, to be filed."""

    context: EngineContext
    services: Services
    place: Path
    key: BackupKey
    whole: Whole
    telling: Telling

    async def fill(self, account: OwnAccount) -> None:
        """File all of it, and go on with its key and number."""
        context, in_all = self.context, self.whole.ends.messages
        now_ms = context.now_ms()
        importer = Importer(
            own_account=account.account_id,
            own_device=account.device_id,
            put_record=partial(put_record, randomness=context.randomness, now_ms=now_ms),
            now_ms=now_ms,
        )
        groups = GroupFiler(account_id=account.account_id, shelf=context.shelf, now_ms=now_ms)
        sink = FileSink(context.database.path.parent)
        try:
            async for changes in take_in(
                self._rows(sink),
                context.write,
                importer,
                groups,
                lambda done: self.telling.from_anywhere(in_all + done, 2 * in_all),
            ):
                await self.services.tell(changes)
            reach("restore.filed")
            for message_id in sink.messages:
                await self._keep_file(sink, message_id)
        finally:
            await trio.to_thread.run_sync(sink.clear)
        await self._tell_groups(account)

        def keep(rows: Rows) -> None:
            keep_backup_key(rows, self.key)
            note_number(rows, self.whole.begins.generation)

        await context.write(keep)
        reach("restore.kept")

    async def _tell_groups(self, account: OwnAccount) -> None:
        """Let the groups know of a new device, as soon as the relay does; or our other devices."""
        context = self.context
        for each in await context.read(group_store.groups):
            changes = Changes()
            group_id = each.group_id
            if account.is_registered:
                await context.write(
                    partial(
                        follow_up, changes=changes, context=context, group_id=group_id, own=account
                    )
                )
            else:
                await context.write(
                    partial(come_back, changes=changes, context=context, group_id=group_id)
                )
            await self.services.tell(changes)

    def _rows(self, sink: FileSink) -> Iterator[Item]:
        """Yield the items but those of files, and write these."""
        for _, item in read_middle(self.place, self.key, self.whole):
            if isinstance(item, BackupFile | BackupPiece):
                sink.take(item)
            else:
                yield item

    async def _keep_file(self, sink: FileSink, message_id: bytes) -> None:
        """Put a file where its message has its place, if it is that and still wanted."""
        path = sink.path(message_id)
        lock = await self.context.read(lambda rows: lock_for(rows, message_id))
        if lock is None or not await trio.to_thread.run_sync(is_right, path, lock):
            return
        size_bytes = path.stat().st_size

        def keep(rows: Rows) -> None:
            place = keep_file(rows, message_id, stored_bytes=size_bytes)
            if place is not None:
                path.rename(path.with_name(place.hex()))
                reach("restore.file_named")

        await self.context.write(keep)
        reach("restore.file_kept")
