"""How a name is given: to a new account, to one that changes its name, or back to one whose devices
are lost.

Rule: one transaction, all of it or nothing. A name is only ever replaced by its own root key, in a
higher generation, and one that was deleted is given to nobody. Spec: docs/protocol/relay.md,
sections 5 and 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from restante.errors import CryptoError, WireCode
from restante.protocol.ids import AccountName, TokenHash
from restante.protocol.manifest import SignedMoved
from restante.relay.manifests import device_rows, stored_head, verified
from restante.relay.refusal import Refusal
from restante.store import relay_accounts as store
from restante.store.errors import Conflict
from restante.store.relay_codes import redeem_invite
from restante.store.relay_leaving import find_moved, give_devices

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.crypto.signatures import DeviceKey, VerifiedManifest
    from restante.protocol import frames as f
    from restante.relay.mailrooms import Mailrooms
    from restante.relay.tickets import Tickets
    from restante.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What came of a registration: the account, and which devices are listed no more."""

    account: int
    gone: list[int]


class Registration:
    """Registers, renames and recovers accounts. Raises Refusal, or StoreError."""

    def __init__(
        self,
        db: Database,
        *,
        is_open: bool,
        clock: Callable[[], float],
        mailrooms: Mailrooms,
        tickets: Tickets,
    ) -> None:
        self._db = db
        self._is_open = is_open
        self._clock = clock
        self._mailrooms = mailrooms
        self._tickets = tickets

    async def register(
        self, request: f.Register, key: DeviceKey, *, authority: str, account: int | None
    ) -> Registered:
        """Create the account that a first manifest describes, for an invite or freely.

        Or recover the one that has the name. With `account`, that of the device that asks: give it
        another name.
        """
        manifest = verified(request.manifest)
        try:
            is_device = not manifest.device(key.raw).entry.is_capability_key
        except CryptoError:
            is_device = False
        if not is_device:
            raise Refusal(WireCode.CONFLICT, "the manifest doesn't list this device")
        address = manifest.address
        if address.name != request.name or address.relay.authority != authority:
            raise Refusal(WireCode.CONFLICT, "the manifest names another address")
        if manifest.sequence != 1:
            raise Refusal(WireCode.CONFLICT, "the first manifest must have sequence 1")
        try:
            registered = await self._db.write(partial(self._change, manifest, request, account))
        except store.NameTaken:
            raise Refusal(WireCode.NAME_TAKEN, "the name is taken") from None
        except (Conflict, store.HeadMoved):
            raise Refusal(WireCode.CONFLICT, "a key or mailbox is registered already") from None
        self._mailrooms.change_account(registered.account)
        if account is not None:
            self._mailrooms.change_account(account)
        return registered

    async def _change(
        self,
        manifest: VerifiedManifest,
        request: f.Register,
        before: int | None,
        tx: Transaction,
    ) -> Registered:
        """Let the account of a manifest have its name; `before` is where its devices are now."""
        if before is not None and not await _renames(tx, manifest, before):
            raise Refusal(WireCode.CONFLICT, "this device is registered already")
        head, listed = stored_head(manifest), device_rows(manifest)
        authority, live = manifest.address.relay.authority, _hashes(request)
        account = await store.find_account(tx, AccountName(request.name))
        held = None if account is None else (await store.current_head(tx, account))[1]
        if account is None or held is None or not _supersedes(manifest, held):
            quota_bytes = await self._redeem(tx, request, manifest)
            account = await store.create_account(
                tx,
                name=AccountName(request.name),
                authority=authority,
                head=head,
                manifest=request.manifest,
                live=live,
                quota_bytes=quota_bytes,
            )
            if before is not None:
                await give_devices(tx, before, to=account)
            return Registered(
                account=account, gone=await store.replace_devices(tx, account, listed)
            )
        if await _has_left_since(tx, account, manifest):
            raise Refusal(WireCode.NAME_TAKEN, "the account has moved away since that manifest")
        if await store.is_blocked(tx, account):
            raise Refusal(WireCode.BLOCKED, "the relay's operator has blocked this account")
        if before is not None:
            await give_devices(tx, before, to=account)
        gone = await store.recover_account(
            tx,
            account,
            authority=authority,
            expected=held,
            head=head,
            manifest=request.manifest,
            listed=listed,
            live=live,
        )
        return Registered(account=account, gone=gone)

    async def _redeem(
        self, tx: Transaction, request: f.Register, manifest: VerifiedManifest
    ) -> int | None:
        """Use up an invite, where one is needed or was given; return the quota that it gives.

        Who had the name before this relay was restored needs none, and has the quota from then.
        """
        now_s = int(self._clock())
        invite = request.invite and await redeem_invite(tx, request.invite, now_s=now_s)
        if invite:
            return invite.quota_bytes
        name, ticket = AccountName(request.name), request.ticket
        back = ticket and self._tickets.admitted(ticket, manifest.account_id, name)
        if back:
            return back.quota_bytes
        if not self._is_open:
            raise Refusal(WireCode.INVITE_REQUIRED, "a valid invite is needed")
        return None


def _hashes(request: f.Register) -> list[TokenHash]:
    return [TokenHash(token) for token in request.tokens]


def _supersedes(manifest: VerifiedManifest, held: store.StoredHead) -> bool:
    """Whether a first manifest is a later generation of the same account."""
    return manifest.account_id == held.account_id and manifest.generation > held.generation


async def _has_left_since(tx: Transaction, account: int, manifest: VerifiedManifest) -> bool:
    """Whether the root key's word that the account has gone is as new as a manifest, or newer."""
    moved = await find_moved(tx, account)
    return moved is not None and SignedMoved.from_bytes(moved).moved().at_s >= manifest.generation


async def _renames(tx: Transaction, manifest: VerifiedManifest, account: int) -> bool:
    """Whether a first manifest gives an account another name than it has."""
    name, held = await store.current_head(tx, account)
    return name != manifest.address.name and _supersedes(manifest, held)
