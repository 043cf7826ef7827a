"""The mailboxes at relays that the account has left: emptied until contacts had time to follow.

It also leaves the `moved` there, and in the end has each old relay erase the account. Rule: what
arrives there is as good as at the new relay; nothing is published there but the move; and no single
look at a clock ends it, for what is erased is erased for good.
Spec: docs/engine.md, section 18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio
from msgspec import Struct
from msgspec.structs import replace

from restante.client.failures import RefusedError, RelayError
from restante.client.link import open_link
from restante.client.socket import Route
from restante.crypto import signing
from restante.crypto.keys import AccountSigningKey
from restante.errors import RemoteProtocolError, StoreError
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress
from restante.protocol.codec import decode, encode
from restante.protocol.ids import ManifestHash
from restante.protocol.limits import DEFAULT_TTL_S
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.inbox import Inbox
    from restante.client.link import Link
    from restante.client.own_account import OwnAccount
    from restante.crypto.own_keys import DeviceSecrets
    from restante.store.client_rows import Rows

KEPT_S: Final = DEFAULT_TTL_S
"""Thirty days, as long as a mailbox keeps an envelope: then nothing of before can be there."""

MOST_PLACES: Final = 8
"""Kept at a time; a move beyond that ends the oldest. As many moves are followed in one look-up."""

MOST_AT_ONCE_S: Final = 86_400
"""Of what has passed since the last look by the wall clock, no more counts: it may be wrong."""

_LOOK_EVERY_S: Final = MOST_AT_ONCE_S / 4
_ERASE_PATIENCE_S: Final = 20.0
_AGAIN_AFTER_S: Final = 60.0
_PLACES: Final = "old_mailboxes"
_MAX_BYTES: Final = 2000 * MOST_PLACES


class _Place(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Where the account was; `account_secret` only on its first device.

    `stayed_s` is what was seen to pass since it left, up to `seen_at_s` by the wall clock.
    """

    address: str
    moved: bytes
    account_secret: bytes | None
    head: bytes
    stayed_s: int
    seen_at_s: int

    @property
    def relay(self) -> RelayAddress:
        return Address.parse(self.address).relay


def note_old_mailbox(
    rows: Rows,
    address: Address,
    *,
    to: Address,
    moved: bytes,
    account_secret: bytes | None,
    head: ManifestHash,
    now_s: int,
) -> None:
    """Remember the address that the account leaves, and with what it is erased there later.

    Where it is now, and where it was more than once, it is one account: its newest keys erase it.
    """
    place = _Place(
        address=str(address),
        moved=moved,
        account_secret=account_secret,
        head=head,
        stayed_s=0,
        seen_at_s=now_s,
    )
    here = {to.relay.authority, address.relay.authority}
    others = [each for each in _places(rows) if each.relay.authority not in here]
    _keep(rows, [*others, place][-MOST_PLACES:])


async def erase_old_places(
    context: EngineContext, nursery: trio.Nursery, device: DeviceSecrets
) -> list[str]:
    """Have each old relay erase the account now; return the addresses where that failed.

    Raises StoreError.
    """
    left: list[str] = []
    for place in await context.read(_places):
        with trio.move_on_after(_ERASE_PATIENCE_S) as patience:
            try:
                link = await _linked(context, nursery, place, device)
                try:
                    await _erase(context, place, link)
                finally:
                    await link.close()
            except RelayError:
                left.append(Address.parse(place.address).unpinned)
        if patience.cancelled_caught:
            left.append(Address.parse(place.address).unpinned)
    return left


