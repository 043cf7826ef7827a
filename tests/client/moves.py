"""Two relays, and whether an account lives at one of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.client.relays import GENEROUS, Relay, open_relay
from tests.client.world import World, a_world, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.engine import LocalEngine


@asynccontextmanager
async def two_relays(directory: Path) -> AsyncIterator[tuple[World, Relay]]:
    async with (
        a_world(directory) as world,
        open_relay(directory / "relay-2", is_open=True, limits=GENEROUS, names=[]) as other,
    ):
        yield world, other


def at(relay: Relay, name: str) -> str:
    return f"{name}@127.0.0.1:{relay.port}"


async def is_at(engine: LocalEngine, key: str, address: str) -> None:
    async def look() -> bool:
        return any(each.key == key and each.address == address for each in await engine.contacts())

    await eventually(engine, look)
