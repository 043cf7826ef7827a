"""What happens to a contact's account is a line of the feed: scripts hear of it, and only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.test_changed_keys import two_messages_paused
from tests.client.world import a_world, eventually, introduce, reaches

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def the_notice(engine: LocalEngine) -> str:
    """Wait for a notice in the feed, take all that is there, and return what the only one says."""

    async def look() -> list[str]:
        lines = await engine.consume("script")
        told = [line.message.error or "" for line in lines if line.type == "notice"]
        if told:
            await engine.acknowledge("script", cursor=lines[-1].cursor)
        return told

    (told,) = await eventually(engine, look)
    return told


async def test_scripts_hear_of_who_moves_and_of_who_leaves(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        _, to_alice = await introduce(alice, bob)
        await reaches(bob, await bob.send(to_alice, "one"), "delivered")
        ally = world.address("ally")
        await alice.account_move(address=ally)
        assert f"{world.address('alice')} has moved to {ally}" in await the_notice(bob)
        await alice.account_delete(address=ally)
        assert "deleted this account" in await the_notice(bob)


async def test_scripts_hear_of_a_key_that_changes(tmp_path: Path) -> None:
    async with two_messages_paused(tmp_path) as (alice, _, _, _):
        assert "security key" in await the_notice(alice)
