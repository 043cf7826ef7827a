"""How a name is given: to a new account, or back to one that lost its devices.

Rule: one transaction, all of it or nothing. A name is only ever replaced by its own root key, in a
higher generation, and one that was deleted is given to nobody. Spec: docs/protocol/relay.md,
sections 5 and 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.errors import CryptoError, WireCode
from restante.protocol.ids import AccountName, TokenHash
from restante.relay.manifests import device_rows, stored_head, verified
from restante.relay.refusal import Refusal
from restante.store import relay_accounts as store
from restante.store.errors import Conflict
from restante.store.relay_codes import redeem_invite

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.crypto.signatures import DeviceKey, VerifiedManifest
    from restante.protocol import frames as f
    from restante.relay.mailrooms import Mailrooms
    from restante.store.seam import Database, Transaction


class Registration:
    """Registers and recovers accounts. Raises Refusal, or StoreError."""

    def __init__(
        self, db: Database, *, is_open: bool, clock: Callable[[], float], mailrooms: Mailrooms
    ) -> None:
        self._db = db
        self._is_open = is_open
        self._clock = clock
        self._mailrooms = mailrooms

    async def register(self, request: f.Register, key: DeviceKey, *, authority: str) -> list[int]:
        """Create the account that a first manifest describes, for an invite or freely.

        Or recover it. Returns the devices that a recovered account lists no more.
        """
        manifest = verified(request.manifest)
        try:
            manifest.device(key.raw)
        except CryptoError:
            raise Refusal(WireCode.CONFLICT, "the manifest doesn't list this device") from None
        address = manifest.address
        if address.name != request.name or address.relay.authority != authority:
            raise Refusal(WireCode.CONFLICT, "the manifest names another address")
        if manifest.sequence != 1:
            raise Refusal(WireCode.CONFLICT, "the first manifest must have sequence 1")
        recovered: list[tuple[int, list[int]]] = []

        async def register(tx: Transaction) -> None:
            account = await store.find_account(tx, AccountName(request.name))
            if account is not None:
                _, held = await store.current_head(tx, account)
                if _recovers(manifest, held):
                    gone = await self._recover(tx, account, held, manifest, request)
                    recovered.append((account, gone))
                    return
            await self._create(tx, manifest, request)

        try:
            await self._db.write(register)
        except store.NameTaken:
            raise Refusal(WireCode.NAME_TAKEN, "the name is taken") from None
        except (Conflict, store.HeadMoved):
            raise Refusal(WireCode.CONFLICT, "a key or mailbox is registered already") from None
        for account, gone in recovered:
            self._mailrooms.forget_account(account)
            return gone
        return []

    async def _create(
        self, tx: Transaction, manifest: VerifiedManifest, request: f.Register
    ) -> None:
        now_s = int(self._clock())
        if not self._is_open and (
            request.invite is None or not await redeem_invite(tx, request.invite, now_s=now_s)
        ):
            raise Refusal(WireCode.INVITE_REQUIRED, "a valid invite is needed")
        await store.create_account(
            tx,
            name=AccountName(request.name),
            authority=manifest.address.relay.authority,
            head=stored_head(manifest),
            manifest=request.manifest,
            listed=device_rows(manifest),
            live=[TokenHash(token) for token in request.tokens],
        )

    async def _recover(
        self,
        tx: Transaction,
        account: int,
        held: store.StoredHead,
        manifest: VerifiedManifest,
        request: f.Register,
    ) -> list[int]:
        return await store.recover_account(
            tx,
            account,
            authority=manifest.address.relay.authority,
            expected=held,
            head=stored_head(manifest),
            manifest=request.manifest,
            listed=device_rows(manifest),
            live=[TokenHash(token) for token in request.tokens],
        )


def _recovers(manifest: VerifiedManifest, held: store.StoredHead) -> bool:
    """Whether a first manifest is a later generation of the account that has the name."""
    return manifest.account_id == held.account_id and manifest.generation > held.generation
