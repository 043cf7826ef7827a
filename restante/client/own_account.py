"""This profile's account as the engine uses it: device keys, manifest, and how they are stored.

Rule: the keys are durable before the relay hears of them, so that a crash in the middle of
registering leaves a registration that can be finished, never a name that nobody owns.
Knows no network. Spec: docs/engine.md, section 6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.crypto import codes, own_keys, tokens
from restante.crypto.keys import DeviceSigningKey, IdentitySecret, RootKey
from restante.crypto.limits import MAX_OWN_HEADS
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.errors import CryptoError, RemoteProtocolError, StoreError
from restante.protocol.address import Address
from restante.protocol.ids import (
    HASH_BYTES,
    NO_MANIFEST,
    AccountId,
    DeviceId,
    MailboxId,
    ManifestHash,
)
from restante.protocol.manifest import SignedManifest
from restante.store.client_account import (
    AccountRow,
    CodeRow,
    TokenRow,
    get_value,
    load_account,
    save_account,
    save_code,
    save_tokens,
    set_value,
)
from restante.store.client_account import tokens as stored_tokens
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.own_keys import DeviceSecrets
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows

_MANIFEST: Final = "manifest"
_OLDER_HEADS: Final = "manifest_heads"
_REGISTERED: Final = "is_registered"
_SUPERSEDED: Final = "was_superseded"
_DELETED: Final = "was_deleted"
_RECOVERED: Final = "was_recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """The account and this device. `is_registered` once a relay has answered for its name."""

    address: Address
    device: DeviceSecrets
    manifest: VerifiedManifest
    is_registered: bool
    older_heads: tuple[ManifestHash, ...] = ()
    """The heads of the manifests before this one, newest first."""
    was_superseded: bool = False
    """The account was recovered, and this device is not the one that it was recovered on."""
    was_deleted: bool = False
    """The account was deleted, on another device of it."""

    @property
    def account_id(self) -> AccountId:
        """The account's id."""
        return self.manifest.account_id

    @property
    def device_id(self) -> DeviceId:
        """This device's id."""
        return self.device.device_id

    @property
    def root(self) -> RootKey:
        """The account's public root key."""
        return self.manifest.root

    @property
    def heads(self) -> tuple[ManifestHash, ...]:
        """Our manifests' heads that a peer may still go by, newest first."""
        if self.older_heads or self.manifest.previous == NO_MANIFEST:
            return (self.manifest.head, *self.older_heads)
        return (self.manifest.head, self.manifest.previous)

    @property
    def is_listed(self) -> bool:
        """Whether this device is one of the account's; False once that or the device is gone."""
        return not self.was_deleted and any(
            listed.device_id == self.device_id for listed in self.manifest.devices
        )


def load_own_account(rows: Rows) -> OwnAccount | None:
    """Return the profile's account, or None in a new profile. Raises StoreError if damaged."""
    row = load_account(rows)
    packed = get_value(rows, _MANIFEST)
    if row is None or packed is None:
        return None
    try:
        manifest = verify_manifest(SignedManifest.from_bytes(packed))
        device = own_keys.restore_device(
            DeviceSigningKey(row.device_secret), IdentitySecret(row.identity_secret)
        )
    except (CryptoError, RemoteProtocolError) as error:
        raise StoreError(
            "The profile's keys are damaged. Restore the profile from a backup."
        ) from error
    return OwnAccount(
        address=manifest.address,
        device=device,
        manifest=manifest,
        is_registered=get_value(rows, _REGISTERED) is not None,
        older_heads=_older_heads(rows),
        was_superseded=get_value(rows, _SUPERSEDED) is not None,
        was_deleted=get_value(rows, _DELETED) is not None,
    )


def create_own_account(
    rows: Rows, address: Address, *, randomness: Randomness, now_s: int
) -> OwnAccount:
    """Make and keep the keys, first manifest, tokens and contact code of a new account.

    What an earlier, unfinished registration left is replaced.
    """
    account = own_keys.generate_account(randomness, now_s=now_s)
    device = own_keys.generate_device(randomness)
    mailbox = MailboxId(randomness.random(16))
    signed = own_keys.make_manifest(
        account,
        address=address,
        devices=[own_keys.device_entry(device, mailbox=mailbox, now_s=now_s)],
        now_s=now_s,
    )
    row = AccountRow(
        address=str(address),
        root_secret=account.root.raw,
        account_secret=account.account.raw,
        device_secret=device.signing.raw,
        identity_secret=device.identity.secret.raw,
        generation=1,
        created_at_s=now_s,
    )
    return keep_new_account(rows, row, signed, device=device, randomness=randomness)


