"""A history given out in parts and taken in elsewhere: equal row by row, whatever disturbs it."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from restante.client.changes import Changes
from restante.client.grammar.marking import note_read_before, own_mark_id
from restante.client.grammar.timers import forget
from restante.client.history_transfer import exporting
from restante.client.history_transfer.exporting import Filling, Place, Stage
from restante.client.history_transfer.importing import Importer, batches
from restante.client.history_transfer.items import message_item
from restante.protocol.content import Kind
from restante.protocol.history_part import (
    MAX_PART_BYTES,
    HistoryMessage,
    HistoryRecord,
    open_part,
    part_pieces,
)
from restante.protocol.sync import RecordKind
from restante.store.client_conversations import gaps, note_counter
from restante.store.client_database import open_client_database
from restante.store.client_feed import feed_after
from restante.store.client_inbox import count_receipts
from restante.store.client_marks import add_mark, marks_of
from restante.store.client_messages import insert_messages, message, update_state
from restante.store.client_records import RecordRow, put_record
from restante.store.client_transfers import OUT
from restante.store.seam import open_loop
from restante.store.sqlcipher import DatabaseKey
from tests.client.made_history import (
    FIRST_MS,
    NEW_DEVICE,
    OWN,
    OWN_DEVICE,
    everything,
    fill,
    highest,
    made_change,
)
from tests.store.made_rows import made_message
from tests.store.profiles import KEY, Profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from restante.store.client_rows import Rows

NOW_MS = FIRST_MS + 10_000_000_000
TRANSFER = b"this transfer---"


@asynccontextmanager
async def two_devices(folder: Path) -> AsyncIterator[tuple[Profile, Profile]]:
    """Open the databases of an old and of a new device."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_loop())
        old, new = [
            await stack.enter_async_context(open_client_database(folder / name, DatabaseKey(KEY)))
            for name in ("old.db", "new.db")
        ]
        yield Profile(database=old), Profile(database=new)


def put(rows: Rows, changes: Changes, item: HistoryRecord) -> None:
    put_record(
        rows,
        RecordRow(
            kind=item.kind, key=item.key, rank=item.rank, device_id=item.device, value=item.value
        ),
    )


def importer() -> Importer:
    return Importer(own_account=OWN, own_device=NEW_DEVICE, put_record=put, now_ms=NOW_MS)


async def begun(old: Profile) -> Place:
    return await old.read(exporting.begin, transfer=TRANSFER, device_id=NEW_DEVICE, now_ms=NOW_MS)


async def next_part(old: Profile, place: Place, *, room_bytes: int) -> tuple[bytes, Place]:
    """Make one part, as the old device does."""
    number = place.transfer.next_number
    part = Filling(room_bytes=room_bytes)
    while not part.is_full and place.transfer.stage != Stage.DONE:
        place = await old.read(exporting.step, place, part, own_device=OWN_DEVICE, now_ms=NOW_MS)
    packed = b"".join(part_pieces(TRANSFER, number, part.items, exporting.ends(place, part)))
    return packed, replace(place, transfer=replace(place.transfer, next_number=number + 1))


async def parts_of(old: Profile, *, room_bytes: int = 60_000) -> list[bytes]:
    place, parts = await begun(old), []
    while place.transfer.stage != Stage.DONE:
        part, place = await next_part(old, place, room_bytes=room_bytes)
        parts.append(part)
    return parts


async def take_in(new: Profile, part: bytes, number: int, *, stop_after: int | None = None) -> bool:
    """Take a part in, or begin to; return whether it was the last one."""
    opened = open_part(part, transfer=TRANSFER, number=number)
    for count, batch in enumerate(batches(opened.items)):
        if count == stop_after:
            break
        await new.write(importer().take_in, Changes(), batch)
    return opened.ends.is_last


async def all_of(profile: Profile) -> dict[str, object]:
    return await profile.read(everything)


async def test_two_thousand_messages_arrive_row_by_row(tmp_path: Path) -> None:
    async with two_devices(tmp_path) as (old, new):
        await old.write(fill, messages=2000, conversations=7)
        parts = await parts_of(old)
        assert len(parts) > 10
        lasts = [await take_in(new, part, number) for number, part in enumerate(parts)]
        assert lasts == [False] * (len(parts) - 1) + [True]
        assert await all_of(new) == await all_of(old)
        assert await new.read(highest, NEW_DEVICE) == await old.read(highest, OWN_DEVICE)
        assert not await new.read(feed_after, 0, 10)
        assert not await new.read(count_receipts)


