"""What all store code is given: a database that reads and writes in transactions, whichever it is.

Rule: who takes a `Database` knows neither its engine nor its driver. A file is opened by
`restante.store.seam`, a PostgreSQL server by `restante.store.postgres`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

Transaction = AsyncConnection
"""What store code works on. Others pass it on and name it by this type."""


class Database(Protocol):
    """An open database. Every method raises StoreError's subclasses, and what `work` raises."""

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run store code that only reads."""

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run store code in one transaction and commit it, durably.

        An exception of `work` rolls back and is raised. Where others write too, `work` may be run
        once more after a rollback.
        """
