"""Attack 28: Charlie lists Bob's device as his own; Alice writes to Charlie, and Bob believes that
she wrote to him.

Held by: the recipient's manifest head is in the transcript of the hello, and both accounts' root
keys are in that of the session.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import envelope, handshake, hello, own_keys
from restante.crypto.signatures import verify_manifest
from restante.errors import CryptoError
from restante.protocol.address import Address
from tests.crypto.people import NOW_S, Person, a_person, begin, open_hello, seal


def who_claims_bobs_device() -> tuple[Person, Person]:
    """Return Bob, and Charlie, whose manifest lists Bob's device with Bob's own signature."""
    bob, charlie = a_person("bob"), a_person("charlie")
    manifest = own_keys.make_manifest(
        charlie.account,
        address=Address.parse("charlie@relay.example"),
        devices=[bob.manifest.devices[0].entry],
        now_s=NOW_S,
    )
    return bob, replace(charlie, manifest=verify_manifest(manifest))


def test_what_was_written_to_charlie_does_not_open_as_written_to_bob() -> None:
    alice = a_person("alice")
    bob, charlie = who_claims_bobs_device()
    sealed = seal(begin(alice, charlie, bundle=bob.bundle()), b"dear Charlie").envelope
    assert envelope.hello_references(sealed, bob.device.device_id) is not None
    with pytest.raises(CryptoError):
        open_hello(bob, sealed)


def test_even_the_introduction_does_not_open_for_another_manifest() -> None:
    alice = a_person("alice")
    bob, charlie = who_claims_bobs_device()
    sealed = seal(begin(alice, charlie, bundle=bob.bundle()), b"dear Charlie").envelope
    parsed = hello.parse(sealed, bob.device.device_id)
    assert parsed is not None
    with pytest.raises(CryptoError):
        handshake.receive_hello(
            parsed,
            own=bob.device,
            own_root=bob.manifest.root,
            own_heads=[bob.manifest.head],
            secrets=bob.secrets_for(parsed.references),
            now_s=NOW_S,
        )


def test_sessions_of_two_accounts_never_share_keys() -> None:
    alice, bob, charlie = a_person("alice"), a_person("bob"), a_person("charlie")
    session = begin(alice, bob)
    parsed = hello.parse(seal(session, b"hello").envelope, bob.device.device_id)
    assert parsed is not None
    arrived = [
        handshake.receive_hello(
            parsed,
            own=bob.device,
            own_root=root,
            own_heads=[charlie.manifest.head, bob.manifest.head],
            secrets=bob.secrets_for(parsed.references),
            now_s=NOW_S,
        )
        for root in (bob.manifest.root, charlie.manifest.root)
    ]
    assert arrived[0].facts.session_id == session.facts.session_id
    assert arrived[0].peer_header_key == session.ratchet.sending.header_key
    assert arrived[1].facts.session_id != session.facts.session_id
    assert arrived[1].peer_header_key != arrived[0].peer_header_key
    assert arrived[1].root != arrived[0].root


def test_at_most_eight_own_heads_are_tried() -> None:
    alice, bob, charlie = a_person("alice"), a_person("bob"), a_person("charlie")
    parsed = hello.parse(seal(begin(alice, bob), b"hello").envelope, bob.device.device_id)
    assert parsed is not None
    for before, opens in ((7, True), (8, False)):
        heads = [charlie.manifest.head] * before + [bob.manifest.head]
        arguments = {
            "own": bob.device,
            "own_root": bob.manifest.root,
            "own_heads": heads,
            "secrets": bob.secrets_for(parsed.references),
            "now_s": NOW_S,
        }
        if opens:
            handshake.receive_hello(parsed, **arguments)  # type: ignore[arg-type]
        else:
            with pytest.raises(CryptoError):
                handshake.receive_hello(parsed, **arguments)  # type: ignore[arg-type]