async def test_the_first_part_has_the_newest_of_every_conversation(tmp_path: Path) -> None:
    async with two_devices(tmp_path) as (old, new):
        await old.write(fill, messages=2000, conversations=7)
        part, _ = await next_part(
            old, await begun(old), room_bytes=exporting.room_of(0, part_bytes=MAX_PART_BYTES)
        )
        await take_in(new, part, 0)
        theirs = (await all_of(old))["messages"]
        ours = (await all_of(new))["messages"]
        assert isinstance(theirs, dict)
        assert isinstance(ours, dict)
        for key, rows in theirs.items():
            assert ours[key][: exporting.NEWEST] == rows[: exporting.NEWEST]


async def test_parts_interrupted_repeated_and_out_of_order_come_to_the_same(tmp_path: Path) -> None:
    chance = random.Random(3)
    async with two_devices(tmp_path) as (old, new):
        await old.write(fill, messages=900, conversations=3)
        numbered = list(enumerate(await parts_of(old)))
        for number, part in chance.sample(numbered, len(numbered)):
            await take_in(new, part, number, stop_after=chance.choice((0, 1, None)))
        for number, part in chance.sample(numbered, len(numbered)):
            await take_in(new, part, number)
        assert await all_of(new) == await all_of(old)


async def test_a_walk_that_is_lost_before_its_part_was_kept_is_walked_again(tmp_path: Path) -> None:
    chance = random.Random(4)
    async with two_devices(tmp_path) as (old, new):
        await old.write(fill, messages=600, conversations=3)
        place = await begun(old)
        while place.transfer.stage != Stage.DONE:
            number = place.transfer.next_number
            part, after = await next_part(old, place, room_bytes=20_000)
            if chance.random() < 0.6:
                await take_in(new, part, number)
                place = after
        assert await all_of(new) == await all_of(old)


async def test_what_comes_meanwhile_on_either_side_is_neither_lost_nor_doubled(
    tmp_path: Path,
) -> None:
    chance = random.Random(5)
    key = b"A" * 16
    late = made_message(chance, rank=(NOW_MS - 5) << 16, conversation=key, author=key, counter=9001)
    early = made_message(chance, rank=(FIRST_MS - 9) << 16, conversation=key, author=key, counter=0)
    live = made_message(chance, rank=(NOW_MS - 3) << 16, conversation=key, author=key, counter=9002)
    async with two_devices(tmp_path) as (old, new):
        await old.write(fill, messages=600, conversations=2)
        place = await begun(old)
        part, place = await next_part(old, place, room_bytes=20_000)
        await take_in(new, part, 0)
        for added in (late, early):
            await old.write(insert_messages, key, [added])
        await old.write(insert_messages, key, [live])
        await new.write(insert_messages, key, [live])  # both got this one
        await old.write(add_mark, made_change(chance, late, Kind.REACTION, "❤"))
        while place.transfer.stage != Stage.DONE:
            number = place.transfer.next_number
            part, place = await next_part(old, place, room_bytes=20_000)
            await take_in(new, part, number)
        assert await all_of(new) == await all_of(old)
        assert await new.read(marks_of, late.id)


async def test_what_comes_when_only_the_counters_are_left_is_given_out_before_them(
    tmp_path: Path,
) -> None:
    chance = random.Random(6)
    key = b"A" * 16
    late = made_message(chance, rank=(NOW_MS - 5) << 16, conversation=key, author=key, counter=9001)
    async with two_devices(tmp_path) as (old, new):
        await old.write(fill, messages=60, conversations=2)
        place, part = await begun(old), Filling(room_bytes=60_000)
        while place.transfer.stage != Stage.COUNTERS:
            place = await old.read(
                exporting.step, place, part, own_device=OWN_DEVICE, now_ms=NOW_MS
            )
        await old.write(insert_messages, key, [late])
        await old.write(note_counter, key, late.device_id, late.counter)
        await old.write(add_mark, made_change(chance, late, Kind.REACTION, "❤"))
        while place.transfer.stage != Stage.DONE:
            place = await old.read(
                exporting.step, place, part, own_device=OWN_DEVICE, now_ms=NOW_MS
            )
        packed = part_pieces(TRANSFER, 0, part.items, exporting.ends(place, part))
        assert await take_in(new, b"".join(packed), 0)
        assert await new.read(message, late.id) == await old.read(message, late.id)
        assert await new.read(marks_of, late.id)


