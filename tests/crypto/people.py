"""Alice, Bob and the rest, with real keys, prekeys and manifests, for tests of the cryptography."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from restante.crypto import dh, envelope, handshake, own_keys
from restante.crypto.header import Heads
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import KemSeed, RatchetSecret
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol.address import Address
from restante.protocol.ids import MailboxId, Token
from restante.protocol.manifest import PrekeyBundle, PrekeyKind

if TYPE_CHECKING:
    from restante.crypto.envelope import Opened, Sealed
    from restante.crypto.handshake import HelloSecrets
    from restante.crypto.hello import HelloReferences
    from restante.crypto.introduction import Introduction
    from restante.crypto.own_keys import AccountSecrets, DeviceSecrets, PrekeySecret
    from restante.crypto.randomness import Randomness
    from restante.crypto.session import Session

RANDOM = SystemRandomness()
NOW_S = 1_800_000_000
DAY_S = 86_400


@dataclass
class Person:
    """An account with one device, and the secrets of the prekeys it has published."""

    account: AccountSecrets
    device: DeviceSecrets
    manifest: VerifiedManifest
    prekeys: dict[int, PrekeySecret] = field(default_factory=dict)

    def prekey(self, kind: PrekeyKind) -> PrekeySecret | None:
        return next((key for key in self.prekeys.values() if key.kind == kind), None)

    def bundle(self, *, one_time: bool = True) -> PrekeyBundle:
        """What the relay hands out: one-time prekeys, or the reusable ones to a stranger."""
        kem = self.prekey(PrekeyKind.KEM_ONE_TIME) if one_time else None
        single = self.prekey(PrekeyKind.ONE_TIME) if one_time else None
        signed = self.prekey(PrekeyKind.SIGNED)
        kem = kem or self.prekey(PrekeyKind.KEM_LAST_RESORT)
        assert signed is not None
        assert kem is not None
        return PrekeyBundle(
            signing_key=self.device.key.raw,
            signed=signed.public,
            kem=kem.public,
            one_time=None if single is None else single.public,
        )

    def secrets_for(self, references: HelloReferences) -> HelloSecrets:
        """Look a hello's prekeys up. Raises KeyError for one that was erased or never existed."""

        def pair(prekey_id: int) -> dh.RatchetKeyPair:
            secret = self.prekeys[prekey_id].secret
            assert isinstance(secret, RatchetSecret)
            return dh.ratchet_pair(secret)

        seed = self.prekeys[references.kem_prekey_id].secret
        assert isinstance(seed, KemSeed)
        one_time = references.one_time_id
        return handshake.HelloSecrets(
            signed=pair(references.signed_prekey_id),
            one_time=None if one_time is None else pair(one_time),
            kem=KemKeyPair(seed),
        )

    def erase_one_time(self, references: HelloReferences) -> None:
        """Do what a device must do once a hello was opened."""
        kinds = {prekey_id: prekey.kind for prekey_id, prekey in self.prekeys.items()}
        for prekey_id in own_keys.spent_prekeys(references, kinds):
            del self.prekeys[prekey_id]


def make_person(
    name: str, *, randomness: Randomness = RANDOM, now_s: int = NOW_S, one_time: int = 2
) -> Person:
    """Make an account, its device, its first manifest and a few prekeys."""
    account = own_keys.generate_account(randomness, now_s=now_s)
    device = own_keys.generate_device(randomness)
    mailbox = MailboxId(randomness.random(16))
    manifest = own_keys.make_manifest(
        account,
        address=Address.parse(f"{name}@relay.example"),
        devices=[own_keys.device_entry(device, mailbox=mailbox, now_s=now_s)],
        now_s=now_s,
    )
    prekeys = own_keys.generate_prekeys(
        randomness,
        device,
        first_id=1,
        now_s=now_s,
        one_time=one_time,
        kem_one_time=one_time,
    )
    return Person(
        account=account,
        device=device,
        manifest=verify_manifest(manifest),
        prekeys={key.public.id: key for key in prekeys},
    )


@cache
def _lasting(name: str) -> Person:
    return make_person(name)


def a_person(name: str) -> Person:
    """Return a person with fresh prekey bookkeeping; the keys are made once for all tests."""
    lasting = _lasting(name)
    return Person(
        account=lasting.account,
        device=lasting.device,
        manifest=lasting.manifest,
        prekeys=dict(lasting.prekeys),
    )


def begin(
    sender: Person,
    recipient: Person,
    *,
    bundle: PrekeyBundle | None = None,
    randomness: Randomness = RANDOM,
    reply_token: bytes | None = b"T" * 16,
    now_s: int = NOW_S,
) -> Session:
    """Initiate a session from `sender` to `recipient`."""
    return handshake.initiate(
        randomness,
        own=sender.device,
        own_manifest=sender.manifest,
        recipient=recipient.manifest,
        bundle=recipient.bundle() if bundle is None else bundle,
        reply_token=None if reply_token is None else Token(reply_token),
        own_relay_pin=None,
        now_s=now_s,
    )


def heads(sender: Person, recipient: Person) -> Heads:
    return Heads(sender=sender.manifest.head, recipient=recipient.manifest.head)


SOME_HEADS = Heads(sender=b"\x01" * 32, recipient=b"\x02" * 32)  # type: ignore[arg-type]


def seal(session: Session, content: bytes, *, randomness: Randomness = RANDOM) -> Sealed:
    return envelope.seal(session, content, heads=SOME_HEADS, randomness=randomness)


def open_message(session: Session, sealed: bytes, *, now_s: int = NOW_S) -> Opened:
    return envelope.open_message(session, sealed, randomness=RANDOM, now_s=now_s)


def open_hello(
    recipient: Person,
    sealed: bytes,
    *,
    secrets: HelloSecrets | None = None,
    randomness: Randomness = RANDOM,
    now_s: int = NOW_S,
) -> tuple[Introduction, Opened]:
    """Open a first envelope. Raises KeyError if its prekeys are gone, CryptoError if refused."""
    references = envelope.hello_references(sealed, recipient.device.device_id)
    assert references is not None
    return envelope.open_hello(
        sealed,
        own=recipient.device,
        own_root=recipient.manifest.root,
        own_heads=[recipient.manifest.head],
        secrets=recipient.secrets_for(references) if secrets is None else secrets,
        randomness=randomness,
        now_s=now_s,
    )


def meet(sender: Person, recipient: Person) -> tuple[Session, Session]:
    """Return both sides of a confirmed session: one hello and one answer have gone through."""
    first = seal(begin(sender, recipient), b"hello")
    _, arrived = open_hello(recipient, first.envelope)
    answer = seal(arrived.session, b"welcome")
    return open_message(first.session, answer.envelope).session, answer.session
