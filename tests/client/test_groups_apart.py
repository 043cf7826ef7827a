"""Groups on several devices, at two relays, and changed by several people at once."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from restante.client.interface import FileState
from tests.client.files_seen import saved, stands
from tests.client.linked import a_new_device, link
from tests.client.made_pictures import a_picture, encoded
from tests.client.party import a_party, hears, is_in, notices
from tests.client.relays import open_relay
from tests.client.world import a_world, eventually, introduce

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def test_a_new_device_has_the_group_and_what_was_said_in_it(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.bob.send(key, "Before")
        await hears(party.alice, key, ["Before"])
        async with a_new_device(party.world, "alice2") as second:
            await link(party.alice, second)
            await is_in(second, key, members=3)
            await hears(second, key, ["Before"])
            await second.send(key, "From my other device")
            await hears(party.carol, key, ["Before", "From my other device"])
            await hears(party.alice, key, ["Before", "From my other device"])
            await second.group_set(key, name="Hikers")
            await party.bob.send(key, "Hello, both")
            await hears(second, key, ["Before", "From my other device", "Hello, both"])

            async def renamed() -> bool:
                return (await party.bob.group(key)).conversation.title == "Hikers"

            await eventually(party.bob, renamed)


async def test_changes_at_the_same_moment_end_in_the_same_group(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.group_role(key, party.to_bob, "admin")

        async def bob_may() -> bool:
            found = await party.bob.group(key)
            return any(each.is_me and each.role == "admin" for each in found.members)

        await eventually(party.bob, bob_may)
        await party.world.relay.stop()
        for who, engine in (("alice", party.alice), ("bob", party.bob)):
            path = tmp_path / f"{who}.png"
            path.write_bytes(encoded(a_picture(40, 20 if who == "alice" else 40), "PNG"))
            await engine.group_set(key, picture=str(path))
        await party.alice.group_set(key, description="From Alice")
        await party.bob.group_set(key, name="Bob's name for it")
        await party.bob.send(key, "Said meanwhile")
        await party.world.relay.start()

        engines = (party.alice, party.bob, party.carol)
        for each in engines:
            await each.retry_now()

        async def agrees(engine: LocalEngine) -> bool:
            shown = (await engine.group(key)).conversation
            return (
                shown.title == "Bob's name for it"
                and shown.group is not None
                and shown.group.description == "From Alice"
            )

        for each in engines:
            await eventually(each, partial(agrees, each))
        # Bob's, which he set after her.
        looks = [(await each.group(key)).picture for each in engines]
        assert looks == [looks[0]] * 3
        assert looks[0] is not None
        assert (looks[0].columns, looks[0].rows) == (18, 18)
        await hears(party.alice, key, ["Said meanwhile"])
        await hears(party.carol, key, ["Said meanwhile"])
        assert sorted(await notices(party.alice, key))[1:] != []


async def test_members_at_two_relays_talk_and_one_relay_may_be_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        other = await stack.enter_async_context(open_relay(tmp_path / "other"))
        alice, bob = [await stack.enter_async_context(world.online(n)) for n in ("alice", "bob")]
        world.relay, first = other, world.relay
        carol = await stack.enter_async_context(world.online("carol"))
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        key = (await alice.group_new("Walkers", [to_bob, to_carol])).conversation.key
        await is_in(bob, key)
        await is_in(carol, key)
        await other.stop()
        sent = await alice.send(key, "Carol's relay is away")
        await hears(bob, key, ["Carol's relay is away"])
        assert (await alice.message(sent.id)).state == "queued"
        await bob.send(key, "So it is")
        await other.start()
        for each in (alice, bob, carol):
            await each.retry_now()
        await hears(carol, key, ["Carol's relay is away", "So it is"])
        world.relay = first


async def test_files_reach_members_at_two_relays_when_one_was_away(tmp_path: Path) -> None:
    first, second = tmp_path / "first.bin", tmp_path / "second.bin"
    for each in (first, second):
        each.write_bytes(os.urandom(300_000))
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        other = await stack.enter_async_context(open_relay(tmp_path / "other"))
        alice, bob = [await stack.enter_async_context(world.online(n)) for n in ("alice", "bob")]
        world.relay, own = other, world.relay
        carol = await stack.enter_async_context(world.online("carol"))
        to_bob, _ = await introduce(alice, bob)
        to_carol, _ = await introduce(alice, carol)
        await introduce(bob, carol)  # who isn't known is fetched from only when one asks
        key = (await alice.group_new("Walkers", [to_bob, to_carol])).conversation.key
        await is_in(bob, key)
        await is_in(carol, key)
        await other.stop()
        sent = await alice.send_file(key, path=str(first))
        await stands(bob, sent, FileState.HERE)  # whose relay is there
        from_carol = await carol.send_file(key, path=str(second))
        assert from_carol.file is not None
        assert from_carol.file.state is FileState.SENDING
        await other.start()
        for engine in (alice, bob, carol):
            await engine.retry_now()
        for engine, message, content in (
            (carol, sent, first),
            (alice, from_carol, second),
            (bob, from_carol, second),
        ):
            there = await stands(engine, message, FileState.HERE)
            into = tmp_path / f"{there.sender.name}-{content.stem}"
            path = await saved(engine, there, into)
            assert path.read_bytes() == content.read_bytes()
        world.relay = own


async def test_who_accepts_a_group_after_a_revocation_names_the_newer_list_there(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, bob = [await stack.enter_async_context(world.online(n)) for n in ("alice", "bob")]
        laptop = await stack.enter_async_context(a_new_device(world, "laptop"))
        await link(bob, laptop, name="laptop")
        added = await alice.contact_add(world.address("bob"))
        key = (await alice.group_new("Winners", [added.key])).conversation.key
        await is_in(bob, key)
        await is_in(laptop, key)
        await bob.device_revoke("laptop")
        before = (await bob.group(key)).entries
        assert before == (await alice.group(key)).entries  # who is asked sends nothing there
        await bob.contact_accept(key)

        async def named() -> bool:
            return (await alice.group(key)).entries == before + 1

        await eventually(alice, named)
        assert (await bob.group(key)).entries == before + 1
        # A contact's group needs no accepting, and hears of it as well.
        await bob.contact_add(world.address("alice"))
        key = (await alice.group_new("Contacts", [added.key])).conversation.key
        before = 2
        await eventually(alice, named)
        await is_in(bob, key)
