"""The registry: accounts, devices, prekeys, codes; each change is verified before it is kept.

Rule: a relay adds no device to anybody's account: a manifest is kept only if the account's own keys
signed it and it extends what is held. Requests come in as frames, and answers go out as frames or
as a Refusal. Spec: docs/protocol/relay.md, sections 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from restante.crypto.signatures import (
    ManifestHead,
    accept_manifest,
    verify_heartbeat,
    verify_prekey,
)
from restante.errors import CryptoError, WireCode
from restante.protocol import frames as f
from restante.protocol.codec import decode, encode
from restante.protocol.ids import AccountName, CodeLookupId, DeviceId, Token, TokenHash
from restante.protocol.ids import token_hash as hash_of
from restante.protocol.limits import MAX_MANIFEST_LINKS
from restante.protocol.manifest import PREKEY_BYTES, Heartbeat, Prekey, PrekeyKind
from restante.relay.manifests import device_rows, stored_head, verified
from restante.relay.refusal import Refusal
from restante.store import relay_accounts as store
from restante.store.errors import Conflict
from restante.store.relay_codes import find_code, put_code
from restante.store.relay_holdings import holdings
from restante.store.relay_prekeys import count_prekeys, put_prekeys, take_bundles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from restante.crypto.signatures import DeviceKey
    from restante.relay.buckets import Buckets
    from restante.relay.limits import Limits
    from restante.relay.mailrooms import Mailrooms
    from restante.relay.tickets import Tickets
    from restante.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An authenticated device that an account lists."""

    device: int
    account: int
    key: DeviceKey
    authority: str
    """The name by which the account's devices reach this relay."""
    ticket: bytes
    """The account's return ticket."""
    is_blocked: bool


