"""Three people around a relay, and what tests wait for in their groups."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restante.errors import UserError
from tests.client.world import QUICK, World, a_world, bodies, eventually, introduce

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.context import Tuning
    from restante.client.engine import LocalEngine
    from restante.client.interface import Group


@dataclass
class Party:
    """Alice knows Bob and Carol; these two don't know each other."""

    world: World
    alice: LocalEngine
    bob: LocalEngine
    carol: LocalEngine
    to_bob: str
    to_carol: str

    async def group(self, name: str = "Walkers") -> str:
        """Begin a group of the three, and wait until all are in it."""
        begun = await self.alice.group_new(name, [self.to_bob, self.to_carol])
        key = begun.conversation.key
        for each in (self.bob, self.carol):
            await is_in(each, key)
        return key


@asynccontextmanager
async def a_party(directory: Path, *, tuning: Tuning = QUICK) -> AsyncIterator[Party]:
    """Open a world with the three in it."""
    async with a_world(directory) as world, AsyncExitStack() as stack:
        alice, bob, carol = [
            await stack.enter_async_context(world.online(name, tuning=tuning))
            for name in ("alice", "bob", "carol")
        ]
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        yield Party(world, alice, bob, carol, to_bob, to_carol)


async def is_in(engine: LocalEngine, key: str, *, members: int | None = None) -> Group:
    """Wait until a group is shown somewhere, with so many members."""

    async def look() -> Group | None:
        try:
            found = await engine.group(key)
        except UserError:
            return None
        return found if members is None or len(found.members) == members else None

    found = await eventually(engine, look)
    assert found is not None
    return found


async def said(engine: LocalEngine, key: str) -> list[str]:
    """The texts of a conversation, without notices."""
    return [each for each in await bodies(engine, key) if each != "[notice]"]


async def hears(engine: LocalEngine, key: str, expected: list[str]) -> None:
    """Wait until exactly these texts are in a conversation."""

    async def look() -> bool:
        return await said(engine, key) == expected

    await eventually(engine, look)


async def notices(engine: LocalEngine, key: str) -> list[str]:
    """What a conversation says of changes."""
    found = await engine.messages(key, start=0, count=512)
    return [each.error or "" for each in found if each.kind == "notice"]


async def is_noticed(engine: LocalEngine, key: str, part: str) -> str:
    """Wait for a notice with these words, and return it."""

    async def look() -> str | None:
        return next((each for each in await notices(engine, key) if part in each), None)

    found = await eventually(engine, look)
    assert found is not None
    return found
