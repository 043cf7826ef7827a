"""Groups: people talk in one, let others in and out, and all see the same."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from restante.errors import UserError
from tests.client.made_pictures import a_picture, encoded
from tests.client.party import Party, a_party, hears, is_in, notices, said
from tests.client.world import a_world, eventually, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message


async def test_three_people_talk_and_all_see_the_same(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        sent = await party.alice.send(key, "Hello, all")
        await hears(party.bob, key, ["Hello, all"])
        await hears(party.carol, key, ["Hello, all"])
        # Neither has ever heard of the other before.
        await party.bob.send(key, "Hello, Carol")
        await hears(party.carol, key, ["Hello, all", "Hello, Carol"])
        await hears(party.alice, key, ["Hello, all", "Hello, Carol"])
        await reaches(party.alice, sent, "delivered")
        await party.bob.mark_read(key)
        await party.carol.mark_read(key)
        await reaches(party.alice, sent, "read")
        assert [c.address for c in await party.bob.contacts()] == [party.world.address("alice")]
        found = (await party.carol.messages(key, start=0, count=9))[-1]
        assert found.sender.address == party.world.address("bob")


async def test_who_changed_what_is_said_to_everybody(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.group_role(key, party.to_bob, "admin")
        await party.alice.group_set(key, name="Hikers", description="Sundays at 9")

        async def look() -> bool:
            found = await party.carol.group(key)
            return found.conversation.title == "Hikers" and found.members[1].role == "admin"

        await eventually(party.carol, look)
        alice, bob = party.world.address("alice"), party.world.address("bob")
        assert await notices(party.carol, key) == [
            f'{alice} began the group "Walkers".',
            f"{alice} added {bob} and you.",
            f"{alice} made {bob} an admin.",
            f'{alice} called it "Hikers". {alice} described it: "Sundays at 9".',
        ]
        assert (await notices(party.alice, key))[1].startswith("You added ")
        shown = (await party.carol.group(key)).changes
        assert [each.text for each in shown] == await notices(party.carol, key)
        assert (await party.carol.conversations())[0].title == "Hikers"
        assert await party.carol.resolve("hikers") == key


async def test_who_was_removed_hears_of_it_and_of_nothing_more(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.group_remove(key, [party.to_carol])

        async def is_out() -> bool:
            line = (await party.carol.group(key)).conversation.group
            return line is not None and line.role is None

        await eventually(party.carol, is_out)
        await party.alice.send(key, "Carol is gone")
        await hears(party.bob, key, ["Carol is gone"])
        await party.alice.send(party.to_carol, "We must talk")
        await shows(party.carol, (await party.carol.contacts())[0].key, ["We must talk"])
        assert await said(party.carol, key) == []
        with pytest.raises(UserError, match="not in"):
            await party.carol.send(key, "Let me in")


async def test_who_comes_later_reads_from_then_on(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        begun = await party.alice.group_new("Walkers", [party.to_bob])
        key = begun.conversation.key
        await is_in(party.bob, key)
        await party.alice.send(key, "Before")
        await hears(party.bob, key, ["Before"])
        await party.bob.send(key, "Also before")
        await hears(party.alice, key, ["Before", "Also before"])
        await party.alice.group_add(key, [party.to_carol])
        await is_in(party.carol, key)
        await is_in(party.bob, key, members=3)
        await party.alice.send(key, "Welcome")
        await party.bob.send(key, "Hello")
        await hears(party.carol, key, ["Welcome", "Hello"])
        await party.carol.send(key, "Thanks")
        await hears(party.bob, key, ["Before", "Also before", "Welcome", "Hello", "Thanks"])


async def _looks_are_an_admins(party: Party, key: str, folder: Path) -> None:
    picture, text = folder / "sea.png", folder / "sea.txt"
    picture.write_bytes(encoded(a_picture(64, 32), "PNG"))
    text.write_text("no picture")
    with pytest.raises(UserError, match="role"):
        await party.bob.group_set(key, picture=str(picture))
    with pytest.raises(UserError, match="no picture that can be decoded"):
        await party.alice.group_set(key, picture=str(text))
    with pytest.raises(UserError, match="whole path"):
        await party.alice.group_set(key, picture="sea.png")
    set_now = await party.alice.group_set(key, picture=str(picture))
    assert set_now.picture is not None
    assert len(set_now.picture.colours) == 6 * set_now.picture.columns * set_now.picture.rows
    assert (await party.alice.group_set(key, picture="")).picture is None
    said_so = [each.rpartition(" the picture")[0] for each in await notices(party.alice, key)]
    assert said_so[-2:] == ["You changed", "You took"]


async def test_roles_say_who_may_do_what(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        with pytest.raises(UserError, match="role"):
            await party.bob.group_set(key, name="Mine")
        with pytest.raises(UserError, match="role"):
            await party.bob.group_remove(key, [await _key_of(party.bob, key, "carol")])
        await _looks_are_an_admins(party, key, tmp_path)
        await party.alice.group_set(key, may_post="admin", may_mention_all="admin")

        async def is_quiet() -> bool:
            line = (await party.bob.group(key)).conversation.group
            return line is not None and not line.may_post

        await eventually(party.bob, is_quiet)
        with pytest.raises(UserError, match="Only admins"):
            await party.bob.send(key, "Hello")
        assert (await party.bob.group(key)).may_mention_all == "admin"
        said_so = (await notices(party.bob, key))[-1]
        assert said_so.endswith("let only admins and owners call everybody with @all.")
        await party.alice.send(key, "News")
        await hears(party.bob, key, ["News"])


async def _key_of(engine: LocalEngine, key: str, name: str) -> str:
    members = (await engine.group(key)).members
    return next(each.key for each in members if each.address.startswith(f"{name}@"))


async def test_an_only_owner_who_leaves_hands_the_group_on(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.group_role(key, party.to_bob, "admin")
        await party.alice.group_leave(key)
        found = await is_in(party.bob, key, members=2)
        assert {each.address.partition("@")[0]: each.role for each in found.members} == {
            "bob": "owner",
            "carol": "member",
        }
        await is_in(party.carol, key, members=2)
        await party.bob.send(key, "Now then")
        await hears(party.carol, key, ["Now then"])
        assert await said(party.alice, key) == []


async def test_edits_reactions_and_deletions_count_for_everybody(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        sent = await party.alice.send(key, "Helo")
        await hears(party.bob, key, ["Helo"])
        await party.alice.edit(sent.id, "Hello")
        await hears(party.bob, key, ["Hello"])
        await hears(party.carol, key, ["Hello"])
        await party.bob.react(sent.id, "👍")

        async def reacted() -> bool:
            found: Message = await party.carol.message(sent.id)
            return [each.emoji for each in found.reactions] == ["👍"]

        await eventually(party.carol, reacted)
        await party.alice.delete(sent.id, for_everyone=True)
        await hears(party.carol, key, ["[deleted]"])


async def test_a_group_of_a_stranger_waits_for_an_answer(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, AsyncExitStack() as stack:
        alice, bob = [await stack.enter_async_context(world.online(n)) for n in ("alice", "bob")]
        added = await alice.contact_add(world.address("bob"))
        key = (await alice.group_new("Winners", [added.key])).conversation.key
        found = await is_in(bob, key)
        assert found.conversation.contact == "request"
        with pytest.raises(UserError, match="Accept it first"):
            await bob.send(key, "Who are you?")
        await bob.contact_accept(key)
        await bob.send(key, "Hello")
        await hears(alice, key, ["Hello"])
        await bob.group_leave(key)
        await is_in(alice, key, members=1)
        await alice.group_add(key, [added.key])

        async def is_asked_again() -> bool:
            return (await bob.group(key)).conversation.contact == "request"

        await eventually(bob, is_asked_again)


async def test_admins_say_how_long_messages_of_the_group_stay(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        told = await party.alice.set_timer(key, timer_s=3_600)
        assert told.timer_s == 3_600

        async def stays_an_hour() -> bool:
            return (await party.bob.group(key)).conversation.timer_s == 3_600

        await eventually(party.bob, stays_an_hour)
        sent = await party.bob.send(key, "Gone in an hour")
        assert sent.timer_s == 3_600
        await hears(party.carol, key, ["Gone in an hour"])
        with pytest.raises(UserError, match="Your role"):
            await party.bob.set_timer(key, timer_s=0)
