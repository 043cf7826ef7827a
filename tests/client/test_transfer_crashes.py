"""A history between two processes that are killed at random: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import trio

from restante.client.changes import Changes
from restante.client.history_transfer.asking import give_history
from restante.client.history_transfer.awaiting import await_history
from restante.crypto.randomness import SystemRandomness
from restante.store import failpoints
from tests.client.crashing_transfer import over
from tests.client.made_history import everything, fill
from tests.client.second_device import a_second_device
from tests.client.small_parts import SMALL
from tests.client.world import World, a_world, eventually
from tests.processes import Process, start
from tests.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows

GIVING = {
    "history.staged": 6,
    "history.made": 6,
    "history.uploading": 12,
    "history.uploaded": 6,
    "history.announced": 6,
    "outbox.sealed": 6,
}
TAKING = {
    "history.fetching": 12,
    "history.fetched": 6,
    "history.importing": 9,
    "history.imported": 6,
    "history.taken": 6,
    "inbox.kept": 6,
}
"""Named points, and by which pass at the latest a process is killed there."""

MESSAGES = rounds(2_000, 100_000)

PATIENCE_S = rounds(60, 900)


async def test_both_sides_killed_at_random_points_end_with_equal_histories(
    tmp_path: Path, seeded_random: random.Random, soak_rounds: Callable[[int, int], int]
) -> None:
    async with a_world(tmp_path) as world:
        await prepare(world)
        for _ in range(soak_rounds(3, 40)):
            await run_until_killed(world, seeded_random)
        giving, taking = (
            begin(world, name, point="never", hit=1) for name in ("bob", "bob-laptop")
        )
        assert await ended(giving) == 0
        assert await ended(taking) == 0
        async with world.online("bob") as bob:
            theirs = await read_all(bob)
        async with world.online("bob-laptop") as laptop:
            ours = await read_all(laptop)
        for part in ("messages", "marks", "gaps", "unread"):
            assert ours[part] == theirs[part]
        with world.relay.file() as connection:
            assert connection.execute("SELECT count(*) FROM blobs").fetchone() == (0,)
        for name in ("bob", "bob-laptop"):
            assert not list((world.profile(name) / "transfers").iterdir())


async def prepare(world: World) -> None:
    """Let bob have thousands of messages and a second device, to which they are about to go."""
    async with world.online("bob") as bob:
        own = bob._running().own.account_id
        await bob._context.write(
            lambda rows: fill(rows, messages=MESSAGES, conversations=4, own=own)
        )
        await a_second_device(world, bob, "bob-laptop")
        laptop_id = bytes.fromhex(next(each.id for each in await bob.devices() if not each.is_this))
    async with world.online("bob-laptop") as laptop:
        now_ms = laptop._context.now_ms()
        await laptop._context.write(lambda rows: await_history(rows, now_ms=now_ms))
    async with world.online("bob") as bob:

        def give(rows: Rows) -> None:
            give_history(
                rows,
                Changes(),  # told to nobody: it begins with the next start
                device_id=laptop_id,
                randomness=SystemRandomness(),
                now_ms=now_ms,
            )

        await bob._context.write(give)


async def run_until_killed(world: World, chance: random.Random) -> None:
    """Run both sides until one is killed, or over; then kill the other, wherever it is."""
    processes = []
    for name, points in (("bob", GIVING), ("bob-laptop", TAKING)):
        point = chance.choice(sorted(points))
        processes.append(begin(world, name, point=point, hit=chance.randint(1, points[point])))
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:

            async def one(process: Process) -> None:
                await trio.to_thread.run_sync(process.wait, abandon_on_cancel=True)
                nursery.cancel_scope.cancel()

            for process in processes:
                nursery.start_soon(one, process)
    for process in processes:
        process.kill()
        assert await ended(process) in {0, -9}


def begin(world: World, name: str, *, point: str, hit: int) -> Process:
    job = {
        "directory": str(world.profile(name)),
        "name": name,
        "patience_s": PATIENCE_S,
        "point": point,
        "hit": hit,
    }
    path = world.directory / f"{name}.job"
    path.write_text(json.dumps(job), encoding="utf-8")
    return start("tests.client.crashing_transfer", str(path))


async def ended(process: Process) -> int:
    with trio.fail_after(PATIENCE_S):
        return await trio.to_thread.run_sync(process.wait, abandon_on_cancel=True)


async def read_all(engine: LocalEngine) -> dict[str, object]:
    return await engine._context.read(everything)


async def test_a_staged_part_that_is_gone_is_made_again(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await prepare(world)
        await world.relay.stop()
        async with world.online("bob", tuning=SMALL):
            await passed("history.made", times=3)
        staged = list((world.profile("bob") / "transfers").iterdir())
        assert len(staged) >= 3
        staged[0].unlink()
        staged[1].write_bytes(staged[1].read_bytes()[:-1])
        await world.relay.start()
        async with (
            world.online("bob", tuning=SMALL) as bob,
            world.online("bob-laptop", tuning=SMALL) as laptop,
        ):
            await eventually(laptop, lambda: over(laptop), patience_s=PATIENCE_S)
            theirs, ours = await read_all(bob), await read_all(laptop)
            for part in ("messages", "marks", "gaps", "unread"):
                assert ours[part] == theirs[part]


async def passed(point: str, *, times: int) -> None:
    """Wait until a named point was passed so often."""
    reached, left = trio.Event(), times

    def observe(passing: str) -> None:
        nonlocal left
        left -= passing == point
        if not left:
            reached.set()

    failpoints.observe(observe)
    try:
        with trio.fail_after(PATIENCE_S):
            await reached.wait()
    finally:
        failpoints.observe(lambda _: None)
