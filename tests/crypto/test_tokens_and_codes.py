"""Tokens, contact codes and safety numbers."""

from __future__ import annotations

import base64
import hashlib

import pytest

from restante.crypto import codes, padding, safety_number, tokens
from restante.crypto.keys import RootKey
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.code import CodeError, parse_code
from restante.protocol.ids import contact_pin
from tests.crypto.people import RANDOM


def test_an_account_has_sixteen_different_tokens_and_contacts_spread_over_them() -> None:
    every = tokens.generate_bucket_tokens(RANDOM)
    assert len(set(every)) == 16
    assert {len(token) for token in every} == {16}
    assert {tokens.pick_bucket(RANDOM) for _ in range(2000)} == set(range(16))


def test_a_code_leads_to_its_token_and_no_other_code_does() -> None:
    secret, other = codes.generate_code_secret(RANDOM), codes.generate_code_secret(RANDOM)
    token = tokens.generate_token(RANDOM)
    sealed = codes.seal_token(secret, token, randomness=RANDOM)
    assert len(sealed) == 56
    assert codes.open_token(secret, sealed) == token
    assert codes.lookup_id(secret) != codes.lookup_id(other)
    for wrong_secret, wrong in ((other, sealed), (secret, sealed[:-1]), (secret, b"")):
        with pytest.raises(CryptoError):
            codes.open_token(wrong_secret, wrong)


def test_a_sealed_token_of_another_size_is_refused() -> None:
    secret = codes.generate_code_secret(RANDOM)
    sealed = codes.seal_token(secret, b"short", randomness=RANDOM)  # type: ignore[arg-type]
    with pytest.raises(CryptoError):
        codes.open_token(secret, sealed)


def test_a_pin_covers_the_root_key_and_the_relay_key() -> None:
    root, relay = RootKey(b"\x01" * 32), b"\x02" * 16
    codes.verify_contact_pin(contact_pin(root.raw, relay), root, relay)
    codes.verify_contact_pin(contact_pin(root.raw, None), root, None)
    for wrong_root, wrong_relay in ((RootKey(bytes(32)), relay), (root, None), (root, bytes(16))):
        with pytest.raises(CryptoError):
            codes.verify_contact_pin(contact_pin(root.raw, relay), wrong_root, wrong_relay)


def test_a_safety_number_is_sixty_digits_and_the_same_on_both_sides() -> None:
    alice, bob = RootKey(b"\x01" * 32), RootKey(b"\x02" * 32)
    number = safety_number.safety_number(alice, bob)
    assert number == safety_number.safety_number(bob, alice)
    assert len(number) == 60
    assert number.isdecimal()
    assert number != safety_number.safety_number(alice, RootKey(b"\x03" * 32))

    digest = b"restante/v1/safety-number\x00" + alice.raw
    for _ in range(5200):
        digest = hashlib.sha512(digest + alice.raw).digest()
    half = "".join(
        f"{int.from_bytes(digest[at : at + 5], 'big') % 100_000:05d}" for at in range(0, 30, 5)
    )
    assert half in (number[:30], number[30:])


def test_padding_has_one_form_for_each_content() -> None:
    assert padding.pad(b"text", 12) == b"\x00\x00\x00\x04text\x00\x00\x00\x00"
    assert padding.unpad(padding.pad(b"text", 12)) == b"text"
    assert padding.unpad(padding.pad(b"", 4)) == b""
    with pytest.raises(LocalProtocolError):
        padding.pad(b"text", 7)
    for wrong in (
        b"",
        b"\x00\x00\x00",
        b"\x00\x00\x00\x05text",
        b"\xff\xff\xff\xfftext",
        b"\x00\x00\x00\x03text",
        b"\x00\x00\x00\x04text\x00\x01",
    ):
        with pytest.raises(CryptoError):
            padding.unpad(wrong)


def test_a_scanned_safety_number_matches_the_other_screen_and_no_other() -> None:
    alice, bob, mallory = (RootKey(bytes([byte]) * 32) for byte in (1, 2, 3))
    on_bobs_screen = safety_number.safety_qr(bob, alice)
    assert len(on_bobs_screen) == 54
    assert safety_number.matches(on_bobs_screen, alice, bob)
    assert safety_number.matches(b" " + on_bobs_screen + b"\n", alice, bob)
    on_alices_screen = safety_number.safety_qr(alice, bob)
    assert safety_number.matches(on_alices_screen, bob, alice)
    assert not safety_number.matches(on_alices_screen, alice, bob), "one's own screen"
    assert not safety_number.matches(on_bobs_screen, alice, mallory)
    assert not safety_number.matches(safety_number.safety_qr(mallory, alice), alice, bob)
    digest = hashlib.sha256(b"restante/v1/safety-qr\x00" + bob.raw + alice.raw).digest()
    assert on_bobs_screen == b"restante:v" + base64.urlsafe_b64encode(b"\x01" + digest)
    version_2 = b"restante:v" + base64.urlsafe_b64encode(b"\x02" + digest)
    for wrong in (b"", b"restante:v", version_2, on_bobs_screen[:-1], on_bobs_screen.lower()):
        assert not safety_number.matches(wrong, alice, bob)
    with pytest.raises(CodeError):
        parse_code(on_bobs_screen.decode())
