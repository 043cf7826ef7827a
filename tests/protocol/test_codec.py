"""What the decoders take and what they refuse, whatever the type."""

from __future__ import annotations

from typing import Annotated, Any

import hypothesis.strategies as st
import msgpack
import msgspec
import pytest
from hypothesis import given
from msgspec import Meta, Struct

from restante.errors import RemoteProtocolError, WireCode
from restante.protocol import frames as f
from restante.protocol.codec import decode, decode_tagged, encode, unpack
from restante.protocol.content import TokenGrant
from restante.protocol.limits import MAX_ARRAY_ITEMS, MAX_FRAME_BYTES
from tests.protocol.strategies import any_frame


class Sample(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=0, le=0xFFFF)]
    flag: bool
    blob: bytes
    name: str
    rest: list[bytes]
    maybe: bytes | None


SAMPLE = Sample(number=7, flag=True, blob=b"\x00\xff", name="ä", rest=[b"a"], maybe=None)


def packed(value: object) -> bytes:
    """Pack as the reference implementation does."""
    return bytes(msgpack.packb(value, use_bin_type=True))


builtins = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**64 - 1) | st.binary() | st.text(),
    lambda inner: st.lists(inner, max_size=5),
)


@given(builtins)
def test_what_is_encoded_is_unpacked_again_and_as_short_as_the_reference_packs_it(
    value: Any,
) -> None:
    data = encode(value)
    assert unpack(data) == value
    assert data == packed(value)


@given(any_frame())
def test_a_frame_is_packed_as_the_reference_implementation_packs_it(frame: f.Frame) -> None:
    assert encode(frame) == packed(msgspec.to_builtins(frame, builtin_types=(bytes,)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc1", id="the byte that msgpack never uses"),
        pytest.param(b"\x90\x90", id="trailing bytes"),
        pytest.param(b"\x92\x01", id="truncated array"),
        pytest.param(b"\xc6\xff\xff\xff\xff", id="4 GiB of bytes announced"),
        pytest.param(b"\xdb\xff\xff\xff\xff", id="a 4 GiB string announced"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="four billion elements announced"),
        pytest.param(b"\xdd\x3b\x9a\xca\x00" + b"\xc0" * 1000, id="a billion elements announced"),
        pytest.param(b"\xdc\x10\x01" + b"\xc0" * 0x1001, id="one element too many"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="a map of four billion"),
        pytest.param(b"\x80", id="an empty map"),
        pytest.param(b"\x91\x81\x01\x02", id="a map within"),
        pytest.param(b"\xc7\x00\x05", id="an empty extension"),
        pytest.param(b"\xd4\x05\x00", id="an extension"),
        pytest.param(b"\xd6\xff\x00\x00\x00\x00", id="a timestamp"),
        pytest.param(b"\xc7\x00\xff", id="an empty timestamp"),
        pytest.param(b"\xa1\xff", id="invalid UTF-8"),
        pytest.param(b"\xa3\xed\xa0\x80", id="a surrogate in UTF-8"),
        pytest.param(b"\xa2\xc0\x80", id="an overlong NUL"),
        pytest.param(b"\x91" * 1_025 + b"\xc0", id="nesting of 1,025"),
        pytest.param(b"\x91" * 1_000_000 + b"\xc0", id="nesting of 1,000,000"),
        pytest.param(b"\xdd\x00\x00\x10\x00" * 100_000, id="nested arrays of 4,096"),
    ],
)
def test_hostile_bytes_are_refused_before_they_cost_anything(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        unpack(data)
    assert caught.value.code is WireCode.BAD_FRAME


def test_the_limits_themselves_are_allowed() -> None:
    assert unpack(b"\xdc\x10\x00" + b"\xc0" * MAX_ARRAY_ITEMS) == [None] * MAX_ARRAY_ITEMS
    longest = packed(bytes(MAX_FRAME_BYTES - 5))
    assert len(longest) == MAX_FRAME_BYTES
    assert unpack(longest) == bytes(MAX_FRAME_BYTES - 5)


def test_one_byte_too_many_is_refused_by_name() -> None:
    for length, limit in ((MAX_FRAME_BYTES + 1, MAX_FRAME_BYTES), (11, 10)):
        with pytest.raises(RemoteProtocolError) as caught:
            unpack(bytes(length), max_bytes=limit)
        assert caught.value.code is WireCode.TOO_LARGE


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("number", True),
        ("number", 1.0),
        ("number", float("nan")),
        ("number", "1"),
        ("number", -1),
        ("number", 0x10000),
        ("number", None),
        ("number", []),
        ("flag", 1),
        ("flag", None),
        ("blob", "AAAA"),  # base64, to a lenient reader
        ("blob", None),
        ("blob", [0, 255]),
        ("name", b"name"),
        ("rest", b"a"),
        ("rest", [1]),
        ("maybe", 0),
        ("maybe", ""),
    ],
)
def test_a_field_of_another_type_is_refused(field: str, wrong: object) -> None:
    values = msgspec.structs.asdict(SAMPLE)
    assert decode(packed(list(values.values())), Sample) == SAMPLE
    with pytest.raises(RemoteProtocolError):
        decode(packed(list({**values, field: wrong}.values())), Sample)


def test_missing_and_extra_fields_are_refused() -> None:
    values = list(msgspec.structs.asdict(SAMPLE).values())
    for wrong in ([], values[:-1], [*values, None], [values], 7, "Sample", None):
        with pytest.raises(RemoteProtocolError):
            decode(packed(wrong), Sample)


def test_decode_keeps_to_the_size_it_is_given() -> None:
    data = encode(TokenGrant(token=bytes(16)))
    assert decode(data, TokenGrant, max_bytes=len(data)) == TokenGrant(token=bytes(16))
    with pytest.raises(RemoteProtocolError):
        decode(data, TokenGrant, max_bytes=len(data) - 1)


@pytest.mark.parametrize(
    "value",
    [[], [4], [4, 1, 1], [99, 1], [True, 1], [4.0, 1], ["4", 1], [None, 1], [[4], 1], 4, None],
)
def test_what_is_not_tagged_as_a_known_frame_is_refused(value: object) -> None:
    kinds: dict[int, type[f.Frame]] = {4: f.Done, 1: f.Challenge}
    assert decode_tagged(packed([4, 1]), kinds) == f.Done(request=1)
    with pytest.raises(RemoteProtocolError):
        decode_tagged(packed(value), kinds)
