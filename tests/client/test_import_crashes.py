"""An import that is killed at a named point is simply done again: nothing twice, all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.attacks.killing import play
from tests.client.crashing_engine import a_batch
from tests.client.world import a_world, bodies

if TYPE_CHECKING:
    from pathlib import Path

POINTS = {"import.filing": "AB", "import.filed": "ABCD"}
"""What is there of two batches when it is killed at the second: the first, or both."""


async def test_an_import_that_was_killed_is_done_again_and_nothing_doubles(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for name, (point, kept) in zip(("ann", "ben"), POINTS.items(), strict=True):
            async with world.online(name):
                pass
            await play(world, name, kill_at=point, hit=2, scene="take_in", batches=["AB", "CD"])
            async with world.online(name) as engine:
                key = await engine.resolve("self")
                there = await bodies(engine, key)
                assert there == list(kept)
                again = [await engine.import_texts(key, a_batch(each)) for each in ("AB", "CD")]
                assert sum(each.added for each in again) == 4 - len(there)
                assert await bodies(engine, key) == list("ABCD")
