"""How a PostgreSQL server is that relays share: what an operator wants to hear before it hurts.

Rule: looks and changes nothing, in one short transaction; figures alone. What they mean is said
above the store. Spec: docs/scaling.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.postgres import open_postgres
from restante.store.relay_postgres_schema import checked_version

_ASKED = text("""
SELECT current_setting('server_version'),
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    (SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)
        FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'),
    (SELECT coalesce(max(age(datfrozenxid)), 0) FROM pg_database),
    pg_is_in_recovery()""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHealth:
    """What a server says of itself."""

    version: str
    schema: int
    """0: no relay has used this database yet."""
    connections: int
    most_connections: int
    """For all but the superuser."""
    oldest_transaction_s: float
    """What was deleted since it began is kept for it: tables grow meanwhile."""
    unfrozen: int
    """Transactions that the oldest rows may still need; the server stops at two billion."""
    is_standby: bool


async def server_health(url: str) -> ServerHealth:
    """Ask a server, inside `open_loop`. Raises StoreError: it can't be used, and why."""
    async with open_postgres(url) as db:

        async def ask(tx: AsyncConnection) -> ServerHealth:
            found = (await tx.execute(_ASKED)).one()
            return ServerHealth(
                version=str(found[0]).partition(" ")[0],
                schema=await checked_version(tx, db.place),
                most_connections=found[1],
                connections=found[2],
                oldest_transaction_s=float(found[3]),
                unfrozen=found[4],
                is_standby=found[5],
            )

        return await db.read(ask)
