"""The making of every signature: Ed25519 by libsodium, one function for each context.

Rule: what is signed comes from `statements`, never from a caller's bytes alone.
Source: RFC 8032. Spec: docs/cryptography.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from restante.crypto import statements
from restante.crypto.keys import AccountKey, DeviceKey, RootKey, SenderVerifyKey
from restante.protocol.codec import encode
from restante.protocol.group import SignedEntry
from restante.protocol.ids import SIGNATURE_BYTES, device_id
from restante.protocol.manifest import (
    CertificateBody,
    Heartbeat,
    MovedBody,
    Prekey,
    SignedManifest,
    SignedMoved,
)

if TYPE_CHECKING:
    from restante.crypto.keys import (
        AccountSigningKey,
        DeviceSigningKey,
        IdentityKey,
        RootSigningKey,
        SenderSigningKey,
        SigningSeed,
    )
    from restante.protocol.address import Address
    from restante.protocol.group import EntryBody
    from restante.protocol.ids import ManifestHash
    from restante.protocol.manifest import ManifestBody, PrekeyKind


def root_key(key: RootSigningKey) -> RootKey:
    """Return the public half."""
    return RootKey(crypto_sign_seed_keypair(key.raw)[0])


def account_key(key: AccountSigningKey) -> AccountKey:
    """Return the public half."""
    return AccountKey(crypto_sign_seed_keypair(key.raw)[0])


def device_key(key: DeviceSigningKey) -> DeviceKey:
    """Return the public half."""
    return DeviceKey(crypto_sign_seed_keypair(key.raw)[0])


def sign_certificate(
    root: RootSigningKey, account: AccountKey, *, generation: int, issued_at_s: int
) -> tuple[bytes, bytes]:
    """Certify an account key for a generation: return the certificate's body and signature."""
    body = encode(
        CertificateBody(
            root_key=root_key(root).raw,
            account_key=account.raw,
            generation=generation,
            issued_at_s=issued_at_s,
        )
    )
    return body, _sign(root, statements.account_certificate(body))


def sign_manifest(
    account: AccountSigningKey, body: ManifestBody, *, certificate: tuple[bytes, bytes]
) -> SignedManifest:
    """Sign a device manifest under a certificate (its body and signature) of this account key."""
    packed = encode(body)
    return SignedManifest(
        certificate_body=certificate[0],
        certificate_signature=certificate[1],
        body=packed,
        signature=_sign(account, statements.manifest(packed)),
    )


def sign_identity_key(device: DeviceSigningKey, identity: IdentityKey) -> bytes:
    """Bind an X25519 identity key to its device: 64 bytes."""
    return _sign(device, statements.identity_key(identity))


def sign_prekey(
    device: DeviceSigningKey, kind: PrekeyKind, *, prekey_id: int, key: bytes, expires_at_s: int
) -> Prekey:
    """Sign one public prekey with its kind, id and expiry."""
    statement = statements.prekey(
        kind=kind,
        prekey_id=prekey_id,
        expires_at_s=expires_at_s,
        device=device_id(device_key(device).raw),
        key=key,
    )
    return Prekey(
        kind=int(kind),
        id=prekey_id,
        key=key,
        expires_at_s=expires_at_s,
        signature=_sign(device, statement),
    )


def sign_authentication(device: DeviceSigningKey, *, authority: str, nonce: bytes) -> bytes:
    """Answer a relay's challenge (32-byte nonce): 64 bytes."""
    key = device_key(device)
    return _sign(device, statements.authenticate(authority=authority, nonce=nonce, key=key))


def sign_heartbeat(device: DeviceSigningKey, head: ManifestHash, *, at_s: int) -> Heartbeat:
    """Vouch that `head` is the newest manifest known at `at_s`."""
    return Heartbeat(
        manifest=head,
        at_s=at_s,
        signing_key=device_key(device).raw,
        signature=_sign(device, statements.heartbeat(head=head, at_s=at_s)),
    )


def sign_deletion(account: AccountSigningKey, head: ManifestHash) -> bytes:
    """Ask a relay to erase the account whose newest manifest is `head`: 64 bytes."""
    return _sign(account, statements.deletion(head=head))


def sign_moved(
    root: RootSigningKey, *, from_address: Address, to_address: Address, at_s: int
) -> SignedMoved:
    """Say that the account of this root went from one address to another at `at_s`."""
    body = encode(
        MovedBody(
            root_key=root_key(root).raw,
            from_address=str(from_address),
            to_address=str(to_address),
            at_s=at_s,
        )
    )
    return SignedMoved(body=body, signature=_sign(root, statements.moved(body)))


def sign_link_proof(device: DeviceSigningKey, transcript: bytes) -> bytes:
    """Say that this device takes part in the linking of that transcript (32 B): 64 bytes."""
    return _sign(device, statements.link_proof(transcript))


def sign_group_entry(device: DeviceSigningKey, body: EntryBody) -> SignedEntry:
    """Write an entry into a group's membership log."""
    packed = encode(body)
    return SignedEntry(body=packed, signature=_sign(device, statements.group_entry(packed)))


def sender_verify_key(key: SenderSigningKey) -> SenderVerifyKey:
    """Return the public half."""
    return SenderVerifyKey(crypto_sign_seed_keypair(key.raw)[0])


def sign_group_message(key: SenderSigningKey, statement: bytes) -> bytes:
    """Sign what `statements.group_message` says: 64 bytes."""
    return _sign(key, statement)


def _sign(key: SigningSeed, statement: bytes) -> bytes:
    _, expanded = crypto_sign_seed_keypair(key.raw)
    return crypto_sign(statement, expanded)[:SIGNATURE_BYTES]
