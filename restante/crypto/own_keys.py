"""One's own secrets: of the account, of this device, and the prekeys that it publishes.

Rule: made here, kept by the caller in the encrypted database, and read back by the same types.
Spec: docs/cryptography.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.crypto import dh, signing
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import (
    AccountSigningKey,
    DeviceSigningKey,
    IdentitySecret,
    KemSeed,
    RatchetSecret,
    RootSigningKey,
)
from restante.errors import LocalProtocolError
from restante.protocol.ids import NO_MANIFEST, device_id
from restante.protocol.manifest import (
    Capability,
    DeviceEntry,
    DeviceFlag,
    ManifestBody,
    PrekeyKind,
)
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restante.crypto.dh import IdentityKeyPair
    from restante.crypto.hello import HelloReferences
    from restante.crypto.keys import DeviceKey
    from restante.crypto.randomness import Randomness
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.address import Address
    from restante.protocol.ids import DeviceId, MailboxId, ManifestHash
    from restante.protocol.manifest import Prekey, SignedManifest

ONE_TIME_PREKEYS: Final = 100
"""One-time prekeys of each kind that a device keeps published: as many first messages a refill."""

PREKEY_ROTATION_S: Final = 7 * 86_400
"""A signed and a last-resort prekey is replaced after a week; what a thief of it can open is older
than that by the mailbox's lifetime at most."""

PREKEY_TTL_S: Final = 30 * 86_400
"""When a published prekey expires: a device that is away longer can't be written to first."""

_LAST_TIMED_GENERATION: Final = 0xFFFF_0000
"""A clock far ahead leaves generations, which are u32, for the recoveries after it."""

