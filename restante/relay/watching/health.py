"""Whether a relay is well: alive, and ready to take deposits.

Rule: asks little and soon: one row of the database, and what the writer says of itself.
Spec: docs/watching.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError
from restante.store.relay_accounts import epoch

if TYPE_CHECKING:
    from restante.relay.services import Services

DATABASE_S: Final = 3.0
"""For one row: a database that takes longer keeps everybody waiting."""

COMMIT_S: Final = 15.0
"""How old a deposit that waits for its commit may be; commits take milliseconds."""


async def why_not_ready(services: Services) -> str | None:
    """Return why deposits would not be taken now; None: they would."""
    if services.is_stopping:
        return "stopping"
    if services.drain.asked.is_set():
        return "draining"
    if services.figures.is_disk_refusing:
        return "the disk refuses commits"
    if services.writer.oldest_wait_s > COMMIT_S:
        return "commits are stuck"
    with trio.move_on_after(DATABASE_S) as scope:
        try:
            await services.db.read(epoch)
        except StoreError:
            return "the database doesn't answer"
    return "the database is too slow" if scope.cancelled_caught else None
