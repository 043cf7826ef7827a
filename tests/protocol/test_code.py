"""The code envelope: it fits a small QR code, reads back, and is damaged or whole, never half."""

from __future__ import annotations

import io
from contextlib import suppress

import hypothesis.strategies as st
import pytest
import segno
from hypothesis import assume, given

from restante.protocol.address import Address, RelayAddress
from restante.protocol.code import (
    SCHEME,
    Code,
    CodeError,
    CodeType,
    looks_like_code,
    make_code,
    parse_code,
)
from restante.protocol.ids import AccountName
from restante.protocol.limits import MAX_CODE_ADDRESS_CHARS, MAX_CODE_CHARS
from tests.protocol.addresses import names, relays

PIN = bytes(range(16))
SECRET = bytes(range(200, 208))
RELAY = RelayAddress(host="relay.example")
ALICE = AccountName("alice")


@st.composite
def codes(draw: st.DrawFn) -> Code:
    kind = draw(st.sampled_from([CodeType.CONTACT, CodeType.RELAY_INVITE, CodeType.DEVICE_LINK]))
    relay = draw(relays)
    pin = draw(st.binary(min_size=16, max_size=16))
    is_invite = kind is CodeType.RELAY_INVITE
    try:
        return make_code(
            kind,
            pin=relay.pin if is_invite else pin,
            secret=draw(st.binary(min_size=8, max_size=8)),
            name=None if is_invite else draw(names),
            relay=relay,
        )
    except CodeError:
        assume(False)  # the address was too long
        raise


@given(codes())
def test_a_code_fits_and_reads_back(code: Code) -> None:
    text = str(code)
    assert len(text) <= MAX_CODE_CHARS or code.type is CodeType.DEVICE_LINK
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set(" \"'\\$`|&;<>()*?!{}~^%"), "safe as a word in a shell"
    assert parse_code(text) == code
    assert parse_code(f"  {text}\n") == code
    assert looks_like_code(f" {text}")


@given(codes(), st.data())
def test_a_truncated_code_is_refused_or_names_another_place(
    code: Code, data: st.DataObject
) -> None:
    text = str(code)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    try:
        parsed = parse_code(cut)
    except CodeError:
        return
    assert len(cut) > len(SCHEME) + 33, "the pin and the secret are whole"
    assert (parsed.pin, parsed.secret) == (code.pin, code.secret)


@given(codes(), st.data())
def test_a_code_with_one_wrong_character_never_reads_as_itself(
    code: Code, data: st.DataObject
) -> None:
    text = str(code)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters())
    assume(other != text[at])
    changed = text[:at] + other + text[at + 1 :]
    try:
        parsed = parse_code(changed)
    except CodeError:
        return
    assert parsed != code
    assert str(parsed) == changed.strip()


@given(st.text() | st.text().map(lambda text: SCHEME + text))
def test_any_text_is_a_code_or_a_code_error(text: str) -> None:
    with suppress(CodeError):
        parse_code(text)


def a_code(*, kind: str = "c", packed: str = "A" * 32, address: str = "alice@relay.example") -> str:
    return f"{SCHEME}{kind}{packed}{address}"


