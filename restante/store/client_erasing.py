"""Erasing for good: what was deleted is in no file that the database keeps.

Rule: deleting a row zeroes it where it stood (`secure_delete`); what the write-ahead log still has
of it goes when that is written back and cut. Only outside of transactions. Spec:
docs/client-store.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.store.client_rows import Rows

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
    # Once in a profile's life: the tables themselves are dear to import.
    from restante.store.client_queries.compiling import Query  # noqa: PLC0415
    from restante.store.client_queries.everything import all_tables  # noqa: PLC0415

    rows = Rows(connection)
    for table in reversed(all_tables()):
        rows.run(Query(table.delete()))


def _vacuum(connection: RawConnection) -> None:
    connection.execute("VACUUM")
    _cut(connection)


def _cut(connection: RawConnection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
