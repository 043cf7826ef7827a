"""What the first step of the welcome takes."""

from __future__ import annotations

import pytest

from restante.client.tui.wanted_account import want_account
from restante.errors import UserError
from restante.protocol.address import RelayAddress
from restante.protocol.code import CodeType, make_code
from restante.protocol.ids import AccountName


def invite(*, pin: bytes | None) -> str:
    return str(
        make_code(
            CodeType.RELAY_INVITE,
            pin=pin,
            secret=b"secret!!",
            name=None,
            relay=RelayAddress(host="relay.example", pin=pin),
        )
    )


def test_a_name_and_a_relay_are_an_address() -> None:
    wanted = want_account(" Alice ", "relay.example:8443")
    assert (wanted.address, wanted.invite) == ("alice@relay.example:8443", None)


def test_a_whole_address_is_taken_in_the_place_of_the_name() -> None:
    assert want_account("alice@relay.example", "").address == "alice@relay.example"


def test_an_invite_says_where_the_relay_is() -> None:
    code = invite(pin=None)
    wanted = want_account("alice", f" {code} ")
    assert (wanted.address, wanted.invite) == ("alice@relay.example", code)


def test_an_invite_of_a_pinned_relay_pins_it() -> None:
    pin = bytes(range(16))
    wanted = want_account("alice", invite(pin=pin))
    name, _, relay = wanted.address.partition("@")
    assert name == "alice"
    assert RelayAddress.parse(relay).pin == pin


@pytest.mark.parametrize(
    ("name", "relay", "says"),
    [
        ("", "relay.example", "name"),
        ("alice", "", "relay"),
        ("al ice", "relay.example", "no name"),
        ("alice", "relay example", "host"),
        ("alice", "restante:r0", "damaged"),
        (
            "alice",
            str(
                make_code(
                    CodeType.CONTACT,
                    pin=bytes(16),
                    secret=bytes(8),
                    name=AccountName("bob"),
                    relay=RelayAddress(host="relay.example"),
                )
            ),
            "invite",
        ),
    ],
)
def test_what_is_wrong_is_said_before_the_relay_is_asked(name: str, relay: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        want_account(name, relay)
