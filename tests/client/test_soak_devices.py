"""Four accounts with three devices each, through a bad network, end equal and complete."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from typing import TYPE_CHECKING

import pytest
import trio

from tests.client.agreement import all_agree, comes_to_rest
from tests.client.crowd import a_crowd
from tests.client.world import a_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.soak_alone
async def test_all_devices_of_everybody_end_equal_and_complete(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: Random
) -> None:
    count = soak_rounds(60, 5_040)
    async with (
        a_world(tmp_path, troubled_by=seeded_random) as world,
        a_crowd(world, seeded_random) as crowd,
    ):
        assert world.network is not None
        world.network.trouble()
        async with trio.open_nursery() as nursery:
            for device in crowd.devices:
                nursery.start_soon(crowd.live, device, count // len(crowd.devices))
        world.network.cut()
        world.network.calm()
        async with AsyncExitStack() as stack:
            for device in crowd.devices:
                await stack.enter_async_context(crowd.present(device))
            await comes_to_rest(crowd)
            await all_agree(crowd)
