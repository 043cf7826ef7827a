"""A profile's database that is thrown away: what it can do without.

Rule: only for a database that nobody opens again, since a crash spoils it and nothing is found in
it. Memory stays bounded. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from restante.store.driver import RawConnection

CACHE_BYTES: Final = 48 * 1024 * 1024
"""Ids come in random order: what doesn't fit is read, and written, again and again."""

_INDEXED: Final = "INSERT INTO message_search"


def make_throwaway(raw: RawConnection) -> None:
    """Have no commit wait for the disk, and no message enter the search index."""
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute(f"PRAGMA cache_size = -{CACHE_BYTES // 1024}")
    triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, sql in triggers:
        counted, indexes, _ = sql.partition(_INDEXED)
        if not indexes:
            continue
        raw.execute(f"DROP TRIGGER {name}")
        if ";" in counted:  # it does more than that
            raw.execute(counted + "END")
