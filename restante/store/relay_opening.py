"""Opens a relay's store: the file in its directory, or the server that its settings name.

Rule: who opens a file loads nothing of PostgreSQL. Spec: docs/relay.md, section 1.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from restante.store.relay_database import open_relay_database
from restante.store.relay_sqlite import sqlite_store
from restante.store.relay_store import RelayStore


@asynccontextmanager
async def open_relay_store(
    path: Path, *, url: str = "", max_bytes: int = 0, leave_bytes: int = 0
) -> AsyncIterator[RelayStore]:
    """Open the file, or with `url` the server, for the length of the block, in `open_loop`.

    Deposits let the file grow to `max_bytes`, and leave `leave_bytes` on its disk; 0: no matter.
    Raises StoreError's subclasses, each with a sentence for the operator.
    """
    if url:
        from restante.store.relay_postgres import open_relay_postgres  # noqa: PLC0415  (only here)

        async with open_relay_postgres(url) as store:
            yield store
    else:
        async with open_relay_database(path, max_bytes=max_bytes) as db:
            yield sqlite_store(db, leave_bytes=leave_bytes)
