"""Invite links: people come in by them, with an admin's word or without, as long as they last."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest

from restante.errors import UserError
from restante.protocol.group_invite import parse_group_invite
from tests.client.linked import a_new_device, link
from tests.client.party import hears, is_in, is_noticed, notices
from tests.client.world import PATIENCE_S, QUICK, TurnedClock, a_world, eventually, introduce

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from tests.client.world import World


async def online(world: World, stack: AsyncExitStack, *names: str) -> list[LocalEngine]:
    return [await stack.enter_async_context(world.online(name)) for name in names]


async def comes_in(engine: LocalEngine, link: str) -> str:
    """Follow a link until one is in, and return the group's key."""
    came = await engine.group_join(link, timeout_s=PATIENCE_S)
    assert came.group is not None, came
    return came.group


async def test_whoever_follows_a_link_is_in_and_everybody_sees_how(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, bob, dave = await online(world, stack, "alice", "bob", "dave")
        to_bob, _ = await introduce(alice, bob)
        key = (await alice.group_new("Walkers", [to_bob])).conversation.key
        await is_in(bob, key)
        made = await alice.group_invite(key, uses=1)
        assert made.link is not None
        assert made.is_mine
        assert await comes_in(dave, made.link) == key
        await is_in(bob, key, members=3)
        await dave.send(key, "Hello, all")
        await hears(bob, key, ["Hello, all"])
        who = world.address("dave")
        said = await is_noticed(bob, key, "invite link")
        assert said == f"{world.address('alice')} made an invite link."
        assert f"You let in {who}, who came by an invite link." in await notices(alice, key)
        [left] = await alice.group_invites(key)
        assert (left.state, left.used) == ("used up", 1)
        # Nobody became a contact of anybody by that.
        assert await dave.contacts() == []
        assert len(await alice.contacts()) == 1
        assert (await comes_in(dave, made.link)) == key  # once more: they are in already


async def test_a_link_with_approval_waits_for_an_admins_word(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, dave, erin = await online(world, stack, "alice", "dave", "erin")
        key = (await alice.group_new("Walkers", [])).conversation.key
        made = await alice.group_invite(key, approve=True)
        assert made.link is not None
        for each in (dave, erin):
            came = await each.group_join(made.link)
            assert (came.group, came.asked) == (None, [world.address("alice")])

        async def both_ask() -> bool:
            return len((await alice.group(key)).asking) == 2

        await eventually(alice, both_ask)
        await is_noticed(alice, key, f"{world.address('dave')} has an invite and asks")
        people = {each.address: each.key for each in (await alice.group(key)).asking}
        shown = await alice.group_admit(key, [people[world.address("dave")]])
        assert [each.address for each in shown.asking] == [world.address("erin")]
        assert (await is_in(dave, key)).conversation.contact == "accepted"
        await alice.group_refuse(key, [people[world.address("erin")]])
        own_key = await erin.resolve("self")
        said = await is_noticed(erin, own_key, "they said no")
        assert said.startswith(f"The invite to a group of {world.address('alice')}")
        with pytest.raises(UserError, match="don't ask"):
            await alice.group_admit(key, [people[world.address("erin")]])
        assert len((await alice.group(key)).members) == 2


async def test_a_no_on_one_device_is_every_admins_until_they_ask_again(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, bob, dave = await online(world, stack, "alice", "bob", "dave")
        to_bob, _ = await introduce(alice, bob)
        key = (await alice.group_new("Walkers", [to_bob])).conversation.key
        await is_in(bob, key)
        await alice.group_role(key, to_bob, "admin")
        await is_noticed(bob, key, "an admin")
        made = await alice.group_invite(key, approve=True)
        assert made.link is not None
        link_to = made.link
        second = await stack.enter_async_context(a_new_device(world, "alice2"))
        await link(alice, second)
        await is_in(second, key)
        await dave.group_join(link_to)

        async def asks(on: LocalEngine) -> list[str]:
            return [each.key for each in (await on.group(key)).asking]

        async def are_asked() -> None:
            for each in (alice, second, bob):
                await eventually(each, partial(asks, each))

        await are_asked()
        await second.group_refuse(key, await asks(second))
        assert not await asks(second)

        async def is_asked_no_more(on: LocalEngine) -> bool:
            return not await asks(on)

        for each in (alice, bob):
            await eventually(each, partial(is_asked_no_more, each))
        said_no = f"{world.address('alice')} has said no to {world.address('dave')}"
        await is_noticed(bob, key, said_no)
        await is_noticed(dave, await dave.resolve("self"), "they said no")
        await dave.group_join(link_to)
        await are_asked()


async def test_any_admin_of_the_link_lets_in_when_the_first_is_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        [bob] = await online(world, stack, "bob")
        async with world.online("alice") as alice:
            to_bob, _ = await introduce(alice, bob)
            key = (await alice.group_new("Walkers", [to_bob])).conversation.key
            await alice.group_role(key, to_bob, "admin")

            async def bob_may() -> bool:
                found = await bob.group(key)
                return any(each.is_me and each.role == "admin" for each in found.members)

            await is_in(bob, key)
            await eventually(bob, bob_may)
            made = await alice.group_invite(key)
            assert await alice.synchronise(timeout_s=PATIENCE_S)
        assert made.link is not None
        assert len(parse_group_invite(made.link).hosts) == 2
        await is_noticed(bob, key, "made an invite link")
        [dave] = await online(world, stack, "dave")
        assert await comes_in(dave, made.link) == key
        async with world.online("alice") as alice:  # who was asked too, and finds them in
            await is_in(alice, key, members=3)
            await dave.send(key, "Hello")
            await hears(alice, key, ["Hello"])
            assert (await alice.group(key)).entries == (await bob.group(key)).entries


async def test_a_link_that_is_over_says_so(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice = await stack.enter_async_context(world.online("alice", tuning=QUICK, clock=clock))
        [dave] = await online(world, stack, "dave")
        key = (await alice.group_new("Walkers", [])).conversation.key
        over = await alice.group_invite(key, expires_s=60)
        revoked = await alice.group_invite(key)
        left = await alice.group_uninvite(key, revoked.id[:8])
        assert [each.id for each in left] == [over.id]
        clock.ahead_ms = 120_000
        for each, why in ((over, "its time is over"), (revoked, "it was revoked")):
            assert each.link is not None
            with pytest.raises(UserError, match="lets you in no more"):
                await dave.group_join(each.link, timeout_s=PATIENCE_S)
            await is_noticed(dave, await dave.resolve("self"), why)
        assert [each.state for each in await alice.group_invites(key)] == ["expired"]
        assert len((await alice.group(key)).members) == 1


async def test_a_damaged_link_and_ones_own_are_refused_in_a_sentence(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, bob = await online(world, stack, "alice", "bob")
        key = (await alice.group_new("Walkers", [])).conversation.key
        made = await alice.group_invite(key)
        assert made.link is not None
        with pytest.raises(UserError, match="damaged"):
            await bob.group_join(made.link[:-30])
        with pytest.raises(UserError, match="starts with"):
            await bob.group_join("hello")
        with pytest.raises(UserError, match="restante group join"):
            await bob.contact_add(made.link)
        with pytest.raises(UserError, match="Only admins"):
            await _as_member(alice, bob, key)
        own = await alice.group_join(made.link)
        assert own.group == key


async def _as_member(alice: LocalEngine, bob: LocalEngine, key: str) -> None:
    to_bob, _ = await introduce(alice, bob)
    await alice.group_add(key, [to_bob])
    await is_in(bob, key)
    await bob.group_invites(key)
