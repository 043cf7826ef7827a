"""Two people who know each other, with engines around one relay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.client.relays import GENEROUS, Limits
from tests.client.world import QUICK, World, a_world, eventually, introduce

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.clock import Clock
    from restante.client.context import Tuning
    from restante.client.engine import LocalEngine
    from restante.client.interface import Message


@dataclass(frozen=True)
class Two:
    """Alice and Bob, and each one's key of their conversation."""

    world: World
    alice: LocalEngine
    bob: LocalEngine
    to_bob: str
    to_alice: str

    async def arrived(self, message: Message) -> Message:
        """Wait until Bob has a message of Alice's."""

        async def look() -> Message | None:
            found = await self.bob.messages(self.to_alice, start=0, count=512)
            return next((each for each in found if each.id == message.id), None)

        found = await eventually(self.bob, look)
        assert found is not None
        return found


@asynccontextmanager
async def two_people(
    folder: Path,
    *,
    clock: Clock | None = None,
    tapped: bool = False,
    tuning: Tuning = QUICK,
    limits: Limits = GENEROUS,
) -> AsyncIterator[Two]:
    """Bring two people online; `clock` is Bob's, `tuning` both's."""
    async with (
        a_world(folder, tapped=tapped, limits=limits) as world,
        world.online("alice", tuning=tuning) as alice,
        world.online("bob", clock=clock, tuning=tuning) as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        yield Two(world=world, alice=alice, bob=bob, to_bob=to_bob, to_alice=to_alice)


async def becomes(engine: LocalEngine, message: Message, is_so: Callable[[Message], bool]) -> None:
    """Wait until a message is as it should be."""

    async def look() -> bool:
        return is_so(await engine.message(message.id))

    await eventually(engine, look)
