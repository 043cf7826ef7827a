"""A linking cut off at each named point, on either device: linked or not, and never half.

What is half would be a device that the account lists and that nobody has the keys of: all that is
sent to the account would wait for it for ever.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.client.interface import LinkState
from restante.client.linking.unclaimed import granted
from restante.store import failpoints
from tests.client.linked import a_new_device, comes_to, digits_of
from tests.client.world import (
    QUICK,
    World,
    a_world,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restante.client.engine import LocalEngine

SOON_OVER = replace(QUICK, link_ttl_s=4.0, link_patience_s=5.0)


class CutOffError(Exception):
    """What a crash looks like from within one process."""


@contextmanager
def cut_off_at(point: str) -> Iterator[None]:
    """Fail at a named point, once, and let the engine die of it."""
    is_cut = False

    def observe(reached: str) -> None:
        nonlocal is_cut
        if reached == point and not is_cut:
            is_cut = True
            raise CutOffError(point)

    failpoints.observe(observe)
    try:
        yield
    except* CutOffError:
        pass
    finally:
        failpoints.observe(lambda _: None)
    assert is_cut, f"{point} was never reached"


async def until_settled(bob: LocalEngine, *, devices: int) -> None:
    """Wait until the first device has decided what becomes of the one that it let in."""

    async def look() -> bool:
        return not await bob._context.read(granted)

    await eventually(bob, look)
    assert len(await bob.devices()) == devices


async def still_hears(world: World, bob: LocalEngine, alice: LocalEngine, to_bob: str) -> None:
    """Nothing that is sent to the account waits for a device that isn't there."""
    await connected(bob)
    await reaches(alice, await alice.send(to_bob, "not held up"), "delivered")
    assert await alice.synchronise(timeout_s=30)
    assert (await alice.status()).outbox_count == 0
    assert world.relay.running is not None


@pytest.mark.parametrize(
    ("point", "is_linked"),
    [("linking.signed", False), ("linking.handed_over", True)],
)
async def test_the_first_device_is_cut_off(tmp_path: Path, point: str, *, is_linked: bool) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        a_new_device(world, "laptop", tuning=SOON_OVER) as laptop,
    ):
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(bob, await bob.send(to_alice, "hello"), "delivered")
        with cut_off_at(point):
            async with world.online("bob", tuning=SOON_OVER) as bob:
                shown = await laptop.link_begin(address=world.address("bob"))
                await bob.link_open(str(shown.code))
                await bob.link_confirm(await digits_of(laptop))
        async with world.online("bob", tuning=SOON_OVER) as bob:
            await comes_to(laptop, LinkState.LINKED if is_linked else LinkState.FAILED)
            if is_linked:
                await connected(laptop)
            await until_settled(bob, devices=1 + is_linked)
            await still_hears(world, bob, alice, to_bob)
            if is_linked:
                await shows(laptop, to_alice, ["hello", "not held up"])


@pytest.mark.parametrize(
    ("point", "is_linked"), [("linking.opened", False), ("linking.kept", True)]
)
async def test_the_new_device_is_cut_off(tmp_path: Path, point: str, *, is_linked: bool) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob", tuning=SOON_OVER) as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(bob, await bob.send(to_alice, "hello"), "delivered")
        with cut_off_at(point):
            async with a_new_device(world, "laptop", tuning=SOON_OVER) as laptop:
                shown = await laptop.link_begin(address=world.address("bob"))
                await bob.link_open(str(shown.code))
                await bob.link_confirm(await digits_of(laptop))
                await comes_to(laptop, LinkState.LINKED)
        async with a_new_device(world, "laptop", tuning=SOON_OVER) as laptop:
            assert ((await laptop.status()).address is not None) is is_linked
            if is_linked:
                await connected(laptop)
            await until_settled(bob, devices=1 + is_linked)
            await still_hears(world, bob, alice, to_bob)
            if is_linked:
                await shows(laptop, to_alice, ["hello", "not held up"])
