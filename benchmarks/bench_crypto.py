"""The cryptography alone, on one core: sealing, opening, handshakes, steps, sizes of states.

Rates are the best of several rounds, since whatever else the machine does only makes them lower.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from restante.crypto import envelope, handshake, own_keys, stored_session
from restante.crypto.dh import ratchet_pair
from restante.crypto.header import Heads
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import KemSeed, RatchetSecret
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import verify_authentication, verify_bundle, verify_manifest
from restante.crypto.signing import sign_authentication
from restante.protocol.address import Address
from restante.protocol.ids import MailboxId
from restante.protocol.manifest import PrekeyBundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restante.crypto.envelope import Opened, Sealed
    from restante.crypto.handshake import HelloSecrets
    from restante.crypto.own_keys import DeviceSecrets
    from restante.crypto.session import Session
    from restante.crypto.signatures import VerifiedManifest

RANDOM = SystemRandomness()
NOW_S = 1_800_000_000
CONTENT = bytes(100)
ROUNDS = 5


class _Person:
    def __init__(self, name: str) -> None:
        self.account = own_keys.generate_account(RANDOM, now_s=NOW_S)
        self.device: DeviceSecrets = own_keys.generate_device(RANDOM)
        signed = own_keys.make_manifest(
            self.account,
            address=Address.parse(f"{name}@relay.example"),
            devices=[own_keys.device_entry(self.device, mailbox=MailboxId(bytes(16)), now_s=NOW_S)],
            now_s=NOW_S,
        )
        self.manifest: VerifiedManifest = verify_manifest(signed)
        signed_key, _, one_time, kem = own_keys.generate_prekeys(
            RANDOM, self.device, first_id=1, now_s=NOW_S, one_time=1, kem_one_time=1
        )
        if not (
            isinstance(signed_key.secret, RatchetSecret)
            and isinstance(one_time.secret, RatchetSecret)
            and isinstance(kem.secret, KemSeed)
        ):
            raise TypeError("prekeys come in another order")
        self.bundle = PrekeyBundle(
            signing_key=self.device.key.raw,
            signed=signed_key.public,
            kem=kem.public,
            one_time=one_time.public,
        )
        self.secrets: HelloSecrets = handshake.HelloSecrets(
            signed=ratchet_pair(signed_key.secret),
            one_time=ratchet_pair(one_time.secret),
            kem=KemKeyPair(kem.secret),
        )


ALICE, BOB = _Person("alice"), _Person("bob")
HEADS = Heads(sender=ALICE.manifest.head, recipient=BOB.manifest.head)


def _seal(session: Session) -> Sealed:
    return envelope.seal(session, CONTENT, heads=HEADS, randomness=RANDOM)


def _open(session: Session, sealed: bytes) -> Opened:
    return envelope.open_message(session, sealed, randomness=RANDOM, now_s=NOW_S)


def _begin() -> Session:
    return handshake.initiate(
        RANDOM,
        own=ALICE.device,
        own_manifest=ALICE.manifest,
        recipient=BOB.manifest,
        bundle=BOB.bundle,
        reply_token=None,
        own_relay_pin=None,
        now_s=NOW_S,
    )


def _arrive(sealed: bytes) -> Session:
    _, opened = envelope.open_hello(
        sealed,
        own=BOB.device,
        own_root=BOB.manifest.root,
        own_heads=[BOB.manifest.head],
        secrets=BOB.secrets,
        randomness=RANDOM,
        now_s=NOW_S,
    )
    return opened.session


def _meet() -> tuple[Session, Session]:
    first = _seal(_begin())
    answer = _seal(_arrive(first.envelope))
    return _open(first.session, answer.envelope).session, answer.session


def _rate(count: int, work: Callable[[], object]) -> float:
    best_s = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        best_s = min(best_s, time.perf_counter() - started)
    return count / best_s


def _seal_chain(session: Session, count: int) -> list[bytes]:
    sealed = []
    for _ in range(count):
        step = _seal(session)
        session = step.session
        sealed.append(step.envelope)
    return sealed


def _open_chain(session: Session, sealed: list[bytes]) -> Session:
    for each in sealed:
        session = _open(session, each).session
    return session


def _take_turns(alices: Session, bobs: Session, count: int) -> None:
    for _ in range(count):
        sealed = _seal(alices)
        alices, bobs = _open(bobs, sealed.envelope).session, sealed.session


def _check_logins(nonce: bytes, login: bytes, count: int) -> None:
    for _ in range(count):
        verify_authentication(
            BOB.device.key, authority="relay.example", nonce=nonce, signature=login
        )


def run() -> Iterator[dict[str, object]]:
    """Yield the figures of the cryptography."""

    def rate(bench: str, value: float, how: str) -> dict[str, object]:
        return {"bench": bench, "value": round(value), "unit": "1/s", "how": how}

    best = f"one core, best of {ROUNDS} rounds"
    alices, bobs = _meet()
    chain = _seal_chain(alices, 2000)
    yield rate(
        "crypto.encrypt",
        _rate(2000, lambda: _seal_chain(alices, 2000)),
        f"100 B contents into 4 KiB envelopes, one chain of 2,000, {best}",
    )
    yield rate(
        "crypto.decrypt",
        _rate(2000, lambda: _open_chain(bobs, chain)),
        f"the same 2,000 opened in order, with the tag index's changes, {best}",
    )
    yield rate(
        "crypto.turns",
        _rate(200, lambda: _take_turns(alices, bobs, 200)),
        f"seal and open 100 B, taking turns, so that each message is a DH and KEM step, {best}",
    )
    yield rate(
        "crypto.initiate",
        _rate(100, lambda: [_begin() for _ in range(100)]),
        f"begin a session: verify 3 prekeys, PQXDH, first step, {best}",
    )
    hello = _seal(_begin()).envelope
    yield rate(
        "crypto.open_hello",
        _rate(100, lambda: [_arrive(hello) for _ in range(100)]),
        f"open a hello: PQXDH, verify manifest, two steps, body, {best}",
    )
    yield rate(
        "crypto.handshakes",
        _rate(100, lambda: [_arrive(_seal(_begin()).envelope) for _ in range(100)]),
        f"both sides of a handshake with its first message, {best}",
    )
    yield rate(
        "crypto.hello_lookup",
        _rate(
            2000,
            lambda: [envelope.hello_references(hello, ALICE.device.device_id) for _ in range(2000)],
        ),
        f"recognise that 16 KiB is no hello for this device (what garbage costs), {best}",
    )
    yield rate(
        "crypto.verify_bundle",
        _rate(100, lambda: [verify_bundle(BOB.bundle, now_s=NOW_S) for _ in range(100)]),
        f"3 prekey signatures of a known device, {best}",
    )
    nonce = bytes(32)
    login = sign_authentication(BOB.device.signing, authority="relay.example", nonce=nonce)
    yield rate(
        "crypto.verify_login",
        _rate(200, lambda: _check_logins(nonce, login, 200)),
        f"a relay checks a device's login, key seen before, {best}",
    )
    yield rate(
        "crypto.prekeys",
        _rate(
            202,
            lambda: own_keys.generate_prekeys(RANDOM, BOB.device, first_id=1, now_s=NOW_S),
        ),
        f"draw and sign a device's first 202 prekeys, half of them ML-KEM, {best}",
    )
    stored = stored_session.serialise(bobs)
    yield {
        "bench": "crypto.state",
        "value": len(stored),
        "unit": "B",
        "how": "a stored session with no message missing",
    }
    yield rate(
        "crypto.reload",
        _rate(
            500,
            lambda: [stored_session.parse(stored_session.serialise(bobs)) for _ in range(500)],
        ),
        f"store and load a session, {best}",
    )
