"""A backup written: one walk through one snapshot, sealed as it goes, and the file put in place.

Rule: memory stays flat however long the history is; a file stands under its name only once it is
whole and on the disk. Runs in a thread of its own. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from restante.client.backing_up.media import MissingFileError, packed_file
from restante.client.backing_up.walking import Source, walk
from restante.client.new_file import new_file
from restante.crypto.backups import LEAST_CHUNKS, Sealer
from restante.protocol.backup import (
    BACKUP_VERSION,
    MAX_ADDRESS_CHARS,
    BackupBegins,
    BackupEnds,
    is_readable,
)
from restante.protocol.history_part import (
    HistoryMark,
    HistoryMessage,
    HistoryRecord,
    pack_item,
)
from restante.store import client_backup_rows as lasting
from restante.store.client_rows import Rows
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.keys import BackupKey
    from restante.crypto.randomness import Randomness
    from restante.store.seam import Database

TOLD_EVERY: Final = 1_000
"""Messages after which a watcher is told how far it is."""

_PIECE_BYTES: Final = 262_144

Told = Callable[[int, int], None]
"""Is told how many messages are done, of about how many; raises to end the work."""


class _File(Protocol):
    def write(self, data: bytes, /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A backup to write: whose, which, under which key."""

    database: Database
    key: BackupKey
    account: bytes
    address: str
    own_device: bytes
    generation: int
    now_ms: int
    randomness: Randomness
    least_chunks: int = LEAST_CHUNKS
    with_files: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A backup that is written."""

    id: bytes
    size_bytes: int
    ends: BackupEnds


def write_backup(order: Order, path: Path, told: Told) -> Written:
    """Write a backup to a file that isn't there yet, and return what is in it.

    UserError: the file is there already, or can't be written. StoreError. What `told` raises.
    """
    with new_file(path, "The backup") as file:
        return _write(order, file, told)


def _write(order: Order, file: _File, told: Told) -> Written:
    sealer = Sealer(order.key, randomness=order.randomness, least_chunks=order.least_chunks)
    size_bytes = 0
    messages = marks = records = files = left_out = 0
    with (
        order.database.snapshot() as connection,
        closing(walk(Source(rows=Rows(connection), own_device=order.own_device))) as items,
    ):
        rows = Rows(connection)
        in_all = lasting.total(rows)
        disappearing = lasting.disappearing_total(rows)
        kept_files = lasting.lasting_files(rows) if order.with_files else []
        piece = bytearray(
            pack_item(
                BackupBegins(
                    version=BACKUP_VERSION,
                    generation=order.generation,
                    made_at_ms=order.now_ms,
                    account=order.account,
                    address=order.address[:MAX_ADDRESS_CHARS],
                    messages_in_all=max(in_all - disappearing, 0),
                )
            )
        )
        told(0, in_all)
        for item in items:
            packed = pack_item(item)
            if not is_readable(packed):  # a damaged row costs only itself, and is counted
                left_out += 1
                continue
            piece += packed
            messages += isinstance(item, HistoryMessage)
            marks += isinstance(item, HistoryMark)
            records += isinstance(item, HistoryRecord)
            if len(piece) >= _PIECE_BYTES:
                size_bytes += file.write(sealer.push(piece))
                piece.clear()
            if isinstance(item, HistoryMessage) and messages % TOLD_EVERY == 0:
                told(messages, in_all)
    for kept in kept_files:
        try:
            for item in packed_file(order.database.path.parent, kept):
                piece += pack_item(item)
                if len(piece) >= _PIECE_BYTES:
                    size_bytes += file.write(sealer.push(piece))
                    piece.clear()
                    told(messages, in_all)
        except MissingFileError:
            left_out += 1  # nothing of it was written
            continue
        files += 1
    ends = BackupEnds(
        messages=messages,
        marks=marks,
        records=records,
        files=files,
        disappearing=disappearing,
        left_out=left_out,
    )
    piece += pack_item(ends)
    size_bytes += file.write(sealer.push(piece))
    for sealed in sealer.finish():
        size_bytes += file.write(sealed)
    told(messages, messages)
    return Written(id=sealer.id, size_bytes=size_bytes, ends=ends)