def keep_new_account(
    rows: Rows,
    row: AccountRow,
    signed: SignedManifest,
    *,
    device: DeviceSecrets,
    randomness: Randomness,
) -> OwnAccount:
    """Keep the keys and manifest of an account that this device is the first of.

    With new tokens and a new contact code. The relay hasn't heard of it yet.
    """
    save_account(rows, row)
    set_value(rows, _MANIFEST, signed.to_bytes())
    set_value(rows, _REGISTERED, None)
    earlier = [replace(row, is_live=False) for row in stored_tokens(rows) if row.is_live]
    save_tokens(rows, earlier)
    save_tokens(
        rows,
        [
            TokenRow(bucket=bucket, token=token, is_live=True)
            for bucket, token in enumerate(tokens.generate_bucket_tokens(randomness))
        ],
    )
    secret = codes.generate_code_secret(randomness)
    save_code(
        rows,
        CodeRow(
            secret=secret.raw,
            lookup_id=codes.lookup_id(secret),
            bucket=tokens.pick_bucket(randomness),
            is_published=False,
            created_at_s=row.created_at_s,
        ),
    )
    manifest = verify_manifest(signed)
    return OwnAccount(
        address=manifest.address, device=device, manifest=manifest, is_registered=False
    )


def adopt_account(
    rows: Rows, device: DeviceSecrets, manifest: VerifiedManifest, *, now_s: int
) -> None:
    """Make the profile a device of an account that lists it already, without the account's keys.

    What an earlier, unfinished registration left is replaced.
    """
    save_account(
        rows,
        AccountRow(
            address=str(manifest.address),
            root_secret=None,
            account_secret=None,
            device_secret=device.signing.raw,
            identity_secret=device.identity.secret.raw,
            generation=manifest.generation,
            created_at_s=now_s,
        ),
    )
    set_value(rows, _MANIFEST, manifest.signed.to_bytes())
    set_value(rows, _REGISTERED, b"\x01")
    save_tokens(rows, [replace(row, is_live=False) for row in stored_tokens(rows) if row.is_live])


def mark_registered(rows: Rows, own: OwnAccount) -> OwnAccount:
    """Note that the relay holds the account."""
    set_value(rows, _REGISTERED, b"\x01")
    return replace(own, is_registered=True)


def note_deleted(rows: Rows) -> None:
    """Note that another device of ours has deleted the account."""
    set_value(rows, _DELETED, b"\x01")


def note_recovered(rows: Rows) -> None:
    """Note that the account was recovered on this device: it knows nothing of before."""
    set_value(rows, _RECOVERED, b"\x01")


def was_recovered(rows: Rows) -> bool:
    """Whether the account was recovered on this device."""
    return get_value(rows, _RECOVERED) is not None


def keep_manifest(rows: Rows, own: OwnAccount, manifest: VerifiedManifest) -> OwnAccount:
    """Put a manifest that was accepted into the place of the account's older one.

    Heads of older ones are remembered: a peer's first message may still be sealed under one.
    """
    row = load_account(rows)
    if row is None:
        raise StoreError("This profile has no account.")
    older = own.heads[: MAX_OWN_HEADS - 1]
    save_account(rows, replace(row, address=str(manifest.address), generation=manifest.generation))
    set_value(rows, _MANIFEST, manifest.signed.to_bytes())
    set_value(rows, _OLDER_HEADS, b"".join(older))
    after = replace(own, address=manifest.address, manifest=manifest, older_heads=older)
    if manifest.generation > own.manifest.generation and not after.is_listed:
        set_value(rows, _SUPERSEDED, b"\x01")
        after = replace(after, was_superseded=True)
    return after


def _older_heads(rows: Rows) -> tuple[ManifestHash, ...]:
    packed = get_value(rows, _OLDER_HEADS) or b""
    starts = range(0, len(packed), HASH_BYTES)
    return tuple(ManifestHash(packed[at : at + HASH_BYTES]) for at in starts)
