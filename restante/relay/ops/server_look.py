"""The doctor's look at a database server that relays share.

Rule: as every look, it changes nothing and ends in a finding. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

from typing import Final

import trio

from restante.errors import StoreError
from restante.relay.ops.finding import Finding, State
from restante.store.migrations import RELAY
from restante.store.relay_postgres_health import ServerHealth, server_health
from restante.store.seam import open_loop

CONNECTIONS_OF_A_RELAY: Final = 9
LONG_TRANSACTION_S: Final = 3600
MOST_UNFROZEN: Final = 1_000_000_000
"""Half of what there is; autovacuum begins at a fifth of that."""


def look_at_server(url: str) -> Finding:
    """Ask the server how it is."""

    async def ask() -> Finding:
        async with open_loop():
            try:
                return judged(await server_health(url))
            except StoreError as error:
                fix = "Mend what it says at the server: systemctl status postgresql, and its log."
                return _bad(str(error), fix)

    return trio.run(ask)


def judged(found: ServerHealth) -> Finding:
    """Say what a server's figures mean."""
    free = found.most_connections - found.connections
    if found.is_standby:
        said = "The server is a standby: it takes no messages."
        return _bad(said, "Name the primary in database_url, or promote this one: pg_promote().")
    if found.schema != RELAY.head:
        said = f"Its schema is {found.schema}, this version's is {RELAY.head}."
        return _warning(said, "Make a backup (pg_dump), then restart all relays together.")
    if found.unfrozen > MOST_UNFROZEN:
        said = f"Its oldest rows need {found.unfrozen:,} transactions; at two billion it stops."
        return _bad(said, "VACUUM FREEZE in each of its databases, and see that autovacuum is on.")
    if free < CONNECTIONS_OF_A_RELAY:
        said = f"{found.connections} of its {found.most_connections} connections are taken."
        fix = (
            f"Raise max_connections: a relay takes {CONNECTIONS_OF_A_RELAY}, and one more at once."
        )
        return _warning(said, fix)
    if found.oldest_transaction_s > LONG_TRANSACTION_S:
        said = f"A transaction is open for {found.oldest_transaction_s / 3600:.0f} h; tables grow."
        return _warning(
            said, "End it: pg_stat_activity, column xact_start; pg_terminate_backend()."
        )
    return Finding(
        check="database",
        state=State.OK,
        found=f"PostgreSQL {found.version}, schema {found.schema}, "
        f"{found.connections} of {found.most_connections} connections.",
    )


def _bad(found: str, fix: str) -> Finding:
    return Finding(check="database", state=State.BAD, found=found, fix=fix)


def _warning(found: str, fix: str) -> Finding:
    return Finding(check="database", state=State.WARNING, found=found, fix=fix)
