"""A backup proven to restore: taken in by an empty database, and compared with it row by row.

Rule: the sandbox is thrown away, its key was never written down, and nothing of the profile is
touched. What is compared is what a restored device would show. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from restante.client.backing_up.group_items import GroupFiler
from restante.client.backing_up.media import Looker, lock_for
from restante.client.backing_up.reading import Whole, read_middle, read_through
from restante.client.backing_up.taking_in import NO_DEVICE, keep_record_alone, take_in
from restante.client.backing_up.walking import Source, walk
from restante.client.groups.ledger import Shelf
from restante.client.history_transfer.importing import Importer
from restante.errors import CryptoError, UserError
from restante.protocol.backup import (
    BackupFile,
    BackupGroup,
    BackupGroupEntry,
    BackupManifest,
    BackupMember,
    BackupPiece,
)
from restante.protocol.history_part import (
    HistoryConversation,
    HistoryMark,
    HistoryMessage,
    HistoryRecord,
    Item,
    pack_item,
)
from restante.store.client_database import open_client_database
from restante.store.client_rows import Rows
from restante.store.client_throwaway import make_throwaway
from restante.store.sqlcipher import DatabaseKey

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.keys import BackupKey
    from restante.crypto.randomness import Randomness
    from restante.store.driver import RawConnection
    from restante.store.seam import Database

SANDBOX: Final = ".checking-"
"""What the sandbox's folder is called; one that a kill left behind goes before the next check."""

PASSES: Final = 3
"""Read through, taken in, compared."""

_TOLD_EVERY: Final = 1_000
_NAMES: Final[dict[type[object], str]] = {
    HistoryRecord: "a record",
    HistoryConversation: "a conversation",
    HistoryMessage: "a message",
    HistoryMark: "a change of a message",
    BackupManifest: "a list of devices",
    BackupMember: "a member of a group",
    BackupGroupEntry: "an entry of a group's log",
    BackupGroup: "a group",
}

Told = Callable[[int, int], None]


async def check_backup(
    path: Path,
    key: BackupKey,
    *,
    scratch: Path,
    randomness: Randomness,
    now_ms: int,
    told: Told,
) -> Whole:
    """Prove that a file restores, in a folder of `scratch`; return what is in it.

    `told` is called in any thread. Inside `seam.open_loop`. UserError says what is wrong;
    StoreError if the sandbox can't be written.
    """
    in_all = 0

    def reading(done: int, about: int) -> None:
        nonlocal in_all
        in_all = about
        told(done, about * PASSES)

    whole = await trio.to_thread.run_sync(read_through, path, key, reading)
    in_all = whole.ends.messages
    importer = Importer(
        own_account=whole.begins.account,
        own_device=NO_DEVICE,
        put_record=keep_record_alone,
        now_ms=now_ms,
    )
    groups = GroupFiler(account_id=whole.begins.account, shelf=Shelf(), now_ms=now_ms)
    with tempfile.TemporaryDirectory(prefix=SANDBOX, dir=scratch) as folder:
        sandbox = Path(folder) / "sandbox.db"
        async with open_client_database(sandbox, DatabaseKey(randomness.random(32))) as database:
            await database.outside_transactions(make_throwaway)

            async def write(work: Callable[[Rows], Changes]) -> Changes:
                def in_thread(connection: RawConnection) -> Changes:
                    return work(Rows(connection))

                return await database.write_raw(in_thread)

            items = (
                item
                for _, item in read_middle(path, key, whole)
                if not isinstance(item, BackupFile | BackupPiece)
            )
            async for _ in take_in(
                items, write, importer, groups, lambda done: told(in_all + done, in_all * PASSES)
            ):
                pass  # nobody watches a sandbox
            compare = partial(_compare, path, key, whole, database, told)
            await trio.to_thread.run_sync(compare)
    return whole


def clear_sandboxes(scratch: Path) -> None:
    """Remove what a check that was killed left behind; only where none is under way."""
    for left in scratch.glob(f"{SANDBOX}*"):
        shutil.rmtree(left, ignore_errors=True)


def _compare(path: Path, key: BackupKey, whole: Whole, database: Database, told: Told) -> None:
    in_all, messages = whole.ends.messages, 0
    with (
        database.snapshot() as connection,
        closing(walk(Source(rows=Rows(connection), own_device=NO_DEVICE))) as restored,
    ):
        looking = _Looking(Rows(connection))
        said = looking.rows_of(read_middle(path, key, whole))
        for stands, shown in zip_longest(said, restored):
            packed, item = stands or (b"", None)
            if item is None or shown is None or not _is_same(packed, item, shown):
                raise UserError(
                    f"The backup {path} is whole, but {_NAMES[type(item or shown)]} of it does not "
                    "restore as it stands there. Make a new one."
                )
            if isinstance(item, HistoryMessage):
                messages += 1
                if messages % _TOLD_EVERY == 0:
                    told(2 * in_all + messages, in_all * PASSES)
    if not looking.are_right(whole.ends.files):
        raise UserError(f"The backup {path} is whole, but a file in it isn't. Make a new one.")
    told(in_all * PASSES, in_all * PASSES)


class _Looking:
    """Looks into the files of a backup, each with the key that its restored message has."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._open: Looker | None = None
        self._count = 0
        self._are_right = True

    def rows_of(self, items: Iterable[tuple[bytes, Item]]) -> Iterator[tuple[bytes, Item]]:
        """Yield the items but those of files, and look into these."""
        for packed, item in items:
            if isinstance(item, BackupFile):
                self._end()
                lock = lock_for(self._rows, item.message)
                self._open = None if lock is None else Looker(lock)
                self._are_right &= lock is not None
                self._count += 1
            elif isinstance(item, BackupPiece):
                self._push(item.data)
            else:
                yield packed, item
        self._end()

    def are_right(self, count: int) -> bool:
        """Whether there were so many, and each was what its message says."""
        return self._are_right and self._count == count

    def _push(self, data: bytes) -> None:
        try:
            if self._open is not None:
                self._open.push(data)
        except CryptoError:
            self._are_right, self._open = False, None

    def _end(self) -> None:
        if self._open is not None:
            self._are_right &= self._open.is_right()
            self._open = None


def _is_same(packed: bytes, item: Item, shown: Item) -> bool:
    """Whether a restored row says what the file does, byte for byte."""
    if isinstance(item, HistoryConversation) and isinstance(shown, HistoryConversation):
        # A clock from the far future isn't believed.
        return msgspec.structs.replace(item, clock=shown.clock) == shown
    return packed == pack_item(shown)
