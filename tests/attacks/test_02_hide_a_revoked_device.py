"""Attack 2: the relay goes on showing a manifest that lists a device its owner has revoked.

Held by: each message carries its sender's newest head, which nothing on the way can change, so the
first one that gets through tells of the manifest that is hidden; and the heads say as well what the
sender holds of the recipient's. Devices vouch for the newest head each day; a revoked one can't.
"""

from __future__ import annotations

import pytest

from restante.crypto import envelope, own_keys, signing
from restante.crypto.header import Heads
from restante.crypto.signatures import (
    VerifiedManifest,
    accept_manifest,
    verify_heartbeat,
    verify_manifest,
)
from restante.errors import CryptoError
from restante.protocol.ids import MailboxId
from tests.crypto.people import NOW_S, RANDOM, Person, a_person, meet, open_message


class Owner:
    """Alice, who had a second device and has revoked it."""

    def __init__(self) -> None:
        self.person = a_person("alice")
        self.lost = own_keys.generate_device(RANDOM)
        own = self.person.manifest.devices[0].entry
        lost = own_keys.device_entry(self.lost, mailbox=MailboxId(b"l" * 16), now_s=NOW_S)
        self.hidden_by_nobody = self._next(self.person.manifest, [own, lost])
        self.revoked = self._next(self.hidden_by_nobody, [own])

    def _next(self, current: VerifiedManifest, devices: list) -> VerifiedManifest:  # type: ignore[type-arg]
        account = self.person.account.account
        return verify_manifest(
            own_keys.next_manifest(account, current, devices=devices, now_s=NOW_S)
        )

    def says(self, bob: Person) -> Heads:
        return Heads(sender=self.revoked.head, recipient=bob.manifest.head)


def test_the_first_message_tells_of_the_manifest_that_is_hidden() -> None:
    owner, bob = Owner(), a_person("bob")
    alices, bobs = meet(owner.person, bob)
    shown = [owner.person.manifest, owner.hidden_by_nobody]
    seen = accept_manifest(None, shown)
    sealed = envelope.seal(alices, b"hi", heads=owner.says(bob), randomness=RANDOM)
    opened = open_message(bobs, sealed.envelope)
    assert opened.heads.sender != seen.hash, "what the relay shows is not the newest"
    assert accept_manifest(seen, shown).hash != opened.heads.sender, "nor is it on asking again"
    honest = accept_manifest(seen, [owner.revoked])
    assert honest.hash == opened.heads.sender
    with pytest.raises(CryptoError):
        owner.revoked.device(owner.lost.key.raw)


def test_an_answer_tells_the_owner_that_a_contact_has_not_heard() -> None:
    owner, bob = Owner(), a_person("bob")
    alices, bobs = meet(owner.person, bob)
    stale = Heads(sender=bob.manifest.head, recipient=owner.hidden_by_nobody.head)
    sealed = envelope.seal(bobs, b"hi", heads=stale, randomness=RANDOM)
    opened = open_message(alices, sealed.envelope)
    assert opened.heads.recipient == owner.hidden_by_nobody.head != owner.revoked.head


def test_a_heartbeat_for_the_hidden_manifest_does_not_vouch_for_the_shown_one() -> None:
    owner = Owner()
    device = owner.person.device
    fresh = signing.sign_heartbeat(device.signing, owner.revoked.head, at_s=NOW_S)
    verify_heartbeat(fresh, owner.revoked)
    with pytest.raises(CryptoError):
        verify_heartbeat(fresh, owner.hidden_by_nobody)


def test_a_revoked_device_vouches_for_nothing_any_more() -> None:
    owner = Owner()
    by_lost = signing.sign_heartbeat(owner.lost.signing, owner.revoked.head, at_s=NOW_S)
    with pytest.raises(CryptoError):
        verify_heartbeat(by_lost, owner.revoked)
