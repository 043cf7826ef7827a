"""Reading a profile's database through: each page's code, and how they hang together.

Rule: changes nothing. Spec: docs/client-store.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.store.seam import Database


async def size_bytes(database: Database) -> int:
    """Return how large the database is. Raises StoreError."""
    pages, page_bytes = await database.read_raw(
        lambda raw: (
            raw.execute("PRAGMA page_count").fetchone()[0],
            raw.execute("PRAGMA page_size").fetchone()[0],
        )
    )
    return int(pages) * int(page_bytes)


async def is_sound(database: Database) -> bool:
    """Whether every page decrypts and all tables and indices agree. Raises StoreError."""
    verdicts = await database.read_raw(lambda raw: raw.execute("PRAGMA quick_check(1)").fetchall())
    return [verdict for (verdict,) in verdicts] == ["ok"]
