"""The formats of identity: manifests, heartbeats, prekeys. They read back, or raise one error."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from restante.errors import RemoteProtocolError
from restante.protocol import linking
from restante.protocol import manifest as m
from restante.protocol.codec import decode, encode
from restante.protocol.envelope import INTRODUCTION_BYTES
from restante.protocol.ids import NO_MANIFEST, account_id, device_id, manifest_hash
from restante.protocol.limits import MAX_DEVICES, MAX_MANIFEST_BYTES, MAX_MOVED_BYTES
from tests.protocol.strategies import of

KINDS: tuple[type[Struct], ...] = (
    m.CertificateBody,
    m.DeviceEntry,
    m.ManifestBody,
    m.MovedBody,
    m.SignedMoved,
    linking.LinkOffer,
    linking.LinkAccept,
    linking.LinkReveal,
    m.Heartbeat,
    m.Prekey,
    m.PrekeyBundle,
)


def a_device(**fields: Any) -> m.DeviceEntry:
    values: dict[str, Any] = {
        "signing_key": bytes(32),
        "identity_key": bytes(32),
        "identity_signature": bytes(64),
        "mailbox": bytes(16),
        "flags": 0,
        "capabilities": 1,
        "added_at_s": 1,
        "grant": None,
    }
    return m.DeviceEntry(**{**values, **fields})


def a_body(**fields: Any) -> m.ManifestBody:
    values: dict[str, Any] = {
        "version": 1,
        "generation": 1,
        "sequence": 1,
        "previous": NO_MANIFEST,
        "address": "alice@relay.example",
        "devices": [a_device()],
        "issued_at_s": 1,
    }
    return m.ManifestBody(**{**values, **fields})


CERTIFICATE = m.CertificateBody(
    root_key=b"r" * 32, account_key=b"a" * 32, generation=1, issued_at_s=1
)


def a_manifest(body: bytes | None = None, certificate: bytes | None = None) -> m.SignedManifest:
    return m.SignedManifest(
        certificate_body=encode(CERTIFICATE) if certificate is None else certificate,
        certificate_signature=bytes(64),
        body=encode(a_body()) if body is None else body,
        signature=bytes(64),
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_format_reads_back_and_a_truncated_one_does_not(
    kind: type[Struct], data: st.DataObject
) -> None:
    value = data.draw(of(kind))
    packed = encode(value)
    assert decode(packed, kind) == value
    for length in range(0, len(packed), 5):
        with pytest.raises(RemoteProtocolError):
            decode(packed[:length], kind)


@given(of(m.SignedManifest))
def test_a_manifest_travels_as_the_bytes_that_were_signed(manifest: m.SignedManifest) -> None:
    again = m.SignedManifest.from_bytes(manifest.to_bytes())
    assert again == manifest
    assert (again.certificate_body, again.body) == (manifest.certificate_body, manifest.body)


@given(body=st.binary(max_size=200), certificate=st.binary(max_size=200))
def test_what_is_inside_a_manifest_parses_or_raises(body: bytes, certificate: bytes) -> None:
    manifest = a_manifest(body=body, certificate=certificate)
    for parse in (manifest.manifest, manifest.certificate, manifest.account_id):
        with pytest.raises(RemoteProtocolError):
            parse()


def test_a_manifest_is_opened_layer_by_layer() -> None:
    manifest = m.SignedManifest.from_bytes(a_manifest().to_bytes())
    assert manifest.certificate() == CERTIFICATE
    assert manifest.manifest() == a_body()
    assert manifest.account_id() == account_id(b"r" * 32)
    assert manifest.hash == manifest_hash(manifest.certificate_body, manifest.body)
    assert manifest.manifest().devices[0].id == device_id(bytes(32))


def test_the_hash_covers_both_bodies_and_no_signature() -> None:
    manifest = a_manifest()
    certificate = sha256(manifest.certificate_body).digest()
    labelled = b"restante/v1/manifest-hash\x00" + certificate + manifest.body
    assert manifest.hash == sha256(labelled).digest()
    resigned = msgspec.structs.replace(
        manifest, signature=b"s" * 64, certificate_signature=b"c" * 64
    )
    assert resigned.hash == manifest.hash
    assert a_manifest(body=encode(a_body(sequence=2))).hash != manifest.hash
    other = msgspec.structs.replace(CERTIFICATE, generation=2)
    assert a_manifest(certificate=encode(other)).hash != manifest.hash


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("version", 0),
        ("version", 2),
        ("generation", 2**32),
        ("sequence", 0),
        ("sequence", 2**63),
        ("previous", bytes(31)),
        ("address", ""),
        ("address", "a" * 161),
        ("devices", []),
        ("devices", [a_device()] * (MAX_DEVICES + 1)),
        ("devices", [a_device(signing_key=bytes(31))]),
        ("devices", [a_device(identity_key=bytes(33))]),
        ("devices", [a_device(identity_signature=bytes(63))]),
        ("devices", [a_device(mailbox=bytes(15))]),
        ("devices", [a_device(mailbox="")]),
        ("devices", [a_device(flags=2**32)]),
        ("devices", [a_device(capabilities=2**63)]),
        ("devices", [a_device(grant=bytes(1025))]),
    ],
)
def test_a_manifest_beyond_its_bounds_is_refused(field: str, wrong: object) -> None:
    hostile = msgspec.structs.replace(a_body(), **{field: wrong})
    with pytest.raises(RemoteProtocolError):
        a_manifest(body=encode(hostile)).manifest()


def test_a_manifest_of_all_devices_fits_a_hello() -> None:
    devices = [a_device(signing_key=bytes([number] * 32)) for number in range(MAX_DEVICES)]
    body = a_body(address="a" * 127, devices=devices)
    manifest = a_manifest(body=encode(body))
    data = manifest.to_bytes()
    assert m.SignedManifest.from_bytes(data).manifest() == body
    assert len(data) <= MAX_MANIFEST_BYTES < INTRODUCTION_BYTES


def test_a_longer_manifest_is_refused_unread() -> None:
    with pytest.raises(RemoteProtocolError):
        m.SignedManifest.from_bytes(bytes(MAX_MANIFEST_BYTES + 1))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("kind", 0),
        ("kind", 5),
        ("id", 0),
        ("id", 2**32),
        ("key", bytes(31)),
        ("key", bytes(1185)),
        ("expires_at_s", 2**63),
        ("signature", bytes(63)),
    ],
)
def test_a_prekey_beyond_its_bounds_is_refused(field: str, wrong: object) -> None:
    prekey = m.Prekey(kind=1, id=1, key=bytes(32), expires_at_s=1, signature=bytes(64))
    assert decode(encode(prekey), m.Prekey) == prekey
    with pytest.raises(RemoteProtocolError):
        decode(encode(msgspec.structs.replace(prekey, **{field: wrong})), m.Prekey)


def test_each_kind_of_prekey_has_its_length() -> None:
    assert set(m.PREKEY_BYTES) == set(m.PrekeyKind)
    assert {int(kind): length for kind, length in m.PREKEY_BYTES.items()} == {
        1: 32,
        2: 32,
        3: 1184,
        4: 1184,
    }


def test_a_move_travels_as_the_bytes_that_were_signed_and_the_longest_fits() -> None:
    longest = m.MovedBody(
        root_key=bytes(32), from_address="a" * 160, to_address="b" * 160, at_s=2**63 - 1
    )
    signed = m.SignedMoved(body=encode(longest), signature=bytes(64))
    again = m.SignedMoved.from_bytes(signed.to_bytes())
    assert again == signed
    assert again.moved() == longest
    assert len(signed.to_bytes()) <= MAX_MOVED_BYTES
    for wrong in (b"", signed.to_bytes() + b"\x00", bytes(MAX_MOVED_BYTES + 1)):
        with pytest.raises(RemoteProtocolError):
            m.SignedMoved.from_bytes(wrong)
    with pytest.raises(RemoteProtocolError):
        m.SignedMoved(body=b"", signature=bytes(64)).moved()