class Registry:
    """All that a relay knows about accounts. Methods raise Refusal, or StoreError."""

    def __init__(
        self,
        db: Database,
        *,
        limits: Limits,
        clock: Callable[[], float],
        mailrooms: Mailrooms,
        one_time: Buckets,
        tickets: Tickets,
    ) -> None:
        self._db = db
        self._limits = limits
        self._clock = clock
        self._mailrooms = mailrooms
        self._one_time = one_time
        self._tickets = tickets

    @property
    def now_s(self) -> int:
        """Seconds since 1970."""
        return int(self._clock())

    async def epoch(self) -> int:
        """Return the relay's epoch."""
        return await self._db.read(store.epoch)

    # ---- devices ------------------------------------------------------------------------

    async def device(self, key: DeviceKey) -> Registered | None:
        """Return the registered device with that key, if there is one."""
        found = await self._db.read(lambda tx: store.find_device(tx, key.raw))
        if found is None or not found.has_mailbox:
            return None  # a capability key asks nothing of its account's relay
        return Registered(
            device=found.number,
            account=found.account,
            key=key,
            authority=found.authority,
            ticket=self._tickets.of(found.account_id, found.name, quota_bytes=found.quota_bytes),
            is_blocked=found.is_blocked,
        )

    async def publish_manifest(self, manifest_bytes: bytes, device: Registered) -> list[int]:
        """Put the next link of an account's chain; return the devices that it lists no more."""
        manifest = verified(manifest_bytes)

        async def advance(tx: Transaction) -> list[int]:
            name, held = await store.current_head(tx, device.account)
            if manifest.address.name != name or manifest.account_id != held.account_id:
                raise Refusal(WireCode.CONFLICT, "the manifest is of another account")
            head = ManifestHead(
                account_id=held.account_id,
                generation=held.generation,
                sequence=held.sequence,
                hash=held.hash,
            )
            if head == manifest.position():
                await store.welcome_back(tx, device.account)
                return []
            try:
                accept_manifest(head, [manifest])
            except CryptoError as error:
                raise Refusal(WireCode.CONFLICT, str(error)) from None
            return await store.advance_manifest(
                tx,
                device.account,
                expected=held,
                head=stored_head(manifest),
                manifest=manifest_bytes,
                listed=device_rows(manifest),
                keep=self._limits.manifests_kept,
            )

        try:
            gone = await self._db.write(advance)
        except (Conflict, store.HeadMoved):
            raise Refusal(
                WireCode.CONFLICT, "the manifest doesn't extend the current one"
            ) from None
        self._mailrooms.change_account(device.account)
        return gone

    async def publish_prekeys(self, request: f.PublishPrekeys, device: Registered) -> None:
        """Keep a device's prekeys, each signed by it."""
        try:
            # Up to 256 signatures: in a thread, for the others are waiting.
            await trio.to_thread.run_sync(_verify_prekeys, request.prekeys, device.key)
        except CryptoError as error:
            raise Refusal(WireCode.FORBIDDEN, str(error)) from None
        now_s = self.now_s
        if any(prekey.expires_at_s <= now_s for prekey in request.prekeys):
            raise Refusal(WireCode.FORBIDDEN, "a prekey has expired")
        most = self._limits.one_time_prekeys

        async def put(tx: Transaction) -> None:
            if not await put_prekeys(tx, device.device, request.prekeys, most_one_time=most):
                raise Refusal(
                    WireCode.FULL, f"at most {most} of a kind are kept (one_time_prekeys)"
                )

        await self._db.write(put)

    async def prekey_state(self, request: f.FetchPrekeyState, device: Registered) -> f.PrekeyState:
        """Say what is left of a device's prekeys."""
        now_s = self.now_s
        counts = await self._db.read(lambda tx: count_prekeys(tx, device.device, now_s=now_s))
        return f.PrekeyState(
            request=request.request,
            signed_id=counts.signed_id,
            signed_expires_at_s=counts.signed_expires_at_s,
            one_time=counts.one_time,
            kem_one_time=counts.kem_one_time,
        )

    async def holdings(self, request: f.FetchHoldings, device: Registered) -> f.Holdings:
        """Say all that is held of an account."""
        found = await self._db.read(lambda tx: holdings(tx, device.account))
        tables = [
            f.HeldTable(table=held.table, rows=held.rows, columns=held.columns, sample=held.sample)
            for held in found
        ]
        return f.Holdings(request=request.request, tables=tables)

    async def publish_tokens(self, request: f.PublishTokens, device: Registered) -> None:
        """Replace the hashes of an account's delivery tokens."""
        live = [TokenHash(token) for token in request.live]
        retired = [TokenHash(token) for token in request.retired]
        await self._db.write(
            lambda tx: store.replace_tokens(tx, device.account, live=live, retired=retired)
        )
        self._mailrooms.change_account(device.account)

    async def publish_code(self, request: f.PublishCode, device: Registered) -> None:
        """Keep what a contact code finds."""
        most = self._limits.codes_per_account
        try:
            await self._db.write(
                lambda tx: put_code(
                    tx,
                    device.account,
                    CodeLookupId(request.lookup_id),
                    request.sealed,
                    most=most,
                )
            )
        except Conflict:
            raise Refusal(WireCode.CONFLICT, "another code has that look-up id") from None

    async def publish_heartbeat(self, heartbeat: Heartbeat, device: Registered) -> None:
        """Keep a heartbeat, signed by a device that the current manifest lists."""

        async def put(tx: Transaction) -> None:
            manifest = verified(await store.current_manifest(tx, device.account))
            try:
                verify_heartbeat(heartbeat, manifest)
            except CryptoError as error:
                raise Refusal(WireCode.FORBIDDEN, str(error)) from None
            await store.put_heartbeat(
                tx, device.account, head=manifest.head, heartbeat=encode(heartbeat)
            )

        await self._db.write(put)

    # ---- what anybody may ask -----------------------------------------------------------

    async def find_manifest(self, request: f.FetchManifest) -> f.ManifestFound:
        """Return an account's chain past a sequence."""
        found = await self._db.read(
            lambda tx: store.find_links(
                tx,
                AccountName(request.name),
                since=request.since_sequence,
                most=MAX_MANIFEST_LINKS,
            )
        )
        if found is None:
            raise Refusal(WireCode.NOT_FOUND, "no such name")
        return f.ManifestFound(
            request=request.request,
            links=found.links,
            heartbeat=None if found.heartbeat is None else decode(found.heartbeat, Heartbeat),
            moved=found.moved,
        )

    async def find_prekeys(self, request: f.FetchPrekeys) -> f.BundlesFound:
        """Return bundles; one-time prekeys only against a token, and not too many (attack 9).

        A retired token is as good as a live one: its bearer is not to learn that it was retired.
        Who asks for more gets last-resort ones: as safe against a recorder with a quantum computer,
        but answered for as long as they live.
        """
        now_s = self.now_s

        async def take(tx: Transaction) -> f.BundlesFound:
            account = await store.find_account(tx, AccountName(request.name))
            if account is None:
                raise Refusal(WireCode.NOT_FOUND, "no such name")
            is_contact = request.token is not None and await store.has_token(
                tx, account, hash_of(Token(request.token))
            )
            key = account.to_bytes(8, "big")
            if is_contact and self._one_time.take(key, len(request.devices), trio.current_time()):
                is_contact = False
            bundles = await take_bundles(
                tx,
                account,
                [DeviceId(device) for device in request.devices],
                with_one_time=is_contact,
                now_s=now_s,
            )
            return f.BundlesFound(request=request.request, bundles=bundles)

        if request.token is None:
            return await self._db.read(take)
        return await self._db.write(take)

    async def find_code(self, request: f.FetchCode) -> f.CodeFound:
        """Return what was published under a contact code."""
        sealed = await self._db.read(lambda tx: find_code(tx, CodeLookupId(request.lookup_id)))
        if sealed is None:
            raise Refusal(WireCode.NOT_FOUND, "no such code")
        return f.CodeFound(request=request.request, sealed=sealed)


def _verify_prekeys(prekeys: Sequence[Prekey], key: DeviceKey) -> None:
    for prekey in prekeys:
        if len(prekey.key) != PREKEY_BYTES[PrekeyKind(prekey.kind)]:
            raise CryptoError("a prekey has the wrong length for its kind")
        verify_prekey(prekey, key)
