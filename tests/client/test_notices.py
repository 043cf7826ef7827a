"""What happens to a contact's account is a line of the feed: scripts hear of it, and only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.changes import Changes
from restante.client.notices import Notice
from restante.client.syncing.records import receive
from restante.protocol.codec import encode
from restante.protocol.order import rank_at
from restante.protocol.sync import RecordKind, SyncRecord
from tests.client.names_given_away import two_messages_paused
from tests.client.second_device import a_second_device
from tests.client.world import a_world, connected, eventually, introduce, reaches, shows

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


async def test_a_notice_stands_in_one_place_on_all_devices_and_is_told_once(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        world.online("alice") as alice,
    ):
        await a_second_device(world, alice, "alice2")
        async with world.online("alice2") as alice2:
            await connected(alice2)
            to_bob, to_alice = await introduce(alice, bob)
            await bob.send(to_alice, "before")
            await shows(alice2, to_bob, ["before"])
        await bob.account_move(address=world.address("rob"))
        assert "has moved" in await the_notice(alice)
        await bob.send(to_alice, "after")
        await shows(alice, to_bob, ["before", "[notice]", "after"])
        async with world.online("alice2") as alice2:
            await shows(alice2, to_bob, ["before", "[notice]", "after"])

            async def are_equal() -> bool:
                return await entries(alice, to_bob) == await entries(alice2, to_bob)

            await eventually(alice2, are_equal)
            assert [kind for _, kind in await entries(alice2, to_bob)] == [
                "text",
                "notice",
                "text",
            ]
            await the_notice(alice2)  # one, and no more of it later
            assert await alice2.synchronise(timeout_s=30)
            assert all(each.type != "notice" for each in await alice2.consume("script"))


async def entries(engine: LocalEngine, key: str) -> list[tuple[str, str]]:
    return [(each.id, each.kind) for each in await engine.messages(key, start=0, count=99)]


async def test_a_notice_of_another_device_takes_no_message_s_place(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        sent = await reaches(bob, await bob.send(to_alice, "mine"), "delivered")
        now_ms = alice._context.now_ms()
        notice = Notice(
            conversation=bytes.fromhex(to_bob), rank=rank_at(now_ms), at_ms=now_ms, sentence="No."
        )
        record = SyncRecord(
            kind=int(RecordKind.NOTICE),
            key=bytes.fromhex(sent.id),
            rank=1,
            device=b"another of ours.",
            value=encode(notice),
        )
        await alice._context.write(
            lambda rows: receive(
                rows, Changes(), record, randomness=alice._context.randomness, now_ms=now_ms
            )
        )
        assert [each.body for each in await alice.messages(to_bob, start=0, count=9)] == ["mine"]
