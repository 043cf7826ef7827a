"""A device has its relay wake it, and is told in a sentence what the relay doesn't ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.errors import UserError
from restante.store.relay_wakes import find_wake
from tests.client.world import a_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.world import World

URL = "https://push.example/up?id=7"


async def kept(world: World) -> str | None:
    """Return the endpoint that the relay holds of its one device."""
    assert world.relay.running is not None
    return await world.relay.running.services.db.read(lambda tx: find_wake(tx, 1))


async def test_a_device_says_where_it_is_woken_and_takes_it_back(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await bob.device_wake(URL)
        assert await kept(world) == URL
        await bob.device_wake(None)
        assert await kept(world) is None


@pytest.mark.parametrize("url", ["http://push.example/", "https://192.168.0.1/", "not an address"])
async def test_what_the_relay_does_not_ask_is_said(tmp_path: Path, url: str) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        await bob.device_wake(URL)
        with pytest.raises(UserError, match="https ones on the public internet"):
            await bob.device_wake(url)
        assert await kept(world) == URL
