"""Where an account has gone, and its end.

Rule: the root key says where to, the account key says for good; the relay checks both, and then
keeps of who is gone a hash of the name and nothing else. Spec: docs/protocol/relay.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto.signatures import (
    VerifiedManifest,
    VerifiedMoved,
    verify_deletion,
    verify_moved,
)
from restante.errors import CryptoError, RemoteProtocolError, WireCode
from restante.protocol.manifest import SignedMoved
from restante.relay.manifests import verified
from restante.relay.refusal import Refusal
from restante.store import relay_leaving as store
from restante.store.relay_accounts import current_head, current_manifest, find_account

if TYPE_CHECKING:
    from restante.protocol import frames as f
    from restante.relay.mailrooms import Mailrooms
    from restante.relay.registry import Registered
    from restante.store.database import Database, Transaction


class Leaving:
    """Moves and deletes accounts. Methods raise Refusal, or StoreError."""

    def __init__(self, db: Database, *, mailrooms: Mailrooms) -> None:
        self._db = db
        self._mailrooms = mailrooms

    async def publish_moved(self, request: f.PublishMoved, device: Registered) -> None:
        """Keep an account's word where it has gone, newer than the one before."""

        async def put(tx: Transaction) -> None:
            manifest = verified(await current_manifest(tx, device.account))
            moved = _verified_moved(request.moved, manifest)
            account = await self._left_behind(tx, moved, manifest)
            held = await store.find_moved(tx, account)
            if held == request.moved:
                return
            if held is not None and SignedMoved.from_bytes(held).moved().at_s >= moved.at_s:
                raise Refusal(WireCode.CONFLICT, "a newer move is known")
            await store.put_moved(tx, account, request.moved)

        await self._db.write(put)

    @staticmethod
    async def _left_behind(
        tx: Transaction, moved: VerifiedMoved, manifest: VerifiedManifest
    ) -> int:
        """Return the account whose name was left: the device's own, or the one that it had."""
        left = moved.from_address
        # A pin may have changed since the manifest was signed; the name and the place have not.
        if left.relay.authority == manifest.address.relay.authority:
            account = await find_account(tx, left.name)
            if account is not None:
                _, head = await current_head(tx, account)
                if head.account_id == moved.account_id:
                    return account
        raise Refusal(WireCode.FORBIDDEN, "the move is from another address")

    async def delete(self, request: f.DeleteAccount, device: Registered) -> store.Left:
        """Erase an account; its connections are to be closed, and its blobs' files removed."""

        async def leave(tx: Transaction) -> store.Left:
            manifest = verified(await current_manifest(tx, device.account))
            try:
                verify_deletion(manifest, request.signature)
            except CryptoError as error:
                raise Refusal(WireCode.FORBIDDEN, str(error)) from None
            return await store.delete_account(tx, device.account)

        left = await self._db.write(leave)
        self._mailrooms.change_account(device.account)
        return left


def _verified_moved(packed: bytes, manifest: VerifiedManifest) -> VerifiedMoved:
    """Return where an account has gone, by its own word. Raises Refusal."""
    try:
        return verify_moved(SignedMoved.from_bytes(packed), manifest.root)
    except (CryptoError, RemoteProtocolError) as error:
        raise Refusal(WireCode.FORBIDDEN, f"the move was refused: {error}") from None