class OldMailbox:
    """The service. `run` does nothing where the account never moved."""

    def __init__(self, context: EngineContext, own: OwnAccount, *, inbox: Inbox) -> None:
        self._context = context
        self._own = own
        self._inbox = inbox
        self._unsettled: set[str] = set()
        self._settled = trio.Event()

    async def drained(self) -> None:
        """Wait until what waits there is kept, or that can't be done now."""
        await self._settled.wait()

    async def run(self) -> None:
        """Stay connected at each old relay until nothing can come there any more."""
        places = await self._context.read(_places)
        self._unsettled = {place.address for place in places}
        async with trio.open_nursery() as nursery:
            for place in places:
                nursery.start_soon(self._stay_until_the_end, place)
        if not places:
            self._settled.set()
        await trio.sleep_forever()

    async def _stay_until_the_end(self, place: _Place) -> None:
        attempts, is_over = 0, False
        while not is_over:
            attempts += 1
            try:
                is_over = await self._stay(place)
            except (RelayError, StoreError):
                self._settle(place)
            if not is_over:
                wait_s = self._context.backoff_s(attempts, at_least_s=_AGAIN_AFTER_S)
                await trio.sleep(wait_s)
        self._settle(place)

    def _settle(self, place: _Place) -> None:
        self._unsettled.discard(place.address)
        if not self._unsettled:
            self._settled.set()

    async def _stay(self, place: _Place) -> bool:
        """Serve one connection; True once the account is erased there."""
        async with trio.open_nursery() as nursery:
            failure: RelayError | StoreError | None = None
            is_over = False
            try:
                link = await _linked(self._context, nursery, place, self._own.device)
                try:
                    is_over = await self._serve(place, link)
                finally:
                    await link.close()
            except (RelayError, StoreError) as error:  # as it is, not wrapped by the nursery
                failure = error
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure
        return is_over

    async def _serve(self, place: _Place, link: Link) -> bool:
        if not link.welcome.registered or await self._left_s(place) <= 0:
            await _erase(self._context, place, link)
            return True
        try:
            await link.ask(f.Done, lambda n: f.PublishMoved(request=n, moved=place.moved))
        except RefusedError:
            link.raise_if_lost()  # it has a newer one
        await link.ask(f.Done, lambda n: f.Subscribe(request=n))
        while (left_s := await self._left_s(place)) > 0:
            with trio.move_on_after(min(left_s, _LOOK_EVERY_S)):
                await self._take(place, link)
                return False  # the connection is lost
        await _erase(self._context, place, link)
        return True

    async def _take(self, place: _Place, link: Link) -> None:
        async for frame in link.deliveries:
            if isinstance(frame, f.Drained):
                self._settle(place)
                continue
            await self._inbox.take(frame.items)
            await link.acknowledge([item.id for item in frame.items])

    async def _left_s(self, place: _Place) -> int:
        """Look at the clock, remember it, and return how long to stay yet."""
        now_s = self._context.now_s()
        return await self._context.write(
            lambda rows: left_to_stay_s(rows, place.address, now_s=now_s)
        )


def left_to_stay_s(rows: Rows, address: str, *, now_s: int) -> int:
    """Count what has passed since the last look; return how many seconds are left there."""
    places = _places(rows)
    for number, each in enumerate(places):
        if each.address == address:
            passed_s = min(max(now_s - each.seen_at_s, 0), MOST_AT_ONCE_S)
            looked = replace(each, stayed_s=each.stayed_s + passed_s, seen_at_s=now_s)
            _keep(rows, [*places[:number], looked, *places[number + 1 :]])
            return KEPT_S - looked.stayed_s
    return 0


async def _linked(
    context: EngineContext, nursery: trio.Nursery, place: _Place, device: DeviceSecrets
) -> Link:
    # A name of its own for each relay: no two of them share a circuit.
    route = Route(proxy=context.proxy, isolation=f"old-device-{place.relay.authority}")
    return await open_link(nursery, place.relay, route=route, device=device)


async def _erase(context: EngineContext, place: _Place, link: Link) -> None:
    """Have the old relay forget the account; its name there stays nobody's."""
    if link.welcome.registered and place.account_secret is not None:
        key = AccountSigningKey(place.account_secret)
        signature = signing.sign_deletion(key, ManifestHash(place.head))
        await link.ask(f.Done, lambda n: f.DeleteAccount(request=n, signature=signature))

    def forget(rows: Rows) -> None:
        _keep(rows, [each for each in _places(rows) if each.address != place.address])

    await context.write(forget)


def _places(rows: Rows) -> list[_Place]:
    """Return where the account was, the oldest first. Raises StoreError."""
    packed = get_value(rows, _PLACES)
    if packed is None:
        return []
    try:
        return decode(packed, list[_Place], max_bytes=_MAX_BYTES)
    except RemoteProtocolError as error:
        raise StoreError("The profile's notes on a move are damaged.") from error


def _keep(rows: Rows, places: list[_Place]) -> None:
    set_value(rows, _PLACES, encode(places) if places else None)
