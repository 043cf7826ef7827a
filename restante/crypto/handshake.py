"""The handshake: two devices that never met agree on a session, while one of them is away.

PQXDH-shaped, with the sender's identity sealed as in Noise IK. B is the recipient, A the sender:

    DH1 = X25519(IK_A, SPK_B)   A is who A says
    DH2 = X25519(EK_A, IK_B)    only B can open
    DH3 = X25519(EK_A, SPK_B)   forward secrecy
    DH4 = X25519(EK_A, OPK_B)   the same, at once, if there is a one-time prekey
    SS  = ML-KEM-768 to B's KEM prekey

The introduction (who A is) is sealed under DH2..DH4 and SS, the session starts from all five.
Rule: every public value, id and manifest head goes into a transcript that the keys derive from;
there is no variant without the KEM. Source: PQXDH, revision 3.
Spec: docs/cryptography.md, section 5.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from restante.crypto import aead, dh, hello, kdf, labels
from restante.crypto import introduction as introductions
from restante.crypto import ratchet as ratchets
from restante.crypto.hello import Hello
from restante.crypto.introduction import Introduction
from restante.crypto.limits import MAX_OWN_HEADS
from restante.crypto.padding import pad, unpad
from restante.crypto.session import Session, SessionFacts, SessionId
from restante.crypto.signatures import verify_bundle
from restante.errors import CryptoError
from restante.protocol.envelope import INTRODUCTION_BYTES
from restante.protocol.ids import length_prefixed
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.crypto.dh import RatchetKeyPair
    from restante.crypto.hello import HelloReferences
    from restante.crypto.kem import KemKeyPair
    from restante.crypto.keys import (
        DeviceKey,
        EphemeralKey,
        HeaderKey,
        IdentityKey,
        KemCiphertext,
        KemKey,
        KemSecret,
        RatchetKey,
        RatchetRoot,
        RootKey,
        SharedSecret,
    )
    from restante.crypto.own_keys import DeviceSecrets
    from restante.crypto.randomness import Randomness
    from restante.crypto.signatures import ListedDevice, VerifiedManifest
    from restante.protocol.ids import DeviceId, ManifestHash, Token
    from restante.protocol.manifest import PrekeyBundle


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloSecrets:
    """The recipient's secrets for one hello, looked up by its references."""

    signed: RatchetKeyPair
    one_time: RatchetKeyPair | None
    kem: KemKeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A hello whose introduction is opened: who began it, and what the session starts from."""

    facts: SessionFacts
    introduction: Introduction
    root: RatchetRoot
    peer_header_key: HeaderKey
    header_key: HeaderKey


def initiate(
    randomness: Randomness,
    *,
    own: DeviceSecrets,
    own_manifest: VerifiedManifest,
    recipient: VerifiedManifest,
    bundle: PrekeyBundle,
    reply_token: Token | None,
    own_relay_pin: bytes | None,
    now_s: int,
) -> Session:
    """Begin a session with one device of `recipient`, by the prekeys in `bundle`.

    Raises CryptoError if the device isn't listed in the manifest, or a prekey is not signed by it,
    is expired, or is of the wrong kind.
    """
    device = recipient.device(bundle.signing_key)
    if device.device_id == own.device_id:
        raise CryptoError("a device can't begin a session with itself")
    prekeys = verify_bundle(bundle, now_s=now_s)
    ephemeral = dh.generate_ephemeral_pair(randomness)
    ciphertext, secret = randomness.encapsulate(prekeys.kem)
    opening = [
        dh.agree(ephemeral.secret, device.identity),
        dh.agree(ephemeral.secret, prekeys.signed),
    ]
    if prekeys.one_time is not None:
        opening.append(dh.agree(ephemeral.secret, prekeys.one_time))
    refs = hello.references(
        device.device_id,
        ephemeral.public,
        signed_prekey_id=prekeys.signed_id,
        one_time_id=prekeys.one_time_id,
        kem_prekey_id=prekeys.kem_id,
        kem_ciphertext=ciphertext,
    )
    first = _hello_transcript(
        refs,
        ephemeral=ephemeral.public,
        kem_ciphertext=ciphertext,
        recipient_key=device.key,
        recipient=device.device_id,
        recipient_identity=device.identity,
        recipient_head=recipient.head,
        signed=prekeys.signed,
        one_time=prekeys.one_time,
        kem=prekeys.kem,
    )
    introduction = Introduction(
        manifest=own_manifest,
        key=own.key,
        reply_token=reply_token,
        relay_pin=own_relay_pin,
    )
    packed = Hello(
        references=refs,
        ephemeral=ephemeral.public,
        kem_ciphertext=ciphertext,
        sealed_introduction=aead.seal(
            kdf.introduction_key(first, opening, secret),
            pad(introductions.pack(introduction), INTRODUCTION_BYTES),
            associated=_introduction_data(refs),
            randomness=randomness,
        ),
    ).pack()
    second = _session_transcript(
        first,
        sender=own_manifest.device(own.key.raw),
        sender_manifest=own_manifest,
        recipient_root=recipient.root,
    )
    agreements = (dh.agree(own.identity.secret, prekeys.signed), *opening)
    root, header_key, next_receiving = kdf.session_keys(second, agreements, secret)
    return Session(
        facts=SessionFacts(
            session_id=_session_id(second),
            own_device=own.device_id,
            peer_account=recipient.account_id,
            peer_device=device.device_id,
            initiated_by_us=True,
            hello_tag=refs.tag,
            hello_hash=sha256(packed).digest(),
            created_at_s=now_s,
        ),
        ratchet=ratchets.start(
            randomness,
            root=root,
            header_key=header_key,
            next_receiving_header_key=next_receiving,
            peer_key=prekeys.signed,
            peer_kem=prekeys.kem,
        ),
        hello=packed,
        rival=None,
    )


def receive_hello(
    arrived: Hello,
    *,
    own: DeviceSecrets,
    own_root: RootKey,
    own_heads: Sequence[ManifestHash],
    secrets: HelloSecrets,
    now_s: int,
) -> Arrived:
    """Open a hello's introduction and derive what the session starts from.

    `own_heads` are our manifest's heads, newest first: the sender may have used an older one; at
    most 8 are tried. Nothing is proven about the sender until the first message opens, too.
    Raises CryptoError.
    """
    refs = arrived.references
    if (refs.one_time_id is None) != (secrets.one_time is None):
        raise CryptoError("a one-time prekey is used up")
    opening = [
        dh.agree(own.identity.secret, arrived.ephemeral),
        dh.agree(secrets.signed.secret, arrived.ephemeral),
    ]
    if secrets.one_time is not None:
        opening.append(dh.agree(secrets.one_time.secret, arrived.ephemeral))
    secret = secrets.kem.decapsulate(arrived.kem_ciphertext)
    first, packed = _open_introduction(
        arrived, own=own, own_heads=own_heads, secrets=secrets, opening=opening, secret=secret
    )
    introduction = introductions.parse(unpad(packed))
    sender = introduction.manifest.device(introduction.key.raw)
    if sender.device_id == own.device_id:
        raise CryptoError("a device can't begin a session with itself")
    second = _session_transcript(
        first,
        sender=sender,
        sender_manifest=introduction.manifest,
        recipient_root=own_root,
    )
    agreements = (dh.agree(secrets.signed.secret, sender.identity), *opening)
    root, peer_header_key, header_key = kdf.session_keys(second, agreements, secret)
    return Arrived(
        facts=SessionFacts(
            session_id=_session_id(second),
            own_device=own.device_id,
            peer_account=introduction.manifest.account_id,
            peer_device=sender.device_id,
            initiated_by_us=False,
            hello_tag=refs.tag,
            hello_hash=sha256(arrived.pack()).digest(),
            created_at_s=now_s,
        ),
        introduction=introduction,
        root=root,
        peer_header_key=peer_header_key,
        header_key=header_key,
    )


def _open_introduction(
    arrived: Hello,
    *,
    own: DeviceSecrets,
    own_heads: Sequence[ManifestHash],
    secrets: HelloSecrets,
    opening: Sequence[SharedSecret],
    secret: KemSecret,
) -> tuple[bytes, bytes]:
    """Return the hello transcript under which the introduction opens, and its plaintext."""
    for head in own_heads[:MAX_OWN_HEADS]:
        transcript = _hello_transcript(
            arrived.references,
            ephemeral=arrived.ephemeral,
            kem_ciphertext=arrived.kem_ciphertext,
            recipient_key=own.key,
            recipient=own.device_id,
            recipient_identity=own.identity.public,
            recipient_head=head,
            signed=secrets.signed.public,
            one_time=None if secrets.one_time is None else secrets.one_time.public,
            kem=secrets.kem.public,
        )
        try:
            plaintext = aead.open_sealed(
                kdf.introduction_key(transcript, opening, secret),
                arrived.sealed_introduction,
                associated=_introduction_data(arrived.references),
            )
        except CryptoError:
            continue
        return transcript, plaintext
    raise CryptoError("an introduction was refused")


def _hello_transcript(
    refs: HelloReferences,
    *,
    ephemeral: EphemeralKey,
    kem_ciphertext: KemCiphertext,
    recipient_key: DeviceKey,
    recipient: DeviceId,
    recipient_identity: IdentityKey,
    recipient_head: ManifestHash,
    signed: RatchetKey,
    one_time: RatchetKey | None,
    kem: KemKey,
) -> bytes:
    """Hash everything that both sides know before the sender is introduced, in this order."""
    digest = sha256(labels.HELLO_TRANSCRIPT + labels.SUITE_BYTE)
    for part in (recipient_key.raw, recipient, recipient_identity.raw, recipient_head):
        digest.update(part)
    for number, key in (
        (refs.signed_prekey_id, signed.raw),
        (refs.one_time_id or 0, b"" if one_time is None else one_time.raw),
        (refs.kem_prekey_id, kem.raw),
    ):
        digest.update(number.to_bytes(4, "big") + length_prefixed(key))
    digest.update(ephemeral.raw)
    digest.update(kem_ciphertext.raw)
    return digest.digest()


def _session_transcript(
    hello_transcript: bytes,
    *,
    sender: ListedDevice,
    sender_manifest: VerifiedManifest,
    recipient_root: RootKey,
) -> bytes:
    """Add the sender, and both root keys, to the hello transcript, in this order."""
    digest = sha256(labels.SESSION_TRANSCRIPT + hello_transcript)
    for part in (
        sender.identity.raw,
        sender.key.raw,
        sender.device_id,
        sender_manifest.head,
        sender_manifest.root.raw,
        recipient_root.raw,
    ):
        digest.update(part)
    return digest.digest()


def _session_id(session_transcript: bytes) -> SessionId:
    return SessionId(sha256(labels.SESSION_ID + session_transcript).digest()[:16])


def _introduction_data(refs: HelloReferences) -> bytes:
    return labels.INTRODUCTION_DATA + labels.SUITE_BYTE + refs.tag
