"""The mailbox at the relay that the account has left: emptied until contacts had time to follow.

It also leaves the `moved` there, and in the end has the old relay erase the account. Rule: what
arrives there is as good as at the new relay; nothing is published there but the move.
Spec: docs/engine.md, section 18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio
from msgspec import Struct

from restante.client.failures import RefusedError, RelayError
from restante.client.link import open_link
from restante.client.socket import Route
from restante.crypto import signing
from restante.crypto.keys import AccountSigningKey
from restante.errors import RemoteProtocolError, StoreError
from restante.protocol import frames as f
from restante.protocol.address import Address
from restante.protocol.codec import decode, encode
from restante.protocol.ids import ManifestHash
from restante.protocol.limits import DEFAULT_TTL_S
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.inbox import Inbox
    from restante.client.link import Link
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

KEPT_S: Final = DEFAULT_TTL_S
"""Thirty days, as long as a mailbox keeps an envelope: then nothing of before can be there."""

DRAIN_PATIENCE_S: Final = 10.0
_AGAIN_AFTER_S: Final = 60.0
_PLACE: Final = "old_mailbox"
_MAX_BYTES: Final = 2000


class _Place(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Where the account was; `account_secret` only on its first device."""

    address: str
    moved: bytes
    account_secret: bytes | None
    head: bytes
    left_at_s: int


def note_old_mailbox(
    rows: Rows,
    address: Address,
    *,
    moved: bytes,
    account_secret: bytes | None,
    head: ManifestHash,
    now_s: int,
) -> None:
    """Remember the address that the account leaves, and with what it is erased there later."""
    place = _Place(
        address=str(address),
        moved=moved,
        account_secret=account_secret,
        head=head,
        left_at_s=now_s,
    )
    set_value(rows, _PLACE, encode(place))


class OldMailbox:
    """The service. `run` does nothing where the account never moved."""

    def __init__(self, context: EngineContext, own: OwnAccount, *, inbox: Inbox) -> None:
        self._context = context
        self._own = own
        self._inbox = inbox
        self._settled = trio.Event()

    async def drained(self) -> None:
        """Wait until what waits there is kept, or that can't be done now."""
        await self._settled.wait()

    async def run(self) -> None:
        """Stay connected there until nothing can come any more."""
        attempts = 0
        while (place := await self._place()) is not None:
            attempts += 1
            try:
                await self._stay(place)
            except (RelayError, StoreError):
                self._settled.set()
            await trio.sleep(self._context.backoff_s(attempts, at_least_s=_AGAIN_AFTER_S))
        self._settled.set()
        await trio.sleep_forever()

    async def _place(self) -> _Place | None:
        packed = await self._context.read(lambda rows: get_value(rows, _PLACE))
        if packed is None:
            return None
        try:
            return decode(packed, _Place, max_bytes=_MAX_BYTES)
        except RemoteProtocolError as error:
            raise StoreError("The profile's notes on a move are damaged.") from error

    async def _stay(self, place: _Place) -> None:
        address = Address.parse(place.address)
        route = Route(proxy=self._context.proxy, isolation="old-device")
        async with trio.open_nursery() as nursery:
            failure: RelayError | StoreError | None = None
            try:
                link = await open_link(nursery, address.relay, route=route, device=self._own.device)
                try:
                    await self._serve(place, link)
                finally:
                    await link.close()
            except (RelayError, StoreError) as error:  # as it is, not wrapped by the nursery
                failure = error
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _serve(self, place: _Place, link: Link) -> None:
        left_s = place.left_at_s + KEPT_S - self._context.now_s()
        if not link.welcome.registered or left_s <= 0:
            await self._erase(place, link)
            return
        try:
            await link.ask(f.Done, lambda n: f.PublishMoved(request=n, moved=place.moved))
        except RefusedError:
            link.raise_if_lost()  # it has a newer one
        await link.ask(f.Done, lambda n: f.Subscribe(request=n))
        with trio.move_on_after(left_s):
            async for frame in link.deliveries:
                if isinstance(frame, f.Drained):
                    self._settled.set()
                    continue
                await self._inbox.take(frame.items)
                await link.acknowledge([item.id for item in frame.items])

    async def _erase(self, place: _Place, link: Link) -> None:
        """Have the old relay forget the account; its name there stays nobody's."""
        if link.welcome.registered and place.account_secret is not None:
            key = AccountSigningKey(place.account_secret)
            signature = signing.sign_deletion(key, ManifestHash(place.head))
            await link.ask(f.Done, lambda n: f.DeleteAccount(request=n, signature=signature))
        await self._context.write(lambda rows: set_value(rows, _PLACE, None))
