"""People who talk through a network that delays, cuts and repeats lose nothing, double nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

import trio

from tests.client.world import a_world, eventually, introduce

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine

PATIENCE_S = 600
"""A soak's: a whole talk at the pace of a bad network."""

PAGE = 512


async def history(engine: LocalEngine, key: str) -> list[str]:
    """Every entry of a conversation, in its order; what is no text as its kind in brackets."""
    found: list[str] = []
    while page := await engine.messages(key, start=len(found), count=PAGE):
        found += [each.body if each.kind == "text" else f"[{each.kind}]" for each in page]
    return found


async def has_all(engine: LocalEngine, key: str, texts: list[str]) -> None:
    """Wait until a conversation shows each of these texts once, and nothing else."""
    expected = Counter(texts)

    async def look() -> bool:
        return Counter(await history(engine, key)) == expected

    await eventually(engine, look, patience_s=PATIENCE_S)


async def say_all(engine: LocalEngine, key: str, texts: list[str]) -> None:
    for text in texts:
        await engine.send(key, text)


async def test_two_talk_through_a_bad_network(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: Random
) -> None:
    count = soak_rounds(60, 2_000)
    async with (
        a_world(tmp_path, troubled_by=seeded_random) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        assert world.network is not None
        world.network.trouble()
        said = [f"alice {number}" for number in range(count)]
        answered = [f"bob {number}" for number in range(count)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(say_all, alice, to_bob, said)
            nursery.start_soon(say_all, bob, to_alice, answered[: count // 2])
        world.network.cut()
        await say_all(bob, to_alice, answered[count // 2 :])
        await has_all(bob, to_alice, said + answered)
        await has_all(alice, to_bob, said + answered)
        assert await history(alice, to_bob) == await history(bob, to_alice)
