"""Addresses: every one has one spelling, and everything else is refused with a sentence."""

from __future__ import annotations

import string
from contextlib import suppress

import hypothesis.strategies as st
import pytest
from hypothesis import given

from restante.protocol.address import (
    MAX_ADDRESS_CHARS,
    Address,
    AddressError,
    RelayAddress,
    parse_name,
    parse_pin,
    pin_text,
)
from restante.protocol.ids import AccountName
from tests.protocol.addresses import names, relays

PIN = bytes(range(16))


@given(name=names, relay=relays)
def test_an_address_reads_back_as_it_was_written(name: AccountName, relay: RelayAddress) -> None:
    address = Address(name=name, relay=relay)
    assert RelayAddress.parse(str(relay)) == relay
    assert Address.parse(str(address)) == address
    assert address.unpinned == str(address).partition("#")[0]
    assert len(address.unpinned) <= MAX_ADDRESS_CHARS


@given(st.text(alphabet=string.ascii_lowercase + string.digits + ".-_@:#[]", max_size=60))
def test_whatever_is_accepted_is_in_its_only_spelling(text: str) -> None:
    for kind in (Address, RelayAddress):
        with suppress(AddressError):
            assert str(kind.parse(text)) == text


@given(st.text())
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    for parse in (Address.parse, RelayAddress.parse, parse_name, parse_pin):
        with suppress(AddressError):
            parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "alice@relay.example",
        "a@b",
        "a" * 32 + "@relay.example",
        "a.b_c-d@relay.example:8443",
        "7@127.0.0.1:7000",
        "alice@[::1]:7000",
        "alice@[2001:db8::7]",
        "alice@relay.example#" + pin_text(PIN),
        "alice@xn--bcher-kva.example",
        "alice@" + "a" * 56 + ".onion",
    ],
)
def test_these_are_addresses(text: str) -> None:
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@relay.example",
        "alice@",
        "Alice@relay.example",
        "alice@Relay.example",
        "älice@relay.example",
        "\u0430lice@relay.example",  # a Cyrillic a
        "ali ce@relay.example",
        ".alice@relay.example",
        "alice-@relay.example",
        "a" * 33 + "@relay.example",
        "alice@relay.example\n",
        "alice\n@relay.example",
        " alice@relay.example",
        "alice@bob@relay.example",
        "alice@relay..example",
        "alice@.example",
        "alice@relay.example.",
        "alice@-relay.example",
        "alice@relay-.example",
        "alice@re_lay.example",
        "alice@" + "a" * 64 + ".example",
        "alice@relay.example:",
        "alice@relay.example:0",
        "alice@relay.example:443",
        "alice@relay.example:0443",
        "alice@relay.example:65536",
        "alice@relay.example:99999999",
        "alice@relay.example:-1",
        "alice@relay.example:8443:1",
        "alice@::1",
        "alice@[::1",
        "alice@::1]",
        "alice@[]",
        "alice@[::1]x",
        "alice@[0:0::1]",  # one spelling only
        "alice@[2001:DB8::7]",
        "alice@[fe80::1%eth0]",
        "alice@[::ffff:127.0.0.1]",  # its spelling differs between versions of Python
        "alice@[::ffff:7f00:1]",
        "alice@[relay.example]",
        "alice@1.2.3",
        "alice@1.2.3.4.",
        "alice@1.2.3.256",
        "alice@01.2.3.4",
        "alice@2130706433",  # what a resolver takes for 127.0.0.1
        "alice@0x7f.1",
        "alice@0x7f000001",
        "alice@127.0x1",
        "alice@0x",
        "alice@relay.1",
        "alice@relay.example#",
        "alice@relay.example#" + "a" * 25,
        "alice@relay.example#" + "a" * 27,
        "alice@relay.example#" + "A" * 26,
        "alice@relay.example#" + "0" * 26,
        "alice@relay.example#" + "a" * 25 + "b",  # bits past the 128th
        "alice@relay.example#" + "\u0131" * 26,  # upper() makes it an I
        "alice@relay.example#" + pin_text(PIN) + "#",
        "alice@" + "a." * 47 + "bc",  # 102 characters
        "a" * 1_000_000,
    ],
)
def test_these_are_none(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert len(str(caught.value)) < 300
    assert str(caught.value).endswith("."), "a refusal is a sentence"


def test_the_longest_address_has_100_characters_before_its_pin() -> None:
    domain = "a." * 46 + "bc"
    assert str(Address.parse(f"alice@{domain}")) == f"alice@{domain}"
    assert len(f"alice@{domain}") == MAX_ADDRESS_CHARS
    pinned = f"alice@{domain}#{pin_text(PIN)}"
    assert str(Address.parse(pinned)) == pinned
    with pytest.raises(AddressError):
        Address.parse(f"alicia@{domain}")


def test_the_refusal_of_another_spelling_says_the_right_one() -> None:
    with pytest.raises(AddressError, match=r"'\[::1\]'"):
        Address.parse("a@[0:0:0:0:0:0:0:1]")
    with pytest.raises(AddressError, match=r"'10\.0\.0\.1'"):
        Address.parse("a@[::ffff:10.0.0.1]")
    with pytest.raises(AddressError, match="443"):
        Address.parse("a@b:443")


@pytest.mark.parametrize(
    ("text", "loopback", "plain"),
    [
        ("localhost:7000", True, True),
        ("127.0.0.1:7000", True, True),
        ("127.8.8.8", True, True),
        ("[::1]:7000", True, True),
        ("127.0.0.1:7000#" + pin_text(PIN), True, False),
        ("relay.example", False, False),
        ("localhost.example", False, False),
        ("10.0.0.1", False, False),
        ("[2001:db8::1]", False, False),
    ],
)
def test_plain_is_spoken_only_on_loopback_and_without_a_pin(
    text: str, *, loopback: bool, plain: bool
) -> None:
    relay = RelayAddress.parse(text)
    assert (relay.is_loopback, relay.is_plain) == (loopback, plain)


def test_what_is_dialled_has_no_brackets_and_what_is_signed_has_them() -> None:
    relay = RelayAddress.parse("[::1]:7000#" + pin_text(PIN))
    assert relay.dial_host == "::1"
    assert relay.authority == "[::1]:7000"
    assert RelayAddress.parse("relay.example").authority == "relay.example"


@given(st.binary(min_size=16, max_size=16))
def test_a_pin_reads_back(pin: bytes) -> None:
    assert len(pin_text(pin)) == 26
    assert parse_pin(pin_text(pin)) == pin


def test_a_relay_alone_has_at_most_100_characters_too() -> None:
    host = "a." * 49 + "bc"
    assert RelayAddress.parse(host).host == host
    with pytest.raises(AddressError, match="100"):
        RelayAddress.parse(host + "d")
