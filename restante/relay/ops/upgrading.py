"""Looking whether a relay's database is of this version's schema, and bringing it there.

Rule: looking changes nothing; an upgrade is the one that `serve` makes. Spec: docs/upgrading.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from restante.errors import UserError
from restante.relay.lock import sole_relay
from restante.relay.settings import DATABASE_NAME
from restante.store.migrations import RELAY
from restante.store.relay_backup import schema_of
from restante.store.relay_database import open_relay_database


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """A database: its schema, the newest one that is known, and the copy from before."""

    path: Path
    schema: int
    known: int
    copy: str | None


def look(data: Path) -> Upgraded:
    """Say of which schema the database in `data` is. Raises UserError, StoreError."""
    database = _database(data)
    return Upgraded(path=database, schema=schema_of(database), known=RELAY.head, copy=None)


async def bring_up_to_date(data: Path) -> Upgraded:
    """Upgrade the database in `data`; inside `seam.open_loop`. Raises UserError, StoreError."""
    database = _database(data)
    before = schema_of(database)
    with sole_relay(data):
        async with open_relay_database(database):
            pass
    copy = f"{database}.schema-{before}" if before < RELAY.head else None
    return Upgraded(path=database, schema=schema_of(database), known=RELAY.head, copy=copy)


def _database(data: Path) -> Path:
    database = data / DATABASE_NAME
    if not database.is_file():
        raise UserError(f"There is no relay's data in {data}. Name its directory: --data DIR.")
    return database