async def test_of_two_states_the_further_counts(tmp_path: Path) -> None:
    chance = random.Random(6)
    ours = made_message(
        chance, author=OWN, received_at_ms=None, state="relayed", rank=7 << 16, counter=1
    )
    theirs = made_message(chance, state="delivered", rank=8 << 16, counter=2)
    read = made_message(chance, state="delivered", rank=9 << 16, counter=3)
    async with two_devices(tmp_path) as (old, new):
        await old.write(insert_messages, theirs.conversation, [ours, theirs, read])
        parts = await parts_of(old)
        await new.write(insert_messages, theirs.conversation, [ours, theirs])
        await new.write(update_state, ours.id, "read", None)
        await new.write(update_state, theirs.id, "read", None)
        await new.write(partial(note_read_before, at_ms=5), read.conversation, read.id)
        await take_in(new, parts[0], 0)
        for row in (ours, theirs, read):
            found = await new.read(message, row.id)
            assert found is not None
            assert found.state == "read"


async def test_what_was_deleted_or_changed_here_meanwhile_stays_so(tmp_path: Path) -> None:
    chance = random.Random(7)
    hidden, gone, deleted, edited = (
        made_message(chance, rank=number << 16, counter=number) for number in range(1, 5)
    )
    quoting = made_message(
        chance, rank=6 << 16, counter=6, quote_id=gone.id, quote_excerpt="a secret"
    )
    everyone = [hidden, gone, deleted, edited, quoting]
    async with two_devices(tmp_path) as (old, new):
        await old.write(insert_messages, gone.conversation, everyone)
        parts = await parts_of(old)
        hiding = RecordRow(
            kind=int(RecordKind.HIDDEN), key=hidden.id, rank=1, device_id=NEW_DEVICE, value=b"1"
        )
        await new.write(put_record, hiding)
        await new.write(insert_messages, gone.conversation, [gone])
        await new.write(partial(forget, now_ms=NOW_MS), Changes(), gone)
        await new.write(add_mark, made_change(chance, deleted, Kind.DELETION, ""))
        await new.write(add_mark, made_change(chance, edited, Kind.EDIT, "as it is now"))
        await take_in(new, parts[0], 0)
        assert await new.read(message, hidden.id) is None
        assert await new.read(message, gone.id) is None
        found = [await new.read(message, row.id) for row in (deleted, edited, quoting)]
        assert [each and (each.kind, each.text) for each in found[:2]] == [
            ("deleted", ""),
            ("text", "as it is now"),
        ]
        assert found[2] is not None
        assert found[2].quote_excerpt == ""


async def test_counters_are_taken_over_and_a_gap_that_is_filled_here_is_none(
    tmp_path: Path,
) -> None:
    chance = random.Random(8)
    key, device = b"B" * 16, b"their phone-----"
    here = made_message(chance, rank=1 << 16, conversation=key, device_id=device, counter=3)
    async with two_devices(tmp_path) as (old, new):
        for counter in (1, 2, 5, 9):
            await old.write(note_counter, key, device, counter)
        parts = await parts_of(old)
        await new.write(note_counter, key, device, 12)  # came before its history: 1 to 11 lack
        await new.write(insert_messages, key, [here])
        await take_in(new, parts[0], 0)
        lacking = [(device, counter) for counter in (4, 6, 7, 8, 10, 11)]
        assert await new.read(gaps, key) == lacking


async def test_what_waits_to_be_sent_and_what_is_over_is_not_given_out(tmp_path: Path) -> None:
    chance = random.Random(9)
    made = partial(made_message, chance, author=OWN, received_at_ms=None)
    waiting = made(rank=1 << 16, counter=0, state="queued")
    sealed = made(rank=2 << 16, counter=1, state="queued")
    failed = made(rank=3 << 16, counter=0, state="failed")
    over = made(rank=4 << 16, counter=2, gone_at_ms=NOW_MS - 1)
    async with two_devices(tmp_path) as (old, new):
        await old.write(insert_messages, waiting.conversation, [waiting, sealed, failed, over])
        for number, part in enumerate(await parts_of(old)):
            await take_in(new, part, number)
        found = [await new.read(message, row.id) for row in (waiting, sealed, failed, over)]
        assert [each and each.state for each in found] == [None, "relayed", "failed", None]


