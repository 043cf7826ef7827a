"""Invite links to groups: they read back, and are damaged or whole, never half."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from restante.protocol.address import Address, RelayAddress
from restante.protocol.code import CodeError
from restante.protocol.group_invite import (
    MAX_CHARS,
    GroupInvite,
    Host,
    invite_id,
    is_group_invite,
    parse_group_invite,
)
from restante.protocol.ids import AccountName
from tests.protocol.addresses import names, relays


def a_host(name: str = "alice", *, is_pinned: bool = False) -> Host:
    address = Address(name=AccountName(name), relay=RelayAddress(host="relay.example"))
    return Host(pin=bytes(range(16)), address=address, relay_is_pinned=is_pinned)


INVITE = GroupInvite(secret=bytes(range(200, 216)), hosts=(a_host(), a_host("bob", is_pinned=True)))


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    relay = draw(relays)
    place = RelayAddress(host=relay.host, port=relay.port)
    address = Address(name=AccountName(draw(names)), relay=place)
    pin = draw(st.binary(min_size=16, max_size=16))
    return Host(pin=pin, address=address, relay_is_pinned=draw(st.booleans()))


@given(
    secret=st.binary(min_size=16, max_size=16),
    named=st.lists(hosts(), min_size=1, max_size=3),
)
def test_a_link_reads_back_as_it_was(secret: bytes, named: list[Host]) -> None:
    invite = GroupInvite(secret=secret, hosts=tuple(named))
    if len(str(invite)) <= MAX_CHARS:
        assert parse_group_invite(f"  {invite}\n") == invite


def test_a_link_is_one_line_that_names_whom_to_ask() -> None:
    text = str(INVITE)
    assert text.startswith("restante:gyMnKy8zNzs_Q0dLT1NXW1w,")
    assert text.endswith("bob@relay.example#")
    assert is_group_invite(f" {text}")
    assert not is_group_invite("restante:c")
    assert INVITE.id == invite_id(INVITE.secret) == parse_group_invite(text).id


@pytest.mark.parametrize(
    "damaged",
    [
        "restante:c" + str(INVITE)[10:],
        str(INVITE) + "x" * MAX_CHARS,
        str(INVITE)[:20],
        str(INVITE)[:32],
        "restante:g" + "?" * 22 + str(INVITE)[32:],
        "restante:g" + "A" * 21 + "B" + str(INVITE)[32:],
        "restante:g" + "é" * 22 + str(INVITE)[32:],
        str(INVITE) + str(a_host()) * 2,
        str(INVITE) + str(a_host())[:28],
        str(INVITE) + str(a_host())[:23] + "relay.example",
        str(INVITE) + str(a_host())[:23] + "Alice@relay.example",
        str(INVITE) + str(a_host()) + "#aaaaaaaaaaaaaaaaaaaaaaaaaa",
    ],
)
def test_a_damaged_link_is_refused_with_a_sentence(damaged: str) -> None:
    with pytest.raises(CodeError, match=r"\w{3}.*\."):
        parse_group_invite(damaged)