_ONE_TIME_KINDS: Final = frozenset((PrekeyKind.ONE_TIME, PrekeyKind.KEM_ONE_TIME))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSecrets:
    """The two account-wide secrets, and the certificate that binds the second to the first."""

    root: RootSigningKey
    account: AccountSigningKey
    certificate: tuple[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSecrets:
    """A device's two long-term secrets, with their public halves."""

    signing: DeviceSigningKey
    key: DeviceKey
    identity: IdentityKeyPair
    device_id: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class PrekeySecret:
    """A published prekey and its secret: an X25519 scalar (32 B) or a KEM seed (64 B)."""

    public: Prekey
    secret: RatchetSecret | KemSeed

    @property
    def kind(self) -> PrekeyKind:
        """What it is for."""
        return PrekeyKind(self.public.kind)


def generate_device(randomness: Randomness) -> DeviceSecrets:
    """Draw the secrets of a new device."""
    return restore_device(
        DeviceSigningKey(randomness.random(32)), IdentitySecret(randomness.random(32))
    )


def restore_device(signing_key: DeviceSigningKey, identity: IdentitySecret) -> DeviceSecrets:
    """Return the secrets of a stored device."""
    key = signing.device_key(signing_key)
    return DeviceSecrets(
        signing=signing_key,
        key=key,
        identity=dh.identity_pair(identity),
        device_id=device_id(key.raw),
    )


def generate_account(randomness: Randomness, *, now_s: int) -> AccountSecrets:
    """Draw the secrets of a new account; its first account key is of generation 1."""
    root = RootSigningKey(randomness.random(32))
    account = AccountSigningKey(randomness.random(32))
    certificate = signing.sign_certificate(
        root, signing.account_key(account), generation=1, issued_at_s=now_s
    )
    return AccountSecrets(root=root, account=account, certificate=certificate)


def device_entry(device: DeviceSecrets, *, mailbox: MailboxId, now_s: int) -> DeviceEntry:
    """Return what a manifest says of an ordinary device."""
    return DeviceEntry(
        signing_key=device.key.raw,
        identity_key=device.identity.public.raw,
        identity_signature=signing.sign_identity_key(device.signing, device.identity.public),
        mailbox=mailbox,
        flags=0,
        capabilities=int(Capability.MESSAGES),
        added_at_s=now_s,
        grant=None,
    )


def capability_entry(device: DeviceSecrets, *, grant: bytes, now_s: int) -> DeviceEntry:
    """Return what a manifest says of a capability key; `grant` is the hash of what it may do."""
    return DeviceEntry(
        signing_key=device.key.raw,
        identity_key=device.identity.public.raw,
        identity_signature=signing.sign_identity_key(device.signing, device.identity.public),
        mailbox=None,
        flags=int(DeviceFlag.CAPABILITY_KEY),
        capabilities=0,
        added_at_s=now_s,
        grant=grant,
    )


def make_manifest(
    account: AccountSecrets,
    *,
    generation: int = 1,
    sequence: int = 1,
    previous: ManifestHash = NO_MANIFEST,
    address: Address,
    devices: list[DeviceEntry],
    now_s: int,
) -> SignedManifest:
    """Sign a manifest; with the defaults, an account's first one."""
    body = ManifestBody(
        version=1,
        generation=generation,
        sequence=sequence,
        previous=previous,
        address=str(address),
        devices=devices,
        issued_at_s=now_s,
    )
    return signing.sign_manifest(account.account, body, certificate=account.certificate)


def next_manifest(
    account: AccountSigningKey,
    current: VerifiedManifest,
    *,
    devices: list[DeviceEntry],
    address: Address | None = None,
    now_s: int,
) -> SignedManifest:
    """Sign the manifest that follows `current`, of the same generation.

    Devices are listed as given; the address stays unless another is given. Raises
    LocalProtocolError if `account` isn't the key that signed `current`.
    """
    if signing.account_key(account) != current.account_key:
        raise LocalProtocolError("a manifest is continued with another account key")
    signed = current.signed
    body = ManifestBody(
        version=1,
        generation=current.generation,
        sequence=current.sequence + 1,
        previous=current.head,
        address=str(address or current.address),
        devices=devices,
        issued_at_s=now_s,
    )
    certificate = (signed.certificate_body, signed.certificate_signature)
    return signing.sign_manifest(account, body, certificate=certificate)


def recovery_generation(shown: int, *, now_s: int) -> int:
    """Return the generation of a recovery at `now_s`, where a relay shows generation `shown`.

    The time in seconds, which is higher than that of any recovery before, also of one that the
    relay hides; or one more than what it shows, if a clock was ever wrong.
    """
    return max(shown + 1, min(now_s, _LAST_TIMED_GENERATION))


def new_generation(
    root: RootSigningKey,
    *,
    generation: int,
    address: Address,
    devices: list[DeviceEntry],
    now_s: int,
    randomness: Randomness,
) -> tuple[AccountSigningKey, SignedManifest]:
    """Recover an account: draw an account key, certify it and sign its first manifest.

    `generation` is that of `recovery_generation`; it supersedes the chains of all lower ones.
    """
    account = AccountSigningKey(randomness.random(32))
    certificate = signing.sign_certificate(
        root, signing.account_key(account), generation=generation, issued_at_s=now_s
    )
    secrets = AccountSecrets(root=root, account=account, certificate=certificate)
    manifest = make_manifest(
        secrets, generation=generation, address=address, devices=devices, now_s=now_s
    )
    return account, manifest


def generate_prekey(
    randomness: Randomness,
    device: DeviceSecrets,
    kind: PrekeyKind,
    *,
    prekey_id: int,
    now_s: int,
) -> PrekeySecret:
    """Draw and sign one prekey, which expires 30 days from `now_s`."""
    secret: RatchetSecret | KemSeed
    if kind in {PrekeyKind.KEM_ONE_TIME, PrekeyKind.KEM_LAST_RESORT}:
        secret = KemSeed(randomness.random(KemSeed.SIZE))
        key = KemKeyPair(secret).public.raw
    else:
        secret = RatchetSecret(randomness.random(32))
        key = dh.ratchet_pair(secret).public.raw
    public = signing.sign_prekey(
        device.signing, kind, prekey_id=prekey_id, key=key, expires_at_s=now_s + PREKEY_TTL_S
    )
    return PrekeySecret(public=public, secret=secret)


def generate_prekeys(
    randomness: Randomness,
    device: DeviceSecrets,
    *,
    first_id: int,
    now_s: int,
    reusable: bool = True,
    one_time: int = ONE_TIME_PREKEYS,
    kem_one_time: int = ONE_TIME_PREKEYS,
) -> list[PrekeySecret]:
    """Draw and sign a set of prekeys, numbered on from `first_id`.

    `reusable` adds the signed and the last-resort one. Ids are never used twice by a device, over
    all kinds: a hello names its KEM prekey by id alone. 202 prekeys take about 45 ms.
    """
    kinds = [PrekeyKind.SIGNED, PrekeyKind.KEM_LAST_RESORT] if reusable else []
    kinds += [PrekeyKind.ONE_TIME] * one_time + [PrekeyKind.KEM_ONE_TIME] * kem_one_time
    return [
        generate_prekey(randomness, device, kind, prekey_id=prekey_id, now_s=now_s)
        for prekey_id, kind in enumerate(kinds, first_id)
    ]


def spent_prekeys(references: HelloReferences, kinds: Mapping[int, PrekeyKind]) -> frozenset[int]:
    """Return the ids of the secrets that must be erased once a hello was opened.

    `kinds` are those of the stored secrets, by id. One-time secrets are used once; the signed and
    the last-resort ones stay until they are rotated out and no envelope for them can still come.
    """
    named = (references.one_time_id, references.kem_prekey_id)
    return frozenset(
        prekey_id
        for prekey_id in named
        if prekey_id is not None and kinds.get(prekey_id) in _ONE_TIME_KINDS
    )
