"""A backup filed: read in a thread, taken in like another device's history, a batch at a time.

Rule: a file is filed only after it was read through; filing what is there already changes nothing,
so that an interrupted restore is simply done again. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.history_transfer.importing import Importer, batches, size_bytes_of
from restante.protocol.backup import BackupGroupEntry, GroupItem
from restante.protocol.history_part import HistoryMessage, Item
from restante.store.client_records import RecordRow, put_record
from restante.store.client_rows import Rows
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.backing_up.group_items import GroupFiler
    from restante.protocol.history_part import HistoryRecord

Write = Callable[[Callable[[Rows], Changes]], Awaitable[Changes]]
"""Runs a function in one durable transaction."""

MOST_AT_ONCE: Final = 4_096
MOST_BYTES_AT_ONCE: Final = 4 * 1024 * 1024
"""Of one transaction. Each is some hundred pages in random places, and the search index is joined
again after each: eight times as many rows are filed three times as fast, and nobody waits a second
for the database."""

NO_DEVICE: Final = b"\x00" * 16
"""Nobody's: whose rows are filed as that device's own are all others'."""


async def take_in(
    items: Iterator[Item],
    write: Write,
    importer: Importer,
    groups: GroupFiler,
    told: Callable[[int], None],
) -> AsyncIterator[Changes]:
    """File all items; yield what each transaction changed.

    `told` hears how many messages are filed. Raises StoreError, and what reading raises.
    """
    lots = batches(items, most=MOST_AT_ONCE, most_bytes=MOST_BYTES_AT_ONCE, size_of=_size_bytes)
    messages = 0
    while (lot := await trio.to_thread.run_sync(next, lots, None)) is not None:
        yield await write(partial(_filed, importer, groups, lot))
        reach("backup.filed")
        messages += sum(isinstance(item, HistoryMessage) for item in lot)
        told(messages)


def _filed(importer: Importer, groups: GroupFiler, lot: list[Item], rows: Rows) -> Changes:
    changes = Changes()
    of_groups = [each for each in lot if isinstance(each, GroupItem)]
    importer.take_in(rows, changes, (each for each in lot if not isinstance(each, GroupItem)))
    groups.take_in(rows, changes, of_groups)
    return changes


def _size_bytes(item: Item) -> int:
    return len(item.body) if isinstance(item, BackupGroupEntry) else size_bytes_of(item)


def keep_record_alone(rows: Rows, _: Changes, item: HistoryRecord) -> None:
    """Keep a record where nothing is to follow from it."""
    put_record(
        rows,
        RecordRow(
            kind=item.kind, key=item.key, rank=item.rank, device_id=item.device, value=item.value
        ),
    )
