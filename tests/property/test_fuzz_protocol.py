"""Whatever arrives, each parser returns a value of its type or raises its one error; never more.

Bytes of three sorts: arbitrary ones, well-formed msgpack of the wrong shape, and right frames with
a few bytes changed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import msgpack
import pytest
from hypothesis import given, settings

from restante.errors import RemoteProtocolError
from restante.protocol import content, manifest
from restante.protocol.address import Address, AddressError, RelayAddress
from restante.protocol.code import CodeError, parse_code
from restante.protocol.codec import decode, encode, unpack
from restante.protocol.connection import Role, State
from restante.protocol.envelope import check_bucket
from restante.protocol.text import printable
from restante.protocol.tls_pin import spki_pin
from tests.protocol.strategies import CLIENT_FRAMES, RELAY_FRAMES, any_frame, of
from tests.protocol.test_connection_table import connection_in
from tests.protocol.test_frames import mutated
from tests.rounds import rounds

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.sampled_from([bytes(16), bytes(32), bytes(64), bytes(4096), 2**31, 2**32, 2**63]),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=30,
)
packed_values = values.map(lambda value: bytes(msgpack.packb(value)))
tagged_values = st.builds(
    lambda tag, rest: bytes(msgpack.packb([tag, *rest])),
    st.integers(0, 64),
    st.lists(values, max_size=8),
)
garbage = st.binary() | packed_values | tagged_values

STRUCTS: tuple[type[Any], ...] = (
    content.Content,
    content.Text,
    content.Receipt,
    content.TokenGrant,
    content.ResendRequest,
    manifest.CertificateBody,
    manifest.ManifestBody,
    manifest.SignedManifest,
    manifest.Heartbeat,
    manifest.Prekey,
    manifest.PrekeyBundle,
)

few = settings(max_examples=rounds(25, 5_000))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", State)
@few
@given(data=garbage)
def test_a_connection_in_any_state_takes_any_bytes(role: Role, state: State, data: bytes) -> None:
    connection = connection_in(state, role)
    try:
        frame = connection.receive(data)
    except RemoteProtocolError:
        assert connection.state is state
    else:
        assert type(frame) in (CLIENT_FRAMES if role is Role.RELAY else RELAY_FRAMES)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", State)
@few
@given(frame=any_frame(), chance=st.randoms(use_true_random=False))
def test_a_connection_in_any_state_takes_any_changed_frame(
    role: Role, state: State, frame: Any, chance: random.Random
) -> None:
    connection = connection_in(state, role)
    data = encode(frame)
    for _ in range(10):
        with suppress(RemoteProtocolError):
            connection.receive(mutated(data, chance))


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
@few
@given(data=garbage)
def test_any_bytes_are_of_the_type_or_refused(kind: type[Any], data: bytes) -> None:
    with suppress(RemoteProtocolError):
        value = decode(data, kind)
        assert type(value) is kind
        assert decode(encode(value), kind) == value


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
@few
@given(chance=st.randoms(use_true_random=False), drawn=st.data())
def test_changed_bytes_are_of_the_type_or_refused(
    kind: type[Any], chance: random.Random, drawn: st.DataObject
) -> None:
    data = encode(drawn.draw(of(kind)))
    for _ in range(10):
        with suppress(RemoteProtocolError):
            assert type(decode(mutated(data, chance), kind)) is kind


def open_manifest(data: bytes) -> None:
    signed = manifest.SignedManifest.from_bytes(data)
    for parse in (signed.certificate, signed.manifest, signed.account_id):
        with suppress(RemoteProtocolError):
            parse()
    assert len(signed.hash) == 32


@pytest.mark.parametrize(
    "parse", [unpack, content.Content.from_bytes, open_manifest, spki_pin, check_bucket]
)
@given(data=garbage)
def test_any_bytes_are_read_or_refused(parse: Callable[[bytes], Any], data: bytes) -> None:
    with suppress(RemoteProtocolError):
        parse(data)


@given(st.binary(max_size=120).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (Address.parse, RelayAddress.parse):
        with suppress(AddressError):
            parse(text)
    for code in (text, f"restante:{text}", f"restante:c{'A' * 32}{text}"):
        with suppress(CodeError):
            parse_code(code)
    assert "\x1b" not in printable(text, multiline=True)
