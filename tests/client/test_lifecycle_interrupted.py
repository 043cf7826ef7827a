"""Recovering, moving and leaving, cut off at each named point: called again, they are finished."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from restante.client.engine import open_engine
from restante.client.interface import ContactState
from restante.store import failpoints
from tests.client.relays import GENEROUS, open_relay
from tests.client.world import (
    QUICK,
    a_world,
    connected,
    introduce,
    key_of,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class CutOffError(Exception):
    """What a crash looks like from within one process."""


@contextmanager
def cut_off_at(point: str) -> Iterator[None]:
    """Fail at a named point, and let the engine die of it."""

    def observe(reached: str) -> None:
        if reached == point:
            raise CutOffError(point)

    failpoints.observe(observe)
    try:
        with pytest.raises(CutOffError):
            yield
    finally:
        failpoints.observe(lambda _: None)


@pytest.mark.parametrize("point", ["recovery.kept", "recovery.registered"])
async def test_a_recovery_is_finished(tmp_path: Path, point: str) -> None:
    place = tmp_path / "new"
    place.mkdir()
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            words = " ".join((await alice.recovery_kit()).words)
            to_alice, _ = await introduce(bob, alice)
        address = world.address("alice")
        with cut_off_at(point):
            async with open_engine(place, key_of("new"), tuning=QUICK) as alice:
                await alice.recover(address=address, words=words)
        async with open_engine(place, key_of("new"), tuning=QUICK) as alice:
            assert (await alice.status()).phase == "stopped"
            assert (await alice.recover(address=address, words=words)).address == address
            await connected(alice)
            await bob.send(to_alice, "found you")
            await shows(alice, await the_conversation(alice), ["found you"])


@pytest.mark.parametrize("point", ["moving.planned", "moving.registered"])
async def test_a_move_is_finished(tmp_path: Path, point: str) -> None:
    async with (
        a_world(tmp_path) as world,
        open_relay(tmp_path / "relay-2", is_open=True, limits=GENEROUS, names=[]) as other,
        world.online("bob") as bob,
    ):
        there = f"alice@127.0.0.1:{other.port}"
        with cut_off_at(point):
            async with world.online("alice") as alice:
                to_bob, to_alice = await introduce(alice, bob)
                await reaches(alice, await alice.send(to_bob, "one"), "delivered")
                await alice.account_move(address=there)
        async with world.online("alice") as alice:
            assert (await alice.status()).address == world.address("alice")
            await reaches(bob, await bob.send(to_alice, "two"), "delivered")
            assert (await alice.account_move(address=there)).address == there
            await reaches(bob, await bob.send(to_alice, "three"), "delivered")
            await shows(alice, to_bob, ["one", "two", "three"])


@pytest.mark.parametrize("point", ["moving.planned", "moving.registered"])
async def test_a_change_of_name_is_finished(tmp_path: Path, point: str) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        with cut_off_at(point):
            async with world.online("alice") as alice:
                to_bob, to_alice = await introduce(alice, bob)
                await reaches(alice, await alice.send(to_bob, "one"), "delivered")
                await alice.account_move(address=world.address("ally"))
        async with world.online("alice") as alice:
            assert (await alice.status()).address == world.address("alice")
            await reaches(bob, await bob.send(to_alice, "two"), "delivered")
            status = await alice.account_move(address=world.address("ally"))
            assert status.address == world.address("ally")
            await reaches(bob, await bob.send(to_alice, "three"), "delivered")
            await connected(alice)


@pytest.mark.parametrize("point", ["leaving.told", "leaving.erased"])
async def test_a_farewell_is_finished(tmp_path: Path, point: str) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        address = world.address("alice")
        with cut_off_at(point):
            async with world.online("alice") as alice:
                to_bob, _ = await introduce(alice, bob)
                await reaches(alice, await alice.send(to_bob, "one"), "delivered")
                await alice.account_delete(address=address)
        async with world.online("alice") as alice:
            await alice.account_delete(address=address)
            assert (await alice.status()).address is None
        assert [each.contact for each in await bob.conversations()] == [ContactState.LEFT]
        with world.relay.file() as connection:
            assert [n for (n,) in connection.execute("SELECT name FROM accounts")] == ["bob"]
