"""Attack 25: a peer, or a relay, uses an X25519 point of low order, so that the shared secret is
known to everybody.

Held by: an agreement whose result is all zeros is refused, wherever the point came from.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import dh, own_keys, ratchet, signing
from restante.crypto.keys import AgreementKey, EphemeralKey, IdentityKey, RatchetKey
from restante.crypto.signatures import verify_manifest
from restante.errors import CryptoError
from restante.protocol.address import Address
from restante.protocol.ids import MailboxId
from restante.protocol.manifest import PrekeyKind
from tests.crypto.people import NOW_S, RANDOM, SOME_HEADS, a_person, begin, meet, seal

P = 2**255 - 19
ORDER_EIGHT = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
# Order 4, 1 and 2 (twist and curve), 8 and 8; then the same values plus p where they fit 255 bits.
SEVEN = (0, 1, *ORDER_EIGHT, P - 1, P, P + 1)
# RFC 7748 ignores the highest bit, so each has a second spelling.
EVERY = [(value | high).to_bytes(32, "little") for value in SEVEN for high in (0, 1 << 255)]


@pytest.mark.parametrize("point", EVERY, ids=bytes.hex)
@pytest.mark.parametrize("kind", [IdentityKey, RatchetKey, EphemeralKey])
def test_no_secret_agrees_with_a_point_of_low_order(point: bytes, kind: type[AgreementKey]) -> None:
    for secret in (dh.generate_identity_pair(RANDOM), dh.generate_ratchet_pair(RANDOM)):
        with pytest.raises(CryptoError):
            dh.agree(secret.secret, kind(point))


@pytest.mark.parametrize("point", EVERY, ids=bytes.hex)
def test_a_hostile_contact_gets_no_session_by_such_a_key(point: bytes) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    hostile = replace(bob.device, identity=replace(bob.device.identity, public=IdentityKey(point)))
    manifest = own_keys.make_manifest(
        bob.account,
        address=Address.parse("bob@relay.example"),
        devices=[own_keys.device_entry(hostile, mailbox=MailboxId(bytes(16)), now_s=NOW_S)],
        now_s=NOW_S,
    )
    with pytest.raises(CryptoError):
        begin(alice, replace(bob, manifest=verify_manifest(manifest)))

    for kind, field in ((PrekeyKind.SIGNED, "signed"), (PrekeyKind.ONE_TIME, "one_time")):
        signed = signing.sign_prekey(
            bob.device.signing, kind, prekey_id=9, key=point, expires_at_s=NOW_S + 1
        )
        bundle = bob.bundle()
        parts = {"signed": bundle.signed, "kem": bundle.kem, "one_time": bundle.one_time}
        hostile_bundle = type(bundle)(
            signing_key=bundle.signing_key,
            **{**parts, field: signed},  # type: ignore[arg-type]
        )
        with pytest.raises(CryptoError):
            begin(alice, bob, bundle=hostile_bundle)


@pytest.mark.parametrize("point", EVERY, ids=bytes.hex)
def test_a_dh_step_with_such_a_key_is_refused(point: bytes) -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    header = replace(ratchet.send(alices.ratchet, SOME_HEADS)[1], ratchet_key=RatchetKey(point))
    place = ratchet.locate(bobs.ratchet, seal(alices, b"").envelope[:16])  # type: ignore[arg-type]
    assert place is not None
    assert place.begins_chain
    with pytest.raises(CryptoError):
        ratchet.receive(RANDOM, bobs.ratchet, place, header, now_s=NOW_S)
