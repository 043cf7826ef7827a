"""Bundles: they read back in whatever pieces; hostile bytes are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import RemoteProtocolError
from restante.protocol import bundle as b

BEGINS = b.BundleBegins(version=1, nonce=b"n" * 16, made_at_s=1_800_000_000)


def envelope(number: int, size: int = 4096) -> b.BundledEnvelope:
    named = bytes([number]) * 16
    return b.BundledEnvelope(
        id=named, mailbox_hint=named, token_hint=named, payload=bytes([number]) * size
    )


def whole(*envelopes: b.BundledEnvelope, said: int | None = None) -> bytes:
    ends = b.BundleEnds(envelopes=len(envelopes) if said is None else said)
    return b.MAGIC + b"".join(map(b.pack_bundle_item, (BEGINS, *envelopes, ends)))


def read(content: bytes, piece_bytes: int = 1 << 20) -> tuple[list[b.BundledEnvelope], bool]:
    reader = b.BundleReader()
    found = []
    for at in range(0, len(content), piece_bytes):
        found += reader.push(content[at : at + piece_bytes])
    return found, reader.is_whole


SOME = [envelope(1), envelope(2, 16_384), envelope(3, 65_536)]


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096, 1 << 20])
def test_a_bundle_reads_back_in_pieces_of_any_length(piece_bytes: int) -> None:
    assert read(whole(*SOME[: 1 if piece_bytes == 1 else 3]), piece_bytes) == (
        SOME[: 1 if piece_bytes == 1 else 3],
        True,
    )


@given(st.integers(0, len(whole(*SOME)) - 1))
def test_what_is_cut_off_is_good_as_far_as_it_goes(kept: int) -> None:
    found, is_whole = read(whole(*SOME)[:kept])
    assert found == SOME[: len(found)]
    assert not is_whole


@given(st.binary(max_size=200), st.integers(0, 80))
def test_bytes_are_read_or_refused(garbage: bytes, at: int) -> None:
    content = whole(SOME[0])
    for hostile in (garbage, content[:at] + garbage + content[at:], content[:at] + garbage):
        try:
            read(hostile)
        except RemoteProtocolError:
            continue


PACKED = b.pack_bundle_item(SOME[0])
BEGINNING = b.MAGIC + b.pack_bundle_item(BEGINS)


@pytest.mark.parametrize(
    "content",
    [
        b"restante backup\n" + bytes(100),
        b.MAGIC + PACKED,
        BEGINNING + b.pack_bundle_item(BEGINS),
        whole(SOME[0], said=2),
        whole(SOME[0]) + PACKED,
        whole(SOME[0]) + b"\x00",
        BEGINNING + bytes(4),
        BEGINNING + b"\x7f\xff\xff\xff",
        BEGINNING + b"\x00\x00\x00\x01\xc0",
    ],
)
def test_what_is_not_in_its_order_is_refused(content: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read(content)


def test_no_more_than_so_many_are_taken() -> None:
    reader = b.BundleReader()
    list(reader.push(BEGINNING))
    reader._envelopes = b.MAX_ENVELOPES - 1
    assert len(list(reader.push(PACKED))) == 1
    with pytest.raises(RemoteProtocolError, match="too many"):
        list(reader.push(PACKED))


def test_a_hint_is_another_one_in_each_bundle_and_of_each_envelope() -> None:
    hints = {b.hint_of(n, i, s) for n in (b"1", b"2") for i in (b"3", b"4") for s in (b"5", b"6")}
    assert len(hints) == 8
    assert {len(each) for each in hints} == {16}
