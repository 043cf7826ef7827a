"""The pin of a TLS key: read from real certificates, and from garbage only an error."""

from __future__ import annotations

import datetime
import hashlib
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import RemoteProtocolError
from restante.protocol.tls_pin import spki_pin

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay.example")])
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def certificate(key: Key, *, serial: int = 1) -> bytes:
    built = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(START)
        .not_valid_after(START + datetime.timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


@cache
def small() -> bytes:
    return certificate(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["ec", "rsa"],
)
def test_the_pin_is_the_hash_of_the_key_and_survives_renewal(key: Key) -> None:
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pin = hashlib.sha256(spki).digest()[:16]
    assert spki_pin(certificate(key)) == pin
    assert spki_pin(certificate(key, serial=2**150)) == pin


def test_a_certificate_of_version_1_has_no_version_and_is_read_too() -> None:
    # SEQUENCE { SEQUENCE { serial, algorithm, issuer, validity, subject, key } }, all but empty
    key = b"\x30\x03\x02\x01\x07"
    signed = b"\x02\x01\x01" + b"\x30\x00" * 4 + key
    der = bytes([0x30, len(signed) + 2, 0x30, len(signed)]) + signed
    assert spki_pin(der) == hashlib.sha256(key).digest()[:16]


def test_a_key_that_reaches_past_what_was_signed_is_refused() -> None:
    signed = b"\x02\x01\x01" + b"\x30\x00" * 4
    der = bytes([0x30, len(signed) + 4, 0x30, len(signed)]) + signed + b"\x30\x00"
    with pytest.raises(RemoteProtocolError):
        spki_pin(der)


def test_a_truncated_certificate_is_refused() -> None:
    der = small()
    for length in range(len(der)):
        with pytest.raises(RemoteProtocolError):
            spki_pin(der[:length])


@given(at=st.integers(0, 400), value=st.integers(0, 255))
def test_a_changed_certificate_has_a_pin_or_is_refused(at: int, value: int) -> None:
    changed = bytearray(small())
    changed[at % len(changed)] = value
    try:
        pin = spki_pin(bytes(changed))
    except RemoteProtocolError:
        return
    assert len(pin) == 16


@given(st.binary() | st.binary().map(lambda data: b"\x30\x82\x01\x00\x30\x81\x80" + data))
def test_any_bytes_have_a_pin_or_are_refused(data: bytes) -> None:
    try:
        assert len(spki_pin(data)) == 16
    except RemoteProtocolError:
        return
