"""Parts of a history: they read back; hostile ones are refused before anything of them counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from restante.errors import RemoteProtocolError
from restante.protocol import history_part as h
from restante.protocol.codec import encode
from tests.protocol.strategies import of

TRANSFER = b"this transfer---"
ENDS = h.PartEnds(is_last=True, messages_so_far=7, messages_in_all=9, left_out=0)
BEGINS = h.PartBegins(version=1, transfer=TRANSFER, number=3)
ITEMS = (h.HistoryRecord, h.HistoryConversation, h.HistoryMessage, h.HistoryMark)
RECORD = h.HistoryRecord(kind=2, key=b"key", rank=1, device=bytes(16), value=None)


def any_item() -> st.SearchStrategy[Any]:
    return st.sampled_from(ITEMS).flatmap(of)


def read(part: bytes) -> tuple[list[h.Item], h.PartEnds]:
    opened = h.open_part(part, transfer=TRANSFER, number=3)
    return list(opened.items), opened.ends


def whole(*items: h.Item) -> bytes:
    return b"".join(h.part_pieces(TRANSFER, 3, packed(*items), ENDS))


def packed(*items: h.Item) -> bytes:
    return b"".join(map(h.pack_item, items))


@given(st.lists(any_item(), max_size=4))
def test_a_part_reads_back(items: list[h.Item]) -> None:
    assert read(whole(*items)) == (items, ENDS)


@given(st.lists(any_item(), min_size=1, max_size=2), st.data())
def test_a_part_that_is_cut_off_is_refused(items: list[h.Item], data: st.DataObject) -> None:
    part = whole(*items)
    with pytest.raises(RemoteProtocolError):
        read(part[: data.draw(st.integers(0, len(part) - 1))])


@given(st.binary(max_size=200), st.integers(0, 60))
def test_bytes_are_read_or_refused(garbage: bytes, at: int) -> None:
    part = whole(RECORD)
    for hostile in (garbage, part[:at] + garbage + part[at:], part[:at] + garbage):
        try:
            read(hostile)
        except RemoteProtocolError:
            continue


@pytest.mark.parametrize(
    "items",
    [
        (),
        (BEGINS,),
        (ENDS,),
        (RECORD, ENDS),
        (BEGINS, RECORD),
        (RECORD, BEGINS, ENDS),
        (BEGINS, BEGINS, ENDS),
        (BEGINS, ENDS, ENDS),
        (BEGINS, ENDS, RECORD),
        (replace(BEGINS, version=2), ENDS),
        (replace(BEGINS, number=4), ENDS),
        (replace(BEGINS, transfer=bytes(16)), ENDS),
    ],
)
def test_a_part_begins_and_ends_once_and_is_the_one_asked_for(items: tuple[h.Item, ...]) -> None:
    with pytest.raises(RemoteProtocolError):
        read(packed(*items))


@pytest.mark.parametrize("item", [encode([99, b"what is this"]), encode([3, "no record"]), b"\xc1"])
def test_an_item_that_cannot_be_read_costs_only_itself_and_is_counted(item: bytes) -> None:
    unreadable = len(item).to_bytes(4, "big") + item
    part = packed(BEGINS, RECORD) + unreadable + packed(RECORD) + unreadable + packed(ENDS)
    opened = h.open_part(part, transfer=TRANSFER, number=3)
    assert (list(opened.items), opened.unreadable) == ([RECORD, RECORD], 2)
    assert not h.is_readable(unreadable)
    assert h.is_readable(packed(RECORD))
    with pytest.raises(RemoteProtocolError):
        read(unreadable + packed(BEGINS, ENDS))


def test_what_is_larger_than_it_may_be_is_refused() -> None:
    for size in (0, h.MAX_ITEM_BYTES + 1, 10 * 2**30):
        length = (size & 0xFFFF_FFFF).to_bytes(4, "big")
        with pytest.raises(RemoteProtocolError):
            read(packed(BEGINS) + length + bytes(h.MAX_ITEM_BYTES + 1) + packed(ENDS))
    with pytest.raises(RemoteProtocolError):
        read(bytes(h.MAX_PART_BYTES + 1))


def test_the_largest_message_fits_an_item_and_a_part_takes_many() -> None:
    largest = h.HistoryMessage(
        conversation=bytes(32),
        id=bytes(16),
        author=bytes(16),
        device=bytes(16),
        counter=2**63 - 1,
        rank=2**63 - 1,
        sent_at_ms=2**63 - 1,
        received_at_ms=2**63 - 1,
        kind="k" * h.MAX_WORD_CHARS,
        state="s" * h.MAX_WORD_CHARS,
        error="\N{FOX FACE}" * h.MAX_ERROR_CHARS,
        quote=bytes(16),
        quote_excerpt="\N{FOX FACE}" * (h.MAX_EXCERPT_CHARS // 4),
        expires_at_ms=2**63 - 1,
        timer_s=2**32 - 1,
        gone_at_ms=2**63 - 1,
        text=" " * h.MAX_SHOWN_BYTES,
        body=bytes(65_536),
    )
    assert len(h.pack_item(largest)) <= h.MAX_ITEM_BYTES
    items, _ = read(whole(largest, largest))
    assert items == [largest, largest]
