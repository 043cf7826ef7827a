"""What changes of messages do to a profile: in any order, and from whoever may not say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.changes import Changes
from restante.client.grammar.hiding import HIDDEN, apply_hidden
from restante.client.grammar.marking import MAX_STRAYS
from restante.client.grammar.readings import read_elsewhere
from restante.client.grammar.sharing import place_of
from restante.client.grammar.shown import details, versions
from restante.client.grammar.timers import (
    conversation_timer_s,
    erase_gone,
    start_clock,
)
from restante.client.grammar.upgrading import KINDS, read_anew
from restante.errors import RemoteProtocolError, UserError
from restante.protocol.content import (
    Content,
    Deletion,
    Kind,
    Location,
    Pin,
    Quote,
    Reaction,
    Setting,
)
from restante.protocol.sync import RecordKind
from restante.store.client_account import set_value
from restante.store.client_feed import feed_after
from restante.store.client_marks import count_stray_marks, marks_of
from restante.store.client_messages import message
from restante.store.client_records import RecordRow, put_record
from restante.store.client_search import Wanted, search
from tests.client.said import (
    ALICE,
    BOB,
    NOW_MS,
    arrive,
    content,
    edit,
    place,
    text,
)
from tests.store.profiles import profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

CAROL = b"carol-----------"
ONE = b"one".ljust(16, b"-")
TWO = b"two".ljust(16, b"-")
HOUR_MS = 3_600_000


async def in_a_profile(folder: Path, claim: Callable[[Rows], None]) -> None:
    async with profile(folder) as opened:
        await opened.write(claim)


def here(rows: Rows, message_id: bytes = ONE) -> MessageRow:
    found = message(rows, message_id)
    assert found is not None
    return found


def seen(rows: Rows, message_id: bytes = ONE) -> dict[str, object]:
    named = {ALICE: ("me", True), BOB: ("Bob", False)}
    return details(
        here(rows, message_id),
        marks_of(rows, message_id),
        lambda account: named.get(account, ("", False)),
        lambda *_: True,
    )


async def test_only_its_author_edits_or_deletes_a_message(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(text("Bob's"), id=ONE))
        arrive(rows, content(edit(ONE, text("Alice's")), id=b"e"), author=ALICE)
        arrive(rows, content(Deletion(message=ONE), id=b"d"), author=ALICE)
        arrive(rows, content(edit(TWO, text("Alice's")), id=b"e2"), author=ALICE)
        arrive(rows, content(Deletion(message=TWO), id=b"d2"), author=ALICE)
        arrive(rows, content(text("Bob's too"), id=TWO))
        assert (here(rows).text, here(rows, TWO).text) == ("Bob's", "Bob's too")
        assert marks_of(rows, ONE) == marks_of(rows, TWO) == []

    await in_a_profile(tmp_path, claim)


async def test_nobody_changes_a_message_from_another_conversation(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(text("for Bob"), id=ONE))
        for change_id, body in {
            b"r": Reaction(message=ONE, emoji="👎"),
            b"p": Pin(message=ONE, is_pinned=True),
            b"d": Deletion(message=ONE),
        }.items():
            arrive(rows, content(body, id=change_id), author=CAROL, conversation=CAROL)
        assert (here(rows).kind, seen(rows)["reactions"], seen(rows)["pinned"]) == (
            "text",
            [],
            False,
        )

    await in_a_profile(tmp_path, claim)


async def test_changes_wait_for_their_message(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(edit(ONE, text("second")), id=b"e2", rank=3))
        arrive(rows, content(edit(ONE, text("first")), id=b"e1", rank=2))
        arrive(rows, content(Reaction(message=ONE, emoji="👍"), id=b"r"), author=ALICE)
        arrive(rows, content(text("original"), id=ONE, rank=1))
        assert here(rows).text == "second"
        history = versions(here(rows), marks_of(rows, ONE))
        assert [each.body for each in history] == ["original", "first", "second"]
        assert [each.emoji for each in seen(rows)["reactions"]] == ["👍"]
        assert [found.row.id for found in search(rows, Wanted(words="second"), 9)] == [ONE]
        assert search(rows, Wanted(words="original"), 9) == []

    await in_a_profile(tmp_path, claim)


async def test_changes_that_waited_for_a_message_stay_as_long_as_it_does(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(edit(ONE, text("second")), id=b"e", disappears_after_s=60))
        arrive(rows, content(text("first"), id=ONE, disappears_after_s=60))
        erase_gone(rows, Changes(), now_ms=NOW_MS + HOUR_MS)  # nobody has read it yet
        assert (here(rows).text, seen(rows)["edited"]) == ("second", True)
        start_clock(rows, ONE, at_ms=NOW_MS, now_ms=NOW_MS + HOUR_MS)
        erase_gone(rows, Changes(), now_ms=NOW_MS + HOUR_MS)
        assert message(rows, ONE) is None

    await in_a_profile(tmp_path, claim)


async def test_what_was_deleted_leaves_nothing_and_does_not_come_back(tmp_path: Path) -> None:
    quote = Quote(message=ONE, excerpt="a sec")
    answer = content(text("why?", quote=quote), id=TWO)

    def claim(rows: Rows) -> None:
        secret = content(text("a secret"), id=ONE)
        arrive(rows, secret)
        arrive(rows, answer, author=ALICE)
        arrive(rows, content(edit(ONE, text("a secret still")), id=b"e"))
        arrive(rows, content(Deletion(message=ONE), id=b"d"))
        arrive(rows, content(edit(ONE, text("a secret again")), id=b"e2", rank=1 << 50))
        assert not arrive(rows, secret)
        row = here(rows)
        assert (row.kind, row.text, row.body) == ("deleted", "", b"")
        assert search(rows, Wanted(words="secret"), 9) == []
        assert here(rows, TWO).quote_excerpt == ""
        assert b"a sec" not in here(rows, TWO).body
        assert [each.kind for each in marks_of(rows, ONE)] == [int(Kind.DELETION)]
        # An answer that comes later brings its excerpt along in vain.
        late = content(text("what?", quote=quote), id=b"late")
        arrive(rows, late)
        assert here(rows, late.id).quote_excerpt == ""
        assert b"a sec" not in here(rows, late.id).body

    await in_a_profile(tmp_path, claim)


async def test_a_flood_of_changes_to_nothing_is_bounded(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        for number in range(MAX_STRAYS + 40):
            target = number.to_bytes(16, "big")
            arrived = arrive(rows, content(Pin(message=target, is_pinned=True), id=target[::-1]))
            assert arrived  # its counter has, whatever is kept of it
        assert count_stray_marks(rows, BOB) == MAX_STRAYS
        # Others, and what is here, are not held up by it.
        arrive(rows, content(text("here"), id=ONE))
        arrive(rows, content(Pin(message=ONE, is_pinned=True), id=b"p"))
        arrive(rows, content(Pin(message=TWO, is_pinned=True), id=b"p2"), author=ALICE)
        assert seen(rows)["pinned"]
        assert count_stray_marks(rows, ALICE) == 1

    await in_a_profile(tmp_path, claim)


async def test_a_thousand_edits_and_reactions_keep_a_bounded_history(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(text("0"), id=ONE))
        for number in range(1, 131):
            change_id, rank = number.to_bytes(2, "big"), (1 << 40) + number
            arrive(rows, content(edit(ONE, text(str(number))), id=b"e" + change_id, rank=rank))
            reaction = Reaction(message=ONE, emoji="👍" if number % 2 else "🎉")
            arrive(rows, content(reaction, id=b"r" + change_id, rank=rank))
        assert here(rows).text == "130"
        assert len(marks_of(rows, ONE)) == 100 + 1
        assert [each.emoji for each in seen(rows)["reactions"]] == ["🎉"]

    await in_a_profile(tmp_path, claim)


async def test_a_reaction_that_is_no_emoji_shows_nothing(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(text("hello"), id=ONE))
        for number, emoji in enumerate(["\x1b]0;pwn\x07", "fool", "👍\u202e", "\x9b31m", "👍👍"]):
            rank = (1 << 40) + number
            arrive(rows, content(Reaction(message=ONE, emoji=emoji), id=b"%d" % number, rank=rank))
            assert seen(rows)["reactions"] == []

    await in_a_profile(tmp_path, claim)


@pytest.mark.parametrize(("latitude", "longitude"), [(900_000_001, 0), (0, -1_800_000_001)])
async def test_a_place_that_is_nowhere_on_earth_is_malformed(
    tmp_path: Path, latitude: int, longitude: int
) -> None:
    def claim(rows: Rows) -> None:
        nowhere = content(place(latitude, longitude), id=ONE)
        with pytest.raises(RemoteProtocolError):
            arrive(rows, nowhere)
        with pytest.raises(RemoteProtocolError):
            arrive(rows, content(edit(ONE, place(latitude, longitude)), id=b"e"))
        assert message(rows, ONE) is None

    await in_a_profile(tmp_path, claim)


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90.1, 0.0), (0.0, 180.5), (float("nan"), 0.0), (0.0, float("inf"))]
)
def test_nobody_sends_a_place_that_is_nowhere(latitude: float, longitude: float) -> None:
    with pytest.raises(UserError, match="degrees"):
        place_of(latitude, longitude, accuracy_m=None, label="")


async def test_a_live_place_is_where_it_was_last(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        until_s = NOW_MS // 1000 + 600
        arrive(rows, content(place(-348_833_330, -561_666_670, live_until_s=until_s), id=ONE))
        assert here(rows).text == "geo:-34.883333,-56.166667"
        for number in range(5):
            moved = place(-348_833_330 + number, 0, live_until_s=until_s)
            rank = (1 << 40) + number
            arrive(rows, content(edit(ONE, moved), id=b"e%d" % number, rank=rank))
        shown = seen(rows)["location"]
        assert (shown.latitude, shown.longitude) == (-34.8833326, 0.0)
        assert shown.live_until is not None
        assert len(marks_of(rows, ONE)) == 1
        # A text can't take the place of a place.
        arrive(rows, content(edit(ONE, text("gotcha")), id=b"t", rank=1 << 50))
        assert here(rows).kind == "location"

    await in_a_profile(tmp_path, claim)


async def test_a_place_of_the_last_day_of_all_calendars_is_shown(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        far = Location(
            latitude_e7=0,
            longitude_e7=0,
            accuracy_m=(1 << 32) - 1,
            live_until_s=(1 << 63) - 1,
            label="\x1b[2Jhome\u202e",
        )
        arrive(rows, content(far, id=ONE))
        shown = seen(rows)["location"]
        assert (shown.label, shown.live_until) == ("[2Jhome", "9999-12-31T23:59:59.999Z")
        assert "\x1b" not in here(rows).text

    await in_a_profile(tmp_path, claim)


async def test_what_is_over_leaves_no_word_and_does_not_come_back(tmp_path: Path) -> None:
    short = content(text("burn this"), id=ONE, disappears_after_s=60)
    answer = content(text("ok", quote=Quote(message=ONE, excerpt="burn this")), id=TWO)

    def claim(rows: Rows) -> None:
        changes = Changes()
        arrive(rows, short)
        arrive(rows, answer)
        arrive(rows, content(Reaction(message=ONE, emoji="🔥"), id=b"r"), author=ALICE)
        assert here(rows).gone_at_ms is None
        start_clock(rows, ONE, at_ms=NOW_MS, now_ms=NOW_MS)
        assert not erase_gone(rows, changes, now_ms=NOW_MS + 59_999)
        assert message(rows, ONE) is not None
        erase_gone(rows, changes, now_ms=NOW_MS + 60_000)
        assert message(rows, ONE) is None
        assert changes.is_resync
        assert search(rows, Wanted(words="burn"), 9) == []
        assert [line.message.id for line in feed_after(rows, 0, 9)] == [TWO]
        assert here(rows, TWO).quote_excerpt == ""
        assert b"burn" not in here(rows, TWO).body
        assert {each.kind for each in marks_of(rows, ONE)} == {1000}
        # Neither a copy that was late nor an answer nor an edit brings anything of it back.
        assert arrive(rows, short, now_ms=NOW_MS + HOUR_MS)
        late = content(text("oh", quote=Quote(message=ONE, excerpt="burn this")), id=b"late")
        arrive(rows, late, now_ms=NOW_MS + HOUR_MS)
        arrive(rows, content(edit(ONE, text("burn it all")), id=b"e"), now_ms=NOW_MS + HOUR_MS)
        assert message(rows, ONE) is None
        assert here(rows, late.id).quote_excerpt == ""
        assert {each.kind for each in marks_of(rows, ONE)} == {1000}

    await in_a_profile(tmp_path, claim)


async def test_the_earliest_reading_starts_the_clock(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(text("soon gone"), id=ONE, disappears_after_s=60))
        for at_ms in (NOW_MS - 1000, NOW_MS + HOUR_MS, NOW_MS - 5000, NOW_MS):
            start_clock(rows, ONE, at_ms=at_ms, now_ms=NOW_MS)
        assert here(rows).gone_at_ms == NOW_MS - 5000 + 60_000
        # One's own, sent from another device: so long after it left there, which that one says.
        mine = content(text("mine"), id=TWO, disappears_after_s=60, sent_at_ms=NOW_MS - 9000)
        arrive(rows, mine, author=ALICE)
        assert here(rows, TWO).gone_at_ms is None
        read_elsewhere(rows, Changes(), BOB, [TWO], at_ms=NOW_MS - 7000, now_ms=NOW_MS)
        assert here(rows, TWO).gone_at_ms == NOW_MS - 7000 + 60_000

    await in_a_profile(tmp_path, claim)


async def test_a_timer_longer_than_all_our_lives_is_only_a_number(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        most = (1 << 32) - 1
        arrive(rows, content(Setting(disappears_after_s=most), id=TWO))
        assert conversation_timer_s(rows, BOB) == most
        arrive(rows, content(text("for ever"), id=ONE, disappears_after_s=most))
        start_clock(rows, ONE, at_ms=NOW_MS, now_ms=NOW_MS)
        assert str(seen(rows)["gone_at"]).startswith("2163-")
        assert not erase_gone(rows, Changes(), now_ms=NOW_MS + HOUR_MS)

    await in_a_profile(tmp_path, claim)


async def test_a_setting_can_neither_be_deleted_nor_hidden(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        arrive(rows, content(Setting(disappears_after_s=3600), id=ONE, rank=1))
        arrive(rows, content(Setting(disappears_after_s=86_400), id=TWO, rank=2))
        arrive(rows, content(Deletion(message=TWO), id=b"d"))
        kind = int(RecordKind.HIDDEN)
        put_record(rows, RecordRow(kind=kind, key=TWO, rank=1, device_id=b"d", value=HIDDEN))
        apply_hidden(rows, Changes(), TWO)
        assert conversation_timer_s(rows, BOB) == 86_400
        assert here(rows, TWO).text == "Messages disappear 1 day after they were read."

    await in_a_profile(tmp_path, claim)


async def test_a_kind_of_a_later_version_is_read_once_it_is_known(tmp_path: Path) -> None:
    def claim(rows: Rows) -> None:
        changes = Changes()
        strange = content(text("?"), id=TWO, kind=98, body=b"\x93 whatever")
        arrive(rows, strange)
        for message_id, sent in {
            ONE: content(place(1, 2), id=ONE),
            b"pin".ljust(16, b"-"): content(Pin(message=TWO, is_pinned=True), id=b"pin"),
        }.items():
            # As a version filed it that knew neither.
            arrive(rows, content(text("x"), id=message_id, kind=98))
            rows._connection.execute(
                "UPDATE messages SET body = ? WHERE id = ?", (sent.to_bytes(), message_id)
            )
        assert {here(rows, each).kind for each in (ONE, TWO)} == {"unknown"}
        set_value(rows, "known_kinds", KINDS[:-1])
        read_anew(rows, changes, now_ms=NOW_MS)
        assert (here(rows).kind, here(rows).text) == ("location", "geo:0.0000001,0.0000002")
        assert here(rows, TWO).kind == "unknown"
        assert Content.from_bytes(here(rows, TWO).body) == strange
        assert message(rows, b"pin".ljust(16, b"-")) is None
        assert seen(rows, TWO)["pinned"]

    await in_a_profile(tmp_path, claim)
