"""Contents: they read back, unknown kinds survive, and hostile ones raise one error."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from restante.errors import RemoteProtocolError
from restante.protocol import content as c
from restante.protocol import group as g
from restante.protocol.codec import decode, encode
from restante.protocol.envelope import max_content_bytes
from restante.protocol.sync import Sync
from tests.protocol.strategies import of

BODIES: tuple[type[Struct], ...] = (
    c.Text,
    c.Quote,
    c.Receipt,
    c.TokenGrant,
    c.ResendRequest,
    c.Edit,
    c.Deletion,
    c.Reaction,
    c.Pin,
    c.Location,
    c.ContactCard,
    c.Setting,
    c.ResendExpired,
    c.Typing,
    c.Presence,
    c.Moved,
    c.NewManifest,
    Sync,
    g.EntryBody,
    g.GroupContent,
    g.GroupLog,
    g.GroupAsk,
    g.Add,
    g.SetField,
    g.Link,
    g.Channel,
    g.Devices,
)


def a_content(**fields: Any) -> c.Content:
    values: dict[str, Any] = {
        "version": 1,
        "kind": c.Kind.TEXT,
        "id": bytes(16),
        "conversation": b"",
        "counter": 1,
        "rank": 1,
        "sent_at_ms": 1,
        "seen": [],
        "disappears_after_s": 0,
        "body": encode(c.Text(text="hello", quote=None, mentions=[])),
    }
    return c.Content(**{**values, **fields})


@given(of(c.Content))
def test_a_content_reads_back(content: c.Content) -> None:
    data = content.to_bytes()
    assert c.Content.from_bytes(data) == content
    for length in range(0, len(data), 7):
        with pytest.raises(RemoteProtocolError):
            c.Content.from_bytes(data[:length])


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_body_reads_back(kind: type[Struct], data: st.DataObject) -> None:
    body = data.draw(of(kind))
    packed = encode(body)
    assert decode(packed, kind) == body
    for length in range(len(packed)):
        with pytest.raises(RemoteProtocolError):
            decode(packed[:length], kind)


@given(kind=st.integers(0, 0xFFFF), body=st.binary())
def test_an_unknown_kind_is_kept_byte_for_byte(kind: int, body: bytes) -> None:
    received = a_content(kind=kind, body=body).to_bytes()
    content = c.Content.from_bytes(received)
    assert (content.kind, content.body) == (kind, body)
    assert content.to_bytes() == received


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("version", 0),
        ("version", 2),
        ("kind", -1),
        ("kind", 0x10000),
        ("id", bytes(15)),
        ("id", bytes(17)),
        ("conversation", bytes(33)),
        ("counter", -1),
        ("counter", 2**63),
        ("rank", 2**63),
        ("rank", 2**64 - 1),
        ("sent_at_ms", 2**63),
        ("seen", [bytes(16)] * (c.MAX_SEEN + 1)),
        ("seen", [bytes(15)]),
        ("disappears_after_s", 2**32),
        ("body", "text"),
        ("body", None),
    ],
)
def test_a_field_beyond_its_bounds_is_refused(field: str, wrong: object) -> None:
    fine = a_content()
    assert c.Content.from_bytes(encode(fine)) == fine
    hostile = msgspec.structs.replace(fine, **{field: wrong})
    with pytest.raises(RemoteProtocolError):
        c.Content.from_bytes(encode(hostile))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (c.Text, ["", None]),
        (c.Text, ["hello"]),
        (c.Text, [b"hello", None]),
        (c.Text, ["hello", [bytes(16), "q" * 301]]),
        (c.Text, ["hello", [bytes(15), "q"]]),
        (c.Receipt, [0, [bytes(16)]]),
        (c.Receipt, [3, [bytes(16)]]),
        (c.Receipt, [1, []]),
        (c.Receipt, [1, [bytes(16)] * 257]),
        (c.TokenGrant, [bytes(15)]),
        (c.ResendRequest, [[]]),
        (c.ResendRequest, [[1] * 257]),
        (c.ResendRequest, [[-1]]),
    ],
)
def test_a_body_beyond_its_bounds_is_refused(kind: type[Struct], values: list[object]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(encode(values), kind)


def test_a_content_longer_than_any_envelope_is_refused_unread() -> None:
    with pytest.raises(RemoteProtocolError):
        c.Content.from_bytes(bytes(c.MAX_CONTENT_BYTES + 1))


def test_the_largest_content_of_the_largest_envelope_can_be_read() -> None:
    room = max_content_bytes(hello=False)
    content = a_content(body=b"")
    overhead = len(content.to_bytes()) + 1  # a long body's length takes two bytes
    full = a_content(body=bytes(room - overhead))
    assert len(full.to_bytes()) == room
    assert c.Content.from_bytes(full.to_bytes()) == full
    assert room < c.MAX_CONTENT_BYTES


def test_kinds_keep_their_numbers() -> None:
    assert {kind.name: int(kind) for kind in c.Kind} == {
        "TEXT": 1,
        "EDIT": 2,
        "DELETION": 3,
        "REACTION": 4,
        "FILE": 5,
        "LOCATION": 6,
        "CONTACT_CARD": 7,
        "POLL": 8,
        "SETTING": 9,
        "PIN": 20,
        "VOTE": 28,
        "POLL_CLOSED": 29,
        "ERASED": 99,
        "RECEIPT": 100,
        "TOKEN": 101,
        "RESEND_REQUEST": 102,
        "SYNC": 103,
        "MOVED": 104,
        "LEFT": 106,
        "RESEND_EXPIRED": 107,
        "MANIFEST": 108,
        "TYPING": 110,
        "PRESENCE": 111,
        "GROUP_CONTENT": 112,
        "GROUP_LOG": 113,
        "GROUP_ASK": 114,
        "SENDER_KEY": 115,
        "GROUP_JOIN": 116,
        "GROUP_REFUSED": 117,
        "SENDER_KEY_ASK": 118,
        "GROUP_DECLINED": 119,
        "GRANTED": 130,
    }
    assert {state.name: int(state) for state in c.ReceiptState} == {"DELIVERED": 1, "READ": 2}
