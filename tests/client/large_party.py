"""A party so large that a message is sealed once for all of it."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from restante.store.client_sender_keys import chains_of as stored_chains
from tests.client.party import Party
from tests.client.world import QUICK, a_world, introduce

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.engine import LocalEngine


LARGE = replace(QUICK, most_pairwise=0)


@asynccontextmanager
async def a_large_party(directory: Path) -> AsyncIterator[Party]:
    async with a_world(directory) as world, AsyncExitStack() as stack:
        alice, bob, carol = [
            await stack.enter_async_context(world.online(name, tuning=LARGE))
            for name in ("alice", "bob", "carol")
        ]
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        yield Party(world, alice, bob, carol, to_bob, to_carol)


async def chains_of(engine: LocalEngine, of: LocalEngine, key: str) -> list[bytes]:
    """The chains that somebody has of somebody's device."""
    device = of._services.running().own.device_id
    found = await engine._context.read(lambda rows: stored_chains(rows, bytes.fromhex(key), device))
    return [each.chain for each in found]