async def test_what_a_device_noted_for_itself_is_not_given_out_and_spoils_no_part(
    tmp_path: Path,
) -> None:
    chance = random.Random(12)
    told = made_message(chance, rank=1 << 16, counter=1)
    early = replace(
        made_change(chance, told, Kind.REACTION, "\N{SPARKLES}"),
        id=own_mark_id("early-receipt", told.conversation, b"not here yet----"),
        target=b"not here yet----",
        kind=int(Kind.RECEIPT),
    )
    async with two_devices(tmp_path) as (old, new):
        await old.write(insert_messages, told.conversation, [told])
        await old.write(add_mark, early)
        for number, part in enumerate(await parts_of(old)):
            await take_in(new, part, number)
        assert await new.read(message, told.id) is not None
        assert await new.read(marks_of, early.target) == []


async def test_a_row_that_nobody_could_read_is_left_out_and_counted(tmp_path: Path) -> None:
    chance = random.Random(13)
    before, damaged, after = (
        made_message(chance, rank=number << 16, counter=number, kind=kind)
        for number, kind in ((1, "text"), (2, "x" * 40), (3, "text"))
    )
    async with two_devices(tmp_path) as (old, new):
        await old.write(insert_messages, before.conversation, [before, damaged, after])
        (part,) = await parts_of(old)
        assert open_part(part, transfer=TRANSFER, number=0).ends.left_out == 1
        await take_in(new, part, 0)
        found = [await new.read(message, row.id) for row in (before, damaged, after)]
        assert [each is not None for each in found] == [True, False, True]


async def test_what_a_part_says_is_made_safe_and_brought_within_our_words(tmp_path: Path) -> None:
    chance = random.Random(10)
    row = made_message(chance, rank=5 << 16)
    clean: Any = partial(HistoryMessage, **_fields(message_item(row)))
    hostile = [
        clean(
            id=b"1" * 16, text="\x1b[2Jboo\u202e", error="\x07bell\n" * 9, quote_excerpt="a\nb\x9b"
        ),
        clean(id=b"2" * 16, kind="hologram", text="\x1b]0;title\x07"),
        clean(id=b"3" * 16, state="telepathic"),
        clean(id=b"4" * 16, state="failed"),
        clean(id=b"5" * 16, author=OWN, state="awaiting acceptance", received_at_ms=None),
    ]
    async with two_devices(tmp_path) as (_, new):
        await new.write(importer().take_in, Changes(), hostile)
        found = [await new.read(message, each.id) for each in hostile]
        assert all(each is not None for each in found)
        first, unknown, *others = [each for each in found if each is not None]
        assert first.text == "[2Jboo"
        assert first.error == "bell " * 9
        assert first.quote_excerpt == "a b"
        assert (unknown.kind, unknown.text[:4], unknown.body) == ("unknown", "Sent", row.body)
        assert [each.state for each in others] == ["read", "read", "relayed"]


def _fields(item: HistoryMessage) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__struct_fields__}


async def test_a_part_is_never_larger_than_it_may_be(tmp_path: Path) -> None:
    chance = random.Random(11)
    tabs = "\t" * 65_000
    large = [
        made_message(chance, rank=number << 16, text="    " * 65_000, body=tabs.encode())
        for number in range(30)
    ]
    async with two_devices(tmp_path) as (old, new):
        await old.write(insert_messages, large[0].conversation, large)
        edits = [made_change(chance, large[0], Kind.EDIT, "x" * 60_000) for _ in range(50)]
        for edit in edits:
            await old.write(add_mark, edit)
        place, sizes = await begun(old), []
        assert place.transfer.direction == OUT
        while place.transfer.stage != Stage.DONE:
            number = place.transfer.next_number
            part, place = await next_part(
                old, place, room_bytes=exporting.room_of(number, part_bytes=MAX_PART_BYTES)
            )
            sizes.append(len(part))
            await take_in(new, part, number)
        assert max(sizes) <= MAX_PART_BYTES
        assert sizes[0] <= 5 * 1024 * 1024
        found = [await new.read(message, row.id) for row in large]
        assert [each and each.body for each in found] == [row.body for row in large]
        assert 10 < len(await new.read(marks_of, large[0].id)) < len(edits)
