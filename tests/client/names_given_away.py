"""Somebody else under a contact's address, and what that pauses."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.client.world import World, a_world, eventually, introduce, reaches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message


async def give_name_away(world: World, name: str) -> None:
    """Have the relay forget an account, so that another can take its name."""
    await world.relay.stop()
    with world.relay.file() as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM accounts WHERE name = ?", (name,))
    await world.relay.start()
    world.profile(name).rename(world.directory / f"the-old-{name}")


async def until_paused(engine: LocalEngine, message: Message) -> Message:
    async def look() -> Message | None:
        found = await engine.message(message.id)
        return found if "Paused" in (found.error or "") else None

    found = await eventually(engine, look)
    assert found is not None
    return found


@asynccontextmanager
async def two_messages_paused(
    tmp_path: Path,
) -> AsyncIterator[tuple[LocalEngine, LocalEngine, str, list[Message]]]:
    """Alice has verified Bob, wrote to him twice, and somebody else has his address: not_bob."""
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await alice.contact_rename(to_bob, "Bob")
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await give_name_away(world, "bob")
        async with world.online("bob") as not_bob:
            sent = [await alice.send(to_bob, text) for text in ("one", "two")]
            paused = [await until_paused(alice, message) for message in sent]
            yield alice, not_bob, to_bob, paused
