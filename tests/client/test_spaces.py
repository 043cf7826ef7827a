"""Spaces: their channels have their members, and each is a group of its own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from restante.errors import UserError
from restante.protocol import group as g
from restante.protocol.group import Role
from tests.client.liars import forged, tells_all
from tests.client.party import a_party, hears, is_in
from tests.client.world import PATIENCE_S, a_world, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def has_channel(engine: LocalEngine, space: str, name: str) -> str:
    """Wait until somebody sees a channel of a space, and is in it; return its key."""

    async def look() -> str | None:
        try:
            found = (await engine.space(space)).channels
        except UserError:
            return None
        for each in found:
            line = each.conversation
            if line is not None and line.title == name and line.contact == "accepted":
                return each.key
        return None

    key = await eventually(engine, look)
    assert key is not None
    return key


async def roles(engine: LocalEngine, key: str) -> dict[str, str]:
    """Who is in a group, by the name in their address, and as what."""
    members = (await engine.group(key)).members
    return {each.address.partition("@")[0]: each.role for each in members}


async def has_roles(engine: LocalEngine, key: str, expected: dict[str, str]) -> None:
    """Wait until exactly these are in a group."""

    async def look() -> bool:
        return await roles(engine, key) == expected

    await eventually(engine, look)


async def test_a_spaces_members_are_in_its_channels_with_their_roles(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        made = await party.alice.group_new("Club", [party.to_bob, party.to_carol], space=True)
        space = made.conversation.key
        await party.alice.space_add(space, "walks", category="Outside")
        shown = await party.alice.space_add(space, "news", may_post="admin")
        assert [(each.category, each.is_shared) for each in shown.channels] == [
            ("", True),
            ("Outside", True),
        ]
        walks = await has_channel(party.bob, space, "walks")
        news = await has_channel(party.carol, space, "news")
        assert await has_channel(party.carol, space, "walks") == walks
        await party.bob.send(walks, "Up the hill")
        await hears(party.carol, walks, ["Up the hill"])
        with pytest.raises(UserError, match="Only admins"):
            await party.carol.send(news, "Me too")
        with pytest.raises(UserError, match="holds channels"):
            await party.bob.send(space, "Hello")
        # What is changed in the space is changed in all of them.
        await party.alice.group_role(space, party.to_bob, "admin")
        await party.alice.group_remove(space, [party.to_carol])
        for key in (walks, news):
            await has_roles(party.bob, key, {"alice": "owner", "bob": "admin"})
        line = (await party.bob.group(walks)).conversation.group
        assert line is not None
        assert (line.space, line.category, line.position) == (space, "Outside", 1)
        moved = await party.bob.space_place(space, walks, category="Inside")
        assert [each.category for each in moved.channels] == ["", "Inside"]
        left = await party.bob.space_remove(space, walks)
        assert [each.key for each in left.channels] == [news]
        assert (await party.bob.group(walks)).members  # it stays a group


async def test_a_link_to_a_space_leads_into_its_channels_and_leaving_it_out_of_them(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, dave = [await stack.enter_async_context(world.online(n)) for n in ("alice", "dave")]
        space = (await alice.group_new("Club", [], space=True)).conversation.key
        await alice.space_add(space, "walks")
        link = (await alice.group_invite(space)).link
        assert link is not None
        assert (await dave.group_join(link, timeout_s=PATIENCE_S)).group == space
        walks = await has_channel(dave, space, "walks")
        await dave.send(walks, "Here I am")
        await hears(alice, walks, ["Here I am"])
        await dave.group_leave(space)
        await has_roles(alice, space, {"alice": "owner"})
        await has_roles(alice, walks, {"alice": "owner"})


async def test_a_group_of_ones_own_is_listed_as_it_is(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        made = await party.alice.group_new("Club", [party.to_bob], space=True)
        space = made.conversation.key
        walkers = (await party.alice.group_new("Walkers", [party.to_carol])).conversation.key
        shown = await party.alice.space_place(space, walkers, category="")
        assert [(each.key, each.is_shared) for each in shown.channels] == [(walkers, False)]
        await is_in(party.carol, walkers)

        async def listed() -> bool:
            try:
                found = (await party.bob.space(space)).channels
            except UserError:
                return False
            return [(each.key, each.conversation) for each in found] == [(walkers, None)]

        await eventually(party.bob, listed)
        assert await roles(party.alice, walkers) == {"alice": "owner", "carol": "member"}
        with pytest.raises(UserError, match="no other space"):
            await party.alice.space_place(space, space, category="")
        with pytest.raises(UserError, match="no space"):
            await party.alice.space_add(walkers, "x")
        with pytest.raises(UserError, match="role"):
            await party.bob.space_add(space, "mine")


async def test_what_nobody_wrote_into_a_channel_is_made_up_for(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        made = await party.alice.group_new("Club", [party.to_bob], space=True)
        space = made.conversation.key
        await party.alice.space_add(space, "walks")
        walks = await has_channel(party.bob, space, "walks")
        await party.alice.group_role(space, party.to_bob, "owner")
        await has_roles(party.bob, walks, {"alice": "owner", "bob": "owner"})
        # Bob's device says in the space alone that Alice is a member there, as one without the
        # channel would: the rest is up to who is an owner still, when their turn has come.
        alices = party.alice._services.running().own.account_id
        lowers = g.SetRole(account=alices, role=int(Role.MEMBER))
        entry = await party.bob._context.read(lambda rows: forged(party.bob, rows, space, lowers))
        await tells_all(party.bob, space, entry)
        await has_roles(party.alice, space, {"alice": "member", "bob": "owner"})
        await has_roles(party.alice, walks, {"alice": "member", "bob": "owner"})
