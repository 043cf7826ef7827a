"""What is done to messages on one own device is so on the others, and time runs alike on all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.test_sync import two_devices
from tests.client.two_people import becomes
from tests.client.world import a_world, bodies, eventually, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_one_device_does_to_messages_both_show(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        mine = await one.send(to_bob, "mien")
        theirs = await bob.send(to_alice, "theirs")
        gone = await one.send(to_bob, "gone")
        hidden = await bob.send(to_alice, "hidden")
        for engine in (one, two):
            await becomes_count(engine, to_bob, 4)
        # Each device does something; what one has sent the other may edit.
        await two.edit(mine.id, "mine")
        await one.react(theirs.id, "👍")
        await two.pin(theirs.id, pinned=True)
        await two.delete(gone.id, for_everyone=True)
        await one.delete(hidden.id, for_everyone=False)
        for engine in (one, two):
            await becomes_count(engine, to_bob, 3)
            await becomes(engine, mine, lambda m: m.body == "mine" and m.edited)
            await becomes(engine, theirs, lambda m: m.pinned)
            await becomes(engine, theirs, lambda m: [r.is_mine for r in m.reactions] == [True])
            await becomes(engine, gone, lambda m: m.kind == "deleted")
        assert await bodies(one, to_bob) == await bodies(two, to_bob)
        await becomes(bob, mine, lambda m: m.body == "mine")
        await becomes(bob, theirs, lambda m: m.pinned and len(m.reactions) == 1)
        await becomes(bob, gone, lambda m: m.kind == "deleted")
        assert (await bob.message(hidden.id)).body == "hidden"
        # The last word counts, whichever device has it.
        await two.react(theirs.id, "🎉")
        for engine in (one, two, bob):
            await becomes(engine, theirs, lambda m: [r.emoji for r in m.reactions] == ["🎉"])


async def test_the_first_reading_on_any_device_starts_the_clock_on_all(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        two_devices(world) as (one, two),
    ):
        to_bob, to_alice = await introduce(one, bob)
        await bob.set_timer(to_alice, timer_s=3600)
        sent = await bob.send(to_alice, "read once")
        for engine in (one, two):
            await shows(engine, to_bob, ["[setting]", "read once"])
        await one.mark_read(to_bob, up_to=sent.id)
        await becomes(two, sent, lambda m: m.gone_at is not None and m.state == "read")
        assert (await one.message(sent.id)).gone_at == (await two.message(sent.id)).gone_at
        await reaches(bob, sent, "read")
        # What is sent from one device disappears on both so long after it was sent.
        mine = await one.send(to_bob, "mine")
        for engine in (one, two):
            await shows(engine, to_bob, ["[setting]", "read once", "mine"])
            await becomes(engine, mine, lambda m: m.gone_at is not None and m.timer_s == 3600)


async def becomes_count(engine: object, key: str, count: int) -> None:
    """Wait until a conversation has so many entries."""

    async def look() -> bool:
        return len(await bodies(engine, key)) == count  # type: ignore[arg-type]

    await eventually(engine, look)  # type: ignore[arg-type]
