"""A profile's database, opened: encrypted, and of the schema that this version knows.

Rule: nothing is read or written before the schema is right. The key is the caller's; a wrong one,
a damaged file and a newer schema each say so in one sentence, and leave the file as it is.
Spec: docs/client-store.md, section 1.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from restante.store.errors import Corrupted, WrongKey
from restante.store.migrations import CLIENT, bring_up_to_date
from restante.store.seam import Database, open_database
from restante.store.sqlcipher import DatabaseKey, is_encrypted, sqlcipher_driver


@asynccontextmanager
async def open_client_database(path: Path, key: DatabaseKey) -> AsyncIterator[Database]:
    """Open (or create, 0600) a profile's database for the length of the block.

    Inside `seam.open_loop`. Raises WrongKey, Corrupted, SchemaTooNew, DiskFailed, DiskFull, Busy.
    """
    async with AsyncExitStack() as opened:
        try:
            database = await opened.enter_async_context(
                open_database(path, driver=sqlcipher_driver(key))
            )
        except WrongKey as error:
            if is_encrypted(path):
                raise
            raise Corrupted(
                f"The file {path} is no encrypted database of a profile. "
                "Restore it from a backup, or move it away."
            ) from error
        await bring_up_to_date(database, CLIENT)
        yield database
