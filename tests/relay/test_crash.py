"""kill -9 of a relay: what it answered is kept and delivered, and nothing is there twice.

A deposit is safe from its answer on; one without an answer is tried again with `is_retry`, and
must then be there once, wherever the relay was killed. After each death the files are looked into
before the relay starts again.
"""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from restante.client.failures import UnreachableError
from restante.store.relay_deposit_ids import SHELVES
from tests.processes import ROOT
from tests.relay.residents import a_link, an_item
from tests.relay.test_blob_crash import POINTS as BLOB_POINTS
from tests.relay.town import (
    DAY_H,
    Town,
    a_life,
    assert_no_bug,
    live_under_load,
    live_until_killed,
    receive_until_lost,
    some_items,
)

POINTS = (
    "relay: before commit",
    "relay: after commit",
    "relay: after deliver",
    "relay: after ack commit",
    "relay: after fold",
)
MAX_LIVES = 12
"""A day each, within the window in which a retry is known as one."""


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_named_point_it_loses_and_doubles_nothing(
    tmp_path: Path, point: str, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    town = Town(tmp_path)
    async with a_life(town) as relay, a_link(relay.address) as link:
        await town.deposit(link, some_items(town, seeded_random), is_retry=False)
        assert await relay.stop() == 0
        assert relay.passes == {"relay: before commit": 1, "relay: after commit": 1}
    for life in range(1, soak_rounds(2, MAX_LIVES) + 1):
        hit = SHELVES if life == 1 else seeded_random.randint(1, SHELVES)
        # Each life is a day after the one before: it folds what that has left.
        async with a_life(town, point=point, hit=hit, hours_later=DAY_H * life) as relay:
            await live_until_killed(town, relay, seeded_random)
            assert relay.passes[point] == hit
        town.inspect()
    assert town.accepted
    waiting = town.inspect()
    async with a_life(town, hours_later=DAY_H * life) as relay:
        await town.settle(relay.address, waiting)
        assert await relay.stop() == 0
        assert relay.passes["relay: after commit"] >= relay.passes["relay: after ack commit"] > 0
    assert town.inspect() == set()
    assert_no_bug(tmp_path)


async def test_a_frame_killed_before_its_commit_is_not_there_and_after_it_is(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path)
    async with a_life(town):
        pass
    for point, is_there in (("relay: before commit", False), ("relay: after commit", True)):
        items = [an_item(town.residents["carol"].target) for _ in range(3)]
        before = town.inspect()
        async with a_life(town, point=point, hit=1) as relay, a_link(relay.address) as link:
            with pytest.raises(UnreachableError):
                await town.deposit(link, items, is_retry=False)
            assert await relay.wait() == -signal.SIGKILL
        assert town.inspect() - before == (town.places(items) if is_there else set())
    assert len(town.unanswered) == 2
    waiting = town.inspect()
    async with a_life(town) as relay:
        await town.settle(relay.address, waiting)
    assert set(town.got.values()) == {1}


async def test_an_ack_killed_before_its_commit_brings_its_envelope_again_and_after_it_never(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path)
    async with a_life(town) as relay, a_link(relay.address) as link:
        await town.deposit(link, [an_item(town.residents["bob"].target)], is_retry=False)
    for point, times in (("relay: before commit", 1), ("relay: after ack commit", 2)):
        async with a_life(town, point=point, hit=1) as relay:
            await receive_until_lost(town, relay.address, "bob")
            assert await relay.wait() == -signal.SIGKILL
            town.deaths += 1
        assert set(town.got.values()) == {times}
    assert town.inspect() == set()
    waiting = town.inspect()
    async with a_life(town) as relay:
        await town.settle(relay.address, waiting)
    assert set(town.got.values()) == {2}


async def test_killed_at_any_moment_under_load_it_loses_and_doubles_nothing(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    for number in range(soak_rounds(1, 17)):
        directory = tmp_path / str(number)
        directory.mkdir()
        town = Town(directory)
        for _ in range(soak_rounds(3, MAX_LIVES)):
            await live_under_load(town, seeded_random)
            town.inspect()
        waiting = town.inspect()
        async with a_life(town, hours_later=DAY_H * town.deaths) as relay:
            await town.settle(relay.address, waiting)
            assert await relay.stop() == 0
        assert town.inspect() == set()
        assert_no_bug(directory)


def test_every_named_point_of_the_relay_is_killed_at() -> None:
    named: set[str] = set()
    for package in ("relay", "store"):
        for path in (ROOT / "restante" / package).glob("*.py"):
            named |= set(re.findall(r'\breach\("(relay: [^"]+)"\)', path.read_text("utf-8")))
    assert named == {*POINTS, *BLOB_POINTS}