def test_these_are_codes() -> None:
    for text in (
        a_code(),
        a_code(address="alice@relay.example:8443#"),
        a_code(kind="r", address="relay.example"),
        a_code(kind="r", packed="-_" * 16, address="relay.example#"),
        a_code(address="a" * 28 + "@[::1]:1"),
        a_code(kind="d", address="alice@relay.example:8443#"),
        a_code(kind="d", address="alice@" + "r" * 56 + ".onion"),
    ):
        assert str(parse_code(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        SCHEME,
        SCHEME.upper() + a_code().removeprefix(SCHEME),
        "https://relay.example",
        "alice@relay.example",
        a_code(kind="x"),
        a_code(kind="C"),
        a_code(packed="A" * 31, address=""),
        a_code(packed="A" * 31 + "="),
        a_code(packed="A" * 31 + "+"),  # the other base64 alphabet: a second spelling
        a_code(packed="A" * 31 + "/"),
        a_code(packed="A" * 31 + "ä"),
        a_code(packed="A" * 31 + "\n"),
        a_code(address=""),
        a_code(address="@relay.example"),
        a_code(address="relay.example"),
        a_code(address="alice@relay.example##"),
        a_code(address="alice@r#aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        a_code(address="alice@relay.example:443"),
        a_code(address="alice@" + "r" * 31),
        a_code(kind="r", address="alice@relay.example"),
        a_code(kind="d", address="relay.example"),
        a_code(kind="d", address="alice@" + "r" * 60 + "." + "r" * 35),
        a_code(kind="r", packed="B" + "A" * 31, address="relay.example"),  # a pin nothing pins
    ],
)
def test_these_are_none(text: str) -> None:
    with pytest.raises(CodeError) as caught:
        parse_code(text)
    assert str(caught.value).endswith("."), "a refusal is a sentence"


def test_an_invite_carries_its_relays_pin_and_a_contact_code_does_not() -> None:
    pinned = RelayAddress(host="relay.example", pin=PIN)
    invite = make_code(CodeType.RELAY_INVITE, pin=PIN, secret=SECRET, name=None, relay=pinned)
    assert parse_code(str(invite)).relay() == pinned
    contact = make_code(CodeType.CONTACT, pin=PIN, secret=SECRET, name=ALICE, relay=pinned)
    assert contact.relay_is_pinned
    assert contact.relay() == RELAY
    public = make_code(CodeType.RELAY_INVITE, pin=None, secret=SECRET, name=None, relay=RELAY)
    assert public.pin == bytes(16)
    assert public.relay() == RELAY


def test_an_address_that_is_too_long_for_a_code_is_refused_with_a_way_out() -> None:
    host = "r" * (MAX_CODE_ADDRESS_CHARS - len("alice@"))
    longest = make_code(
        CodeType.CONTACT, pin=PIN, secret=SECRET, name=ALICE, relay=RelayAddress(host=host)
    )
    assert len(str(longest)) == MAX_CODE_CHARS
    with pytest.raises(CodeError, match="safety numbers"):
        make_code(
            CodeType.CONTACT,
            pin=PIN,
            secret=SECRET,
            name=ALICE,
            relay=RelayAddress(host=host + "r"),
        )


def test_the_longest_code_is_a_qr_code_of_21_lines_in_half_blocks() -> None:
    host = "r" * (MAX_CODE_ADDRESS_CHARS - len("alice@"))
    text = str(
        make_code(
            CodeType.CONTACT, pin=PIN, secret=SECRET, name=ALICE, relay=RelayAddress(host=host)
        )
    )
    code = segno.make(text, error="l", micro=False, boost_error=False)
    assert code.designator == "4-L"
    out = io.StringIO()
    code.terminal(out, border=4, compact=True)
    lines = out.getvalue().rstrip("\n").split("\n")
    assert len(lines) == 21
    assert segno.make(text + "r", error="l", micro=False).version == 5, "not one more fits"


def test_an_address_does_not_look_like_a_code() -> None:
    assert not looks_like_code("alice@relay.example")
    assert looks_like_code("RESTANTE:c")


def test_a_device_link_is_for_one_account_and_as_long_as_its_address() -> None:
    for text in (
        "alice@relay.example",
        "alice@relay.example:8443#aaaqeayeaudaocajbifqydiob4",
        "a" * 32 + "@" + "r" * 56 + ".onion",
    ):
        address = Address.parse(text)
        code = make_code(
            CodeType.DEVICE_LINK, pin=PIN, secret=SECRET, name=address.name, relay=address.relay
        )
        assert parse_code(str(code)) == code
        assert code.is_for(address)
        assert code.relay().pin is None, "its pin is not the relay's"
        for other in (
            "bob@relay.example",
            "alice@other.example",
            "alice@relay.example:8443",
            "alice@relay.example#aaaqeayeaudaocajbifqydiob4",
        ):
            assert not code.is_for(Address.parse(other))
