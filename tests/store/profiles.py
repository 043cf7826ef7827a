"""A profile's real, encrypted database for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pytest

from restante.errors import StoreError
from restante.store.client_database import open_client_database
from restante.store.client_rows import Rows
from restante.store.seam import Database, open_loop
from restante.store.sqlcipher import DatabaseKey

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=StoreError)

KEY = bytes(range(101, 133))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An open profile."""

    database: Database

    async def read(
        self, work: Callable[Concatenate[Rows, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a store function, or one that calls some, on one snapshot."""
        return await self.database.read_raw(lambda raw: work(Rows(raw), *args, **kwargs))

    async def write(
        self, work: Callable[Concatenate[Rows, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a store function, or one that calls some, in one transaction."""
        return await self.database.write_raw(lambda raw: work(Rows(raw), *args, **kwargs))


@asynccontextmanager
async def profile(folder: Path, *, key: bytes = KEY) -> AsyncIterator[Profile]:
    """Open the database of the profile in a folder, with the loop it needs."""
    path = folder / "profile.db"
    async with open_loop(), open_client_database(path, DatabaseKey(key)) as database:
        yield Profile(database=database)


async def refusal(folder: Path, kind: type[E], *, key: bytes = KEY) -> E:
    """Assert that a profile's database is refused, by this error, and return it."""
    async with open_loop():
        with pytest.raises(kind) as refused:
            async with open_client_database(folder / "profile.db", DatabaseKey(key)):
                pass
        assert type(refused.value) is kind
        return refused.value
