"""Erasing for good: what was deleted is in no file that the database keeps.

Rule: deleting a row zeroes it where it stood (`secure_delete`); what the write-ahead log still has
of it goes when that is written back and cut. Only outside of transactions. Spec:
docs/client-store.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.store import (  # noqa: F401  # tables of the profile's
    client_consumers,
    client_files,
    client_groups,
    client_sender_keys,
    client_sending,
)
from restante.store.client_rows import Rows, Statement
from restante.store.client_tables import client_metadata

if TYPE_CHECKING:
    from restante.store.driver import RawConnection
    from restante.store.seam import Database


async def cut_log(database: Database) -> None:
    """Write the log back and cut it to nothing: what was deleted before is gone. StoreError."""
    await database.outside_transactions(_cut)


async def erase_everything(database: Database) -> None:
    """Empty every table, and give the disk its room back: the profile is a new one. StoreError."""
    await database.write_raw(_empty)
    await database.outside_transactions(_vacuum)


def _empty(connection: RawConnection) -> None:
    rows = Rows(connection)
    for table in reversed(client_metadata.sorted_tables):
        rows.run(Statement(table.delete()))


def _vacuum(connection: RawConnection) -> None:
    connection.execute("VACUUM")
    _cut(connection)


def _cut(connection: RawConnection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
