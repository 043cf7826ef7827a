"""What people send beside texts: places, cards, and the names of others in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.grammar.mentions import find_mentions
from restante.client.grammar.reading import shown_mentions, timer_text
from restante.client.interface import Trust
from restante.errors import ExitCode, UserError
from restante.protocol.content import Mention
from tests.client.two_people import becomes, two_people
from tests.client.world import TurnedClock, shows
from tests.store.made_rows import BOB, made_contact

if TYPE_CHECKING:
    from pathlib import Path

CAROL = b"carol-----------"
PEOPLE = [
    made_contact(BOB, petname="Bob the Builder"),
    made_contact(CAROL, address="carol@relay.example"),
]


async def test_a_live_place_moves_for_both_until_it_ends(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with two_people(tmp_path, clock=clock) as two:
        sent = await two.bob.send_location(
            two.to_alice, latitude=-34.9, longitude=-56.17, accuracy_m=12, label="café", live_s=600
        )
        await shows(two.alice, two.to_bob, ["[location]"])
        seen = (await two.alice.message(sent.id)).location
        assert seen is not None
        assert (seen.latitude, seen.longitude, seen.accuracy_m) == (-34.9, -56.17, 12)
        assert seen.live_until is not None
        await two.bob.move_location(sent.id, latitude=-34.8, longitude=-56.2)
        await becomes(two.alice, sent, lambda m: getattr(m.location, "latitude", 0) == -34.8)
        seen = (await two.alice.message(sent.id)).location
        assert seen is not None
        assert seen.label == "café"
        with pytest.raises(UserError, match="your own"):
            await two.alice.move_location(sent.id, latitude=0, longitude=0)
        with pytest.raises(UserError, match="Only a text"):
            await two.bob.edit(sent.id, "elsewhere")
        await two.bob.move_location(sent.id, latitude=-34.7, longitude=-56.2, ends=True)
        clock.ahead_ms = 1000
        with pytest.raises(UserError, match="over"):
            await two.bob.move_location(sent.id, latitude=0, longitude=0)
        with pytest.raises(UserError, match="8 hours"):
            await two.bob.send_location(two.to_alice, latitude=0, longitude=0, live_s=8 * 3600 + 1)


async def test_a_card_leads_to_the_account_that_it_says(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two, two.world.online("carol") as carol:
        added = await two.alice.contact_add(await carol.contact_code(), petname="secret flame")
        sent = await two.alice.send_contact(two.to_bob, contact=added.key)
        arrived = await two.arrived(sent)
        assert arrived.card is not None
        assert (arrived.kind, arrived.card.conversation) == ("contact", None)
        assert "flame" not in str(arrived)  # a petname is its owner's alone
        known = await two.bob.add_card(sent.id, petname="Caro")
        assert (known.key, known.petname, known.trust) == (added.key, "Caro", Trust.UNVERIFIED)
        assert (await two.bob.message(sent.id)).card is not None
        text = await two.alice.send(two.to_bob, "no card")
        with pytest.raises(UserError, match="no contact card"):
            await two.alice.add_card(text.id)


async def test_a_card_with_anothers_address_is_refused(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two, two.world.online("carol") as carol:
        await two.alice.contact_add(await carol.contact_code())
        with pytest.raises(UserError, match="Somebody else") as refused:
            await two.bob._grammar().sharing._contacts.add(
                two.world.address("carol"), petname=None, account_id=bytes.fromhex(two.to_bob)
            )
        assert refused.value.exit_code is ExitCode.UNTRUSTED


async def test_who_is_named_in_a_text_sees_so(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        await two.alice.contact_rename(two.to_bob, "Bobby")
        sent = await two.alice.send(two.to_bob, "thanks, @Bobby!")
        (mine,) = (await two.alice.message(sent.id)).mentions
        assert (mine.start, mine.length, mine.name, mine.is_me) == (8, 6, "Bobby", False)
        arrived = await two.arrived(sent)
        (theirs,) = arrived.mentions
        assert (theirs.start, theirs.length, theirs.is_me) == (8, 6, True)
        await two.alice.edit(sent.id, "thanks")
        await becomes(two.bob, sent, lambda m: m.body == "thanks" and not m.mentions)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hi @bob the builder, and @carol.", ["@bob the builder", "@carol"]),
        ("@CAROL@relay.example: see", ["@CAROL@relay.example"]),
        ("mail carol@relay.example", []),
        ("@carolina @bobby @ @", []),
        ("@bob@relay.example", ["@bob@relay.example"]),
        ("", []),
    ],
)
def test_names_are_found_where_they_end(text: str, named: list[str]) -> None:
    found = find_mentions(text, PEOPLE)
    assert [text[each.start : each.start + each.length] for each in found] == named


def test_a_name_of_two_people_names_nobody() -> None:
    twice = [*PEOPLE, made_contact(b"d" * 16, address="carol@other.example")]
    assert find_mentions("@carol", twice) == []
    assert [m.account for m in find_mentions("@carol@other.example", twice)] == [b"d" * 16]


def test_a_stretch_that_is_not_in_the_text_names_nobody() -> None:
    def named(text: str, start: int, length: int) -> list[tuple[int, int]]:
        found = shown_mentions(text, [Mention(start=start, length=length, account=BOB)])
        return [(each.start, each.length) for each in found]

    assert named("@bob", 0, 4) == [(0, 4)]
    assert named("@bob", 0, 5) == named("@bob", 4, 1) == named("@bob", 0, 0) == []
    assert named("@bob", (1 << 32) - 1, (1 << 32) - 1) == []
    # Where the text is shown without an escape, the stretch moves along.
    assert named("\x1b\x1bhi @bob", 5, 4) == [(3, 4)]
    assert named("\x1b\x1b\x1b", 0, 2) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (45, "45 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (7200, "2 hours"),
        (86_400, "1 day"),
        (1_209_600, "2 weeks"),
        ((1 << 32) - 1, "4294967295 seconds"),
    ],
)
def test_a_time_is_said_in_its_largest_whole_unit(seconds: int, words: str) -> None:
    assert timer_text(seconds) == words
