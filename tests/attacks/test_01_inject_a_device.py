"""Attack 1: the relay adds a device of its own to somebody's account, to get a copy of all.

Held by: the account key, which the root key certified, signs the list of devices.
"""

from __future__ import annotations

import msgspec
import pytest

from restante.crypto import own_keys
from restante.crypto.signatures import verify_manifest
from restante.errors import CryptoError
from restante.protocol.codec import encode
from restante.protocol.ids import MailboxId
from tests.crypto.people import NOW_S, RANDOM, a_person


def test_a_device_that_the_account_did_not_sign_is_refused() -> None:
    bob, mallory = a_person("bob"), a_person("mallory")
    spy = own_keys.device_entry(
        own_keys.generate_device(RANDOM), mailbox=MailboxId(bytes(16)), now_s=NOW_S
    )
    signed = bob.manifest.signed
    body = signed.manifest()
    longer = msgspec.structs.replace(body, devices=[*body.devices, spy])
    forged = msgspec.structs.replace(signed, body=encode(longer))
    resigned = own_keys.make_manifest(
        mallory.account, address=bob.manifest.address, devices=longer.devices, now_s=NOW_S
    )
    grafted = msgspec.structs.replace(
        resigned,
        certificate_body=signed.certificate_body,
        certificate_signature=signed.certificate_signature,
    )
    for manifest in (forged, grafted):
        with pytest.raises(CryptoError):
            verify_manifest(manifest)
    assert verify_manifest(resigned).account_id != bob.manifest.account_id


def test_an_account_key_that_the_root_did_not_certify_is_refused() -> None:
    bob, mallory = a_person("bob"), a_person("mallory")
    certificate = bob.manifest.signed.certificate()
    body = encode(
        msgspec.structs.replace(certificate, account_key=mallory.manifest.account_key.raw)
    )
    entry = bob.manifest.devices[0].entry
    forged = own_keys.make_manifest(
        mallory.account, address=bob.manifest.address, devices=[entry], now_s=NOW_S
    )
    for signature in (
        bob.manifest.signed.certificate_signature,
        mallory.manifest.signed.certificate_signature,
    ):
        with pytest.raises(CryptoError):
            verify_manifest(
                msgspec.structs.replace(
                    forged, certificate_body=body, certificate_signature=signature
                )
            )
