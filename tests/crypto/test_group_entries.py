"""Entries of a group hold by the signature of a listed device of their author, and not else."""

from __future__ import annotations

import msgspec
import pytest

from restante.crypto.signatures import verify_group_entry
from restante.crypto.signing import sign_group_entry
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import encode
from restante.protocol.group import EntryBody, Found, SignedEntry, act
from tests.crypto.people import Person, a_person


def an_entry(of: Person, signer: Person | None = None) -> SignedEntry:
    body = EntryBody(
        version=1,
        group=b"",
        parents=[],
        author=of.manifest.account_id,
        device=of.device.device_id,
        manifest=of.manifest.head,
        sequence=1,
        at_ms=1,
        acts=[act(Found(name="Walkers", is_space=False, nonce=bytes(16)))],
    )
    return sign_group_entry((signer or of).device.signing, body)


def test_an_entry_of_a_listed_device_holds() -> None:
    alice = a_person("alice")
    signed = an_entry(alice)
    assert verify_group_entry(signed, alice.manifest) == signed.entry()


def test_an_entry_that_somebody_else_signed_is_refused() -> None:
    alice, mallory = a_person("alice"), a_person("mallory")
    with pytest.raises(CryptoError):
        verify_group_entry(an_entry(alice, signer=mallory), alice.manifest)


def test_an_entry_in_the_name_of_another_account_is_refused() -> None:
    alice, mallory = a_person("alice"), a_person("mallory")
    body = msgspec.structs.replace(an_entry(mallory).entry(), author=alice.manifest.account_id)
    with pytest.raises(CryptoError):
        verify_group_entry(sign_group_entry(mallory.device.signing, body), mallory.manifest)


def test_an_entry_of_an_unlisted_device_is_refused() -> None:
    alice, mallory = a_person("alice"), a_person("mallory")
    body = msgspec.structs.replace(an_entry(alice).entry(), device=mallory.device.device_id)
    with pytest.raises(CryptoError):
        verify_group_entry(sign_group_entry(mallory.device.signing, body), alice.manifest)


def test_every_changed_byte_of_an_entry_is_refused() -> None:
    alice = a_person("alice")
    signed = an_entry(alice)
    for at in range(0, len(signed.body), 5):
        changed = bytearray(signed.body)
        changed[at] ^= 1
        with pytest.raises((CryptoError, RemoteProtocolError)):
            verify_group_entry(
                SignedEntry(body=bytes(changed), signature=signed.signature), alice.manifest
            )


def test_a_groups_id_covers_all_that_its_first_entry_says() -> None:
    alice = a_person("alice")
    signed = an_entry(alice)
    other = msgspec.structs.replace(signed.entry(), at_ms=2)
    assert SignedEntry(body=encode(other), signature=signed.signature).hash != signed.hash
