"""Who types is seen in a small group, by its members who show it themselves, and by nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import trio

from restante.client.engine import LocalEngine
from restante.client.grammar import preferences
from restante.client.interface import TypingChanged
from restante.protocol.content import Kind, Typing
from tests.client.liars import tells
from tests.client.party import Party, a_party, hears, is_in
from tests.client.test_showing_oneself import switch
from tests.client.world import QUICK

Heard = list[tuple[str, bool]]


async def talked(party: Party) -> str:
    """A group in which all have said something, and all show that they type."""
    key = await party.group()
    for number, each in enumerate((party.alice, party.bob, party.carol)):
        await each.send(key, str(number))
        await switch(each, preferences.TYPING, preferences.ON)
    for each in (party.alice, party.bob, party.carol):
        await hears(each, key, ["0", "1", "2"])
    return key


async def heard(listener: LocalEngine, writer: LocalEngine, key: str, to: str) -> Heard:
    """Return who types in a group, as it is heard while somebody types there.

    `to`: where the writer's message goes that ends it, and comes after all they did before.
    """
    found: Heard = []
    async with listener.subscribe() as events:
        await writer.typing(key, is_typing=True)
        await writer.typing(key, is_typing=False)
        marker = await writer.send(to, "marker")
        with trio.fail_after(60):
            async for event in events:
                if isinstance(event, TypingChanged):
                    assert event.conversation == key
                    found.append((event.name.partition("@")[0], event.is_typing))
                elif getattr(getattr(event, "message", None), "id", None) == marker.id:
                    break
    return found


async def nobody_types_who_is_not_in_it(party: Party) -> None:
    """Carol says that she types in a group that she is not in."""
    group = await party.alice.group_new("Two", [party.to_bob])
    key = group.conversation.key
    await is_in(party.bob, key)
    own = (await party.alice.status()).address
    assert own is not None
    to_alice = await party.carol.resolve(own)
    found: Heard = []
    async with party.alice.subscribe() as events:
        await tells(party.carol, key, to_alice, Kind.TYPING, Typing(is_typing=True))
        marker = await party.carol.send(to_alice, "marker")
        with trio.fail_after(60):
            async for event in events:
                if isinstance(event, TypingChanged):
                    found.append((event.name, event.is_typing))
                elif getattr(getattr(event, "message", None), "id", None) == marker.id:
                    break
    assert found == []


async def test_members_see_who_types_whether_they_know_them_or_not(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await talked(party)
        await party.alice.contact_rename(party.to_bob, "Captain")
        assert await heard(party.alice, party.bob, key, key) == [
            ("Captain", True),
            ("Captain", False),
        ]
        assert await heard(party.carol, party.bob, key, key) == [("bob", True), ("bob", False)]
        await switch(party.carol, preferences.TYPING, preferences.OFF)
        assert await heard(party.carol, party.bob, key, key) == []
        await switch(party.bob, preferences.TYPING, preferences.OFF)
        assert await heard(party.alice, party.bob, key, key) == []
        await nobody_types_who_is_not_in_it(party)


async def test_in_a_group_of_many_devices_nobody_says_that_they_type(tmp_path: Path) -> None:
    async with a_party(tmp_path, tuning=replace(QUICK, most_pairwise=1)) as party:
        key = await talked(party)
        assert await heard(party.alice, party.bob, key, key) == []
