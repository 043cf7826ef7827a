"""Manifests as a relay takes them: verified, and in the form in which the store keeps them.

Rule: nothing unverified passes. Spec: docs/protocol/relay.md, section 5.
"""

from __future__ import annotations

from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.errors import CryptoError, RemoteProtocolError, WireCode
from restante.protocol.ids import MailboxId
from restante.protocol.manifest import SignedManifest
from restante.relay.refusal import Refusal
from restante.store import relay_accounts as store


def verified(manifest: bytes) -> VerifiedManifest:
    """Return a manifest whose signatures hold. Raises Refusal."""
    try:
        return verify_manifest(SignedManifest.from_bytes(manifest))
    except (CryptoError, RemoteProtocolError) as error:
        raise Refusal(WireCode.CONFLICT, f"the manifest was refused: {error}"[:200]) from None


def stored_head(manifest: VerifiedManifest) -> store.StoredHead:
    """Return where a manifest stands."""
    return store.StoredHead(
        account_id=manifest.account_id,
        generation=manifest.generation,
        sequence=manifest.sequence,
        hash=manifest.head,
    )


def device_rows(manifest: VerifiedManifest) -> list[store.DeviceRow]:
    """Return the devices that a manifest lists."""
    return [
        store.DeviceRow(
            signing_key=device.key.raw,
            device_id=device.device_id,
            mailbox=None if device.entry.mailbox is None else MailboxId(device.entry.mailbox),
        )
        for device in manifest.devices
    ]
