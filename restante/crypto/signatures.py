"""Verification of every signature, and the rule by which a newer manifest is accepted.

The only module of this package that a relay may import; it reaches no key that opens anything.
Rule: Ed25519 is verified by libsodium and nobody else, and only for keys that are canonical points
of the prime-order group: small-order and mixed-order keys, for which one signature can hold for
many messages or for some verifiers only, are refused. Spec: docs/cryptography.md, section 4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import CryptoError as SodiumError

from restante.crypto import statements
from restante.crypto.keys import (
    AccountKey,
    IdentityKey,
    KemKey,
    RatchetKey,
    RootKey,
    SenderVerifyKey,
    VerifyKey,
)
from restante.crypto.keys import (
    DeviceKey as DeviceKey,  # noqa: PLC0414  # exported: a relay names devices by it
)
from restante.errors import CryptoError
from restante.protocol.address import Address, AddressError
from restante.protocol.ids import (
    NO_MANIFEST,
    SIGNATURE_BYTES,
    AccountId,
    DeviceId,
    ManifestHash,
    account_id,
    device_id,
)
from restante.protocol.manifest import DeviceFlag, PrekeyKind
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.protocol.group import EntryBody, SignedEntry
    from restante.protocol.manifest import (
        DeviceEntry,
        Heartbeat,
        Prekey,
        PrekeyBundle,
        SignedManifest,
        SignedMoved,
    )


class ManifestForkError(CryptoError):
    """Two manifests of one generation and sequence, both signed: somebody shows two histories."""


class ManifestRollbackError(CryptoError):
    """The newest manifest that was offered is older than one that was seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDevice:
    """A device of a verified manifest; the device has signed its identity key."""

    key: DeviceKey
    device_id: DeviceId
    identity: IdentityKey
    entry: DeviceEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestHead:
    """Where in an account's history a manifest stands."""

    account_id: AccountId
    generation: int
    sequence: int
    hash: ManifestHash


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedManifest:
    """A manifest whose signatures hold. Whether it is the newest one is another question."""

    signed: SignedManifest
    root: RootKey
    account_id: AccountId
    account_key: AccountKey
    generation: int
    sequence: int
    previous: ManifestHash
    head: ManifestHash
    address: Address
    devices: tuple[ListedDevice, ...]
    issued_at_s: int

    def device(self, signing_key: bytes) -> ListedDevice:
        """Return the device with that Ed25519 key, 32 B. Raises CryptoError if it isn't listed."""
        for device in self.devices:
            if device.key.raw == signing_key:
                return device
        raise CryptoError("a device is not listed in its account's manifest")

    def device_by_id(self, wanted: DeviceId) -> ListedDevice:
        """Return the device with that id. Raises CryptoError if it isn't listed."""
        for device in self.devices:
            if device.device_id == wanted:
                return device
        raise CryptoError("a device is not listed in its account's manifest")

    def position(self) -> ManifestHead:
        """Return where this manifest stands, to be remembered once it is accepted."""
        return ManifestHead(
            account_id=self.account_id,
            generation=self.generation,
            sequence=self.sequence,
            hash=self.head,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedMoved:
    """A move that the account's root signed. Whether it is the newest one is another question."""

    account_id: AccountId
    from_address: Address
    to_address: Address
    at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBundle:
    """The prekeys of one device, each signed by it, of the right kind and not expired."""

    signed_id: int
    signed: RatchetKey
    kem_id: int
    kem: KemKey
    one_time_id: int | None
    one_time: RatchetKey | None


def verify_certificate(signed: SignedManifest) -> tuple[RootKey, AccountKey, int]:
    """Return the root key, the account key and the generation that a certificate binds.

    Raises CryptoError if the root key didn't sign it, RemoteProtocolError if it is malformed.
    """
    body = signed.certificate()
    root = RootKey(body.root_key)
    _verify(
        root, statements.account_certificate(signed.certificate_body), signed.certificate_signature
    )
    return root, AccountKey(body.account_key), body.generation


def verify_manifest(signed: SignedManifest) -> VerifiedManifest:
    """Check a manifest by itself: certificate, signature, devices, identity keys, address.

    Raises CryptoError if a signature doesn't hold or the parts contradict each other,
    RemoteProtocolError if they are malformed.
    """
    root, account_key, generation = verify_certificate(signed)
    _verify(account_key, statements.manifest(signed.body), signed.signature)
    body = signed.manifest()
    if body.generation != generation:
        raise CryptoError("a manifest and its certificate disagree")
    if (body.sequence == 1) != (body.previous == NO_MANIFEST):
        raise CryptoError("a manifest's sequence and predecessor disagree")
    try:
        address = Address.parse(body.address)
    except AddressError:
        raise CryptoError("a manifest names no address") from None
    devices = tuple(verify_device(entry) for entry in body.devices)
    if len({device.key for device in devices}) != len(devices):
        raise CryptoError("a manifest lists a device twice")
    return VerifiedManifest(
        signed=signed,
        root=root,
        account_id=account_id(root.raw),
        account_key=account_key,
        generation=generation,
        sequence=body.sequence,
        previous=ManifestHash(body.previous),
        head=signed.hash,
        address=address,
        devices=devices,
        issued_at_s=body.issued_at_s,
    )


def accept_manifest(seen: ManifestHead | None, links: Sequence[VerifiedManifest]) -> ManifestHead:
    """Decide whether `links`, oldest first, lead on from what was seen; return the new head.

    Accepted is the same head again, a higher generation (a recovery supersedes every chain of a
    lower one), or the same generation with each link naming its predecessor's hash. With nothing
    seen yet the first link is taken as it is: the caller has compared it with a pin, or trusts on
    first use. Links that are older than what was seen are passed over, as a relay may repeat them.

    Raises ManifestForkError, ManifestRollbackError (the last link is an old one), or CryptoError
    (another account, a hole in the chain, no links at all).
    """
    if not links:
        raise CryptoError("a manifest chain is empty")
    current = seen
    for link in links:
        position = link.position()
        if current is None or _follows(current, link):
            current = position
    if current != links[-1].position():
        raise ManifestRollbackError("a manifest is older than one that was seen")
    return current


def verify_prekey(prekey: Prekey, key: DeviceKey) -> None:
    """Check a prekey's signature by its device. Raises CryptoError."""
    statement = statements.prekey(
        kind=prekey.kind,
        prekey_id=prekey.id,
        expires_at_s=prekey.expires_at_s,
        device=device_id(key.raw),
        key=prekey.key,
    )
    _verify(key, statement, prekey.signature)


def verify_bundle(bundle: PrekeyBundle, *, now_s: int) -> VerifiedBundle:
    """Check the prekeys of one device: signatures, kinds and expiry. Raises CryptoError."""
    key = DeviceKey(bundle.signing_key)
    kinds = [
        (bundle.signed, (PrekeyKind.SIGNED,)),
        (bundle.kem, (PrekeyKind.KEM_ONE_TIME, PrekeyKind.KEM_LAST_RESORT)),
    ]
    if bundle.one_time is not None:
        kinds.append((bundle.one_time, (PrekeyKind.ONE_TIME,)))
    for prekey, allowed in kinds:
        if prekey.kind not in allowed:
            raise CryptoError("a prekey is of the wrong kind")
        if prekey.expires_at_s <= now_s:
            raise CryptoError("a prekey has expired")
        verify_prekey(prekey, key)
    one_time = bundle.one_time
    return VerifiedBundle(
        signed_id=bundle.signed.id,
        signed=RatchetKey(bundle.signed.key),
        kem_id=bundle.kem.id,
        kem=KemKey(bundle.kem.key),
        one_time_id=None if one_time is None else one_time.id,
        one_time=None if one_time is None else RatchetKey(one_time.key),
    )


def verify_authentication(
    key: DeviceKey, *, authority: str, nonce: bytes, signature: bytes
) -> None:
    """Check a device's answer to a relay's challenge (32-byte nonce). Raises CryptoError."""
    _verify(key, statements.authenticate(authority=authority, nonce=nonce, key=key), signature)


def verify_heartbeat(heartbeat: Heartbeat, manifest: VerifiedManifest) -> None:
    """Check that a device of `manifest` vouched for it at `heartbeat.at_s`. Raises CryptoError."""
    if heartbeat.manifest != manifest.head:
        raise CryptoError("a heartbeat is for another manifest")
    device = manifest.device(heartbeat.signing_key)
    if device.entry.is_capability_key:
        raise CryptoError("a capability key vouches for nothing")
    statement = statements.heartbeat(head=manifest.head, at_s=heartbeat.at_s)
    _verify(device.key, statement, heartbeat.signature)


def verify_link_proof(key: DeviceKey, transcript: bytes, signature: bytes) -> None:
    """Check that a new device takes part in a linking (transcript 32 B). Raises CryptoError."""
    _verify(key, statements.link_proof(transcript), signature)


def verify_deletion(manifest: VerifiedManifest, signature: bytes) -> None:
    """Check that the account wants to be erased; `manifest` is its newest. Raises CryptoError."""
    _verify(manifest.account_key, statements.deletion(head=manifest.head), signature)


def verify_moved(signed: SignedMoved, root: RootKey) -> VerifiedMoved:
    """Check that the account of `root` says that it went to another address.

    Raises CryptoError if another root signed it or nobody, or if it leads nowhere,
    RemoteProtocolError if it is malformed.
    """
    body = signed.moved()
    if body.root_key != root.raw:
        raise CryptoError("a move is of another account")
    _verify(root, statements.moved(signed.body), signed.signature)
    try:
        from_address, to_address = Address.parse(body.from_address), Address.parse(body.to_address)
    except AddressError:
        raise CryptoError("a move names no address") from None
    if from_address == to_address:
        raise CryptoError("a move leads nowhere")
    return VerifiedMoved(
        account_id=account_id(root.raw),
        from_address=from_address,
        to_address=to_address,
        at_s=body.at_s,
    )


def verify_group_entry(signed: SignedEntry, manifest: VerifiedManifest) -> EntryBody:
    """Check that a device of `manifest` wrote an entry of a group's log, under that manifest.

    Whether its author may do what it says is another question. Raises CryptoError,
    RemoteProtocolError if it is malformed.
    """
    body = signed.entry()
    if (body.author, body.manifest) != (manifest.account_id, manifest.head):
        raise CryptoError("an entry names another manifest")
    for device in manifest.devices:
        if device.device_id == body.device and device.entry.mailbox is not None:
            _verify(device.key, statements.group_entry(signed.body), signed.signature)
            return body
    raise CryptoError("an entry is by no device of its author")


def verify_group_message(
    key: SenderVerifyKey,
    *,
    group: bytes,
    chain: bytes,
    number: int,
    digest: bytes,
    signature: bytes,
) -> None:
    """Check that the owner of a sender key said this in that group. Raises CryptoError."""
    statement = statements.group_message(group=group, chain=chain, number=number, digest=digest)
    _verify(key, statement, signature)


def verify_device(entry: DeviceEntry) -> ListedDevice:
    """Check a device's entry by itself: it signed its identity key. Raises CryptoError."""
    key, identity = DeviceKey(entry.signing_key), IdentityKey(entry.identity_key)
    _verify(key, statements.identity_key(identity), entry.identity_signature)
    if bool(entry.flags & DeviceFlag.CAPABILITY_KEY) != (entry.mailbox is None):
        raise CryptoError("a device has a mailbox that it must not have, or none")
    return ListedDevice(key=key, device_id=device_id(key.raw), identity=identity, entry=entry)


def _follows(current: ManifestHead, link: VerifiedManifest) -> bool:
    """Say whether `link` supersedes `current`; False if it is the same or an older one."""
    if link.account_id != current.account_id:
        raise CryptoError("a manifest belongs to another account")
    if link.generation != current.generation:
        return link.generation > current.generation
    if link.sequence == current.sequence and link.head != current.hash:
        raise ManifestForkError("two manifests claim one place")
    if link.sequence <= current.sequence:
        return False
    if link.sequence != current.sequence + 1 or link.previous != current.hash:
        raise CryptoError("a manifest chain has a hole")
    return True


def _verify(key: VerifyKey, statement: bytes, signature: bytes) -> None:
    if len(signature) != SIGNATURE_BYTES or not _is_strict(key.raw):
        raise CryptoError("a signature was refused")
    try:
        crypto_sign_open(signature + statement, key.raw)
    except SodiumError:
        raise CryptoError("a signature was refused") from None


@lru_cache(maxsize=4096)
def _is_strict(key: bytes) -> bool:
    """Whether a key is a canonical point of the prime-order group (60 us, hence the cache)."""
    return crypto_core_ed25519_is_valid_point(key)
