"""What is in a backup: it reads back in whatever pieces; hostile bytes are refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import RemoteProtocolError
from restante.protocol import backup as b
from restante.protocol.history_part import MAX_ITEM_BYTES, Item, pack_item
from tests.protocol.strategies import of
from tests.protocol.test_history_part import RECORD, any_item

BEGINS = b.BackupBegins(
    version=1,
    generation=3,
    made_at_ms=1_800_000_000_000,
    account=b"a" * 16,
    address="alice@relay.example",
    messages_in_all=2,
)
ENDS = b.BackupEnds(messages=1, marks=0, records=1, files=0, disappearing=4, left_out=0)


def read(content: bytes, *, piece_bytes: int = 1 << 20) -> list[Item]:
    reader = b.ItemReader()
    items = []
    for at in range(0, len(content), piece_bytes):
        for packed, item in reader.push(content[at : at + piece_bytes]):
            assert pack_item(item) == packed
            items.append(item)
    reader.finish()
    return items


def whole(*items: Item) -> bytes:
    return b"".join(map(pack_item, (BEGINS, *items, ENDS)))


@given(st.lists(any_item(), max_size=4), st.integers(1, 300), st.integers(0, 500))
def test_a_backup_reads_back_in_pieces_of_any_length(
    items: list[Item], piece_bytes: int, padding: int
) -> None:
    content = whole(*items) + bytes(padding)
    assert read(content, piece_bytes=piece_bytes) == [BEGINS, *items, ENDS]


@given(of(b.BackupBegins), of(b.BackupEnds))
def test_its_own_items_read_back(begins: b.BackupBegins, ends: b.BackupEnds) -> None:
    assert read(pack_item(begins) + pack_item(ends)) == [begins, ends]


OF_GROUPS = (b.BackupManifest, b.BackupMember, b.BackupGroupEntry, b.BackupGroup)


@given(st.lists(st.sampled_from(OF_GROUPS).flatmap(of), max_size=4))
def test_items_of_groups_read_back(items: list[Item]) -> None:
    assert read(whole(*items)) == [BEGINS, *items, ENDS]
    assert all(b.is_readable(pack_item(each)) for each in items)


def test_an_item_that_nobody_could_read_is_known_before_it_is_written() -> None:
    assert b.is_readable(pack_item(RECORD))
    for damaged in (
        b.BackupGroup(group=b"short", state="joined", begun_at_ms=1, shown=bytes(32)),
        b.BackupManifest(manifest=b""),
    ):
        assert not b.is_readable(pack_item(damaged))


def test_a_backup_of_the_version_before_groups_is_read() -> None:
    begins = msgspec.structs.replace(BEGINS, version=1)
    assert read(pack_item(begins) + pack_item(ENDS)) == [begins, ENDS]
    with pytest.raises(RemoteProtocolError):
        read(pack_item(msgspec.structs.replace(BEGINS, version=3)) + pack_item(ENDS))


@given(st.lists(any_item(), min_size=1, max_size=2), st.data())
def test_a_backup_that_is_cut_off_is_refused(items: list[Item], data: st.DataObject) -> None:
    content = whole(*items)
    with pytest.raises(RemoteProtocolError):
        read(content[: data.draw(st.integers(0, len(content) - 1))])


@given(st.binary(max_size=200), st.integers(0, 80))
def test_bytes_are_read_or_refused(garbage: bytes, at: int) -> None:
    content = whole(RECORD)
    for hostile in (garbage, content[:at] + garbage + content[at:], content[:at] + garbage):
        try:
            read(hostile)
        except RemoteProtocolError:
            continue


@pytest.mark.parametrize(
    "content",
    [
        pack_item(RECORD) + pack_item(ENDS),
        pack_item(BEGINS) + pack_item(BEGINS) + pack_item(ENDS),
        whole(RECORD) + b"\x00\x01",
        whole(RECORD) + pack_item(RECORD),
        pack_item(BEGINS) + bytes(8),
        pack_item(BEGINS) + (MAX_ITEM_BYTES + 1).to_bytes(4, "big"),
        pack_item(BEGINS) + b"\x00\x00\x00\x01\xc0" + pack_item(ENDS),
    ],
)
def test_what_is_not_in_its_order_is_refused(content: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read(content)
