"""Attack 33: a signature that was made for one purpose is shown for another.

Held by: every statement opens with its context's own label.
"""

from __future__ import annotations

import itertools

import pytest

from restante.crypto import labels, signatures, signing, statements
from restante.crypto.keys import DeviceKey, IdentityKey
from restante.errors import CryptoError
from restante.protocol.ids import DeviceId, ManifestHash
from tests.crypto.people import NOW_S, a_person

KEY = DeviceKey(b"\x01" * 32)
STATEMENTS = {
    labels.ACCOUNT_CERTIFICATE: statements.account_certificate(b"certificate body"),
    labels.MANIFEST: statements.manifest(b"manifest body"),
    labels.IDENTITY_KEY: statements.identity_key(IdentityKey(b"\x02" * 32)),
    labels.PREKEY: statements.prekey(
        kind=1, prekey_id=1, expires_at_s=NOW_S, device=DeviceId(bytes(16)), key=b"\x03" * 32
    ),
    labels.AUTHENTICATE: statements.authenticate(
        authority="relay.example", nonce=bytes(32), key=KEY
    ),
    labels.HEARTBEAT: statements.heartbeat(head=ManifestHash(bytes(32)), at_s=NOW_S),
    labels.DELETE_ACCOUNT: statements.deletion(head=ManifestHash(bytes(32))),
    labels.MOVED: statements.moved(b"moved body"),
    labels.LINK_PROOF: statements.link_proof(bytes(32)),
    labels.GROUP_ENTRY: statements.group_entry(b"entry body"),
    labels.GROUP_MESSAGE: statements.group_message(
        group=bytes(32), chain=bytes(16), number=1, digest=bytes(32)
    ),
}


def test_every_context_is_tried() -> None:
    assert set(STATEMENTS) == set(labels.SIGNATURE_LABELS)
    assert len(STATEMENTS) == 11


@pytest.mark.parametrize(
    ("made_for", "shown_for"), list(itertools.permutations(labels.SIGNATURE_LABELS, 2))
)
def test_a_signature_holds_in_its_own_context_only(made_for: bytes, shown_for: bytes) -> None:
    device = a_person("alice").device
    statement = STATEMENTS[made_for]
    assert statement.startswith(made_for)
    signature = signing._sign(device.signing, statement)
    signatures._verify(device.key, statement, signature)
    # The very fields that were signed, read as those of the other context.
    with pytest.raises(CryptoError):
        signatures._verify(device.key, shown_for + statement[len(made_for) :], signature)


def test_fields_cannot_be_shifted_against_each_other() -> None:
    shifted = {
        statements.authenticate(authority=authority, nonce=nonce, key=KEY)
        for authority, nonce in (
            ("relay.example", b"x" + bytes(31)),
            ("relay.examplex", bytes(32)),
            ("relay.exampl", b"ex" + bytes(30)),
        )
    }
    assert len(shifted) == 3
