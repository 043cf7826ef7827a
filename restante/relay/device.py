"""What an authenticated device may ask: register, publish, subscribe, acknowledge, leave.

Rule: a device acts for itself and its account alone, and never deposits: what it sends to others
goes by connections that don't know it. Spec: docs/protocol/relay.md, sections 5 and 8.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from restante.errors import StoreError, WireCode
from restante.protocol import frames as f
from restante.relay import log
from restante.relay.delivery import Subscriber
from restante.relay.dismissing import dismiss
from restante.relay.refusal import Refusal, slow_down
from restante.store.relay_store import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.crypto.signatures import DeviceKey
    from restante.relay.registry import Registered
    from restante.relay.session import Session


HOLDINGS_COUNT: Final = 20
"""Requests that one for all that is held counts as: it looks through every table."""

_ANSWERED: Final = (f.FetchPrekeyState, f.FetchHoldings, f.OpenBlob, f.PutBlob, f.DeleteBlob)
"""Requests whose answer isn't Done, or who asks says more than which device."""


class DeviceTalk:
    """A device's requests."""

    def __init__(
        self, session: Session, key: DeviceKey, *, authority: str, device: Registered | None
    ) -> None:
        self._session = session
        self._services = session.services
        self._key = key
        self._authority = authority
        self._device = device
        self._subscriber: Subscriber | None = None
        self._has_left = False

    @property
    def is_registered(self) -> bool:
        """Whether an account of this relay lists the device."""
        return self._device is not None

    @property
    def ticket(self) -> bytes | None:
        """The return ticket of the device's account, if it has one."""
        return None if self._device is None else self._device.ticket

    @property
    def account(self) -> int | None:
        """The number of the device's account."""
        return None if self._device is None else self._device.account

    def ended(self) -> None:
        """End the subscription; what wasn't acked stays in the store."""
        subscriber, self._subscriber = self._subscriber, None
        if subscriber is not None:
            subscriber.close()
            entry = self._services.subscribers.get(subscriber.device)
            if entry is not None and entry[0] is subscriber:
                del self._services.subscribers[subscriber.device]

    async def take(self, frame: Any) -> None:
        """Carry out a request."""
        if isinstance(frame, f.Ack):
            await self._ack(frame)
        elif isinstance(frame, f.Subscribe):
            await self._session.answer(frame.request, partial(self._subscribe, frame))
        else:
            await self._session.answer(frame.request, partial(self._carry_out, frame))
        if self._subscriber is not None and isinstance(frame, f.Subscribe):
            self._subscriber.flush()
        if self._has_left:
            self._session.close(WireCode.UNAUTHENTICATED, "the account is deleted")

    async def _carry_out(self, frame: Any) -> f.Frame:
        registry = self._services.registry
        if isinstance(frame, f.Register):
            return await self._register(frame)
        device = self._registered(frame)
        if isinstance(frame, _ANSWERED):
            return await self._answer(frame, device)
        if isinstance(frame, f.PublishManifest):
            await self._publish_manifest(frame, device)
        elif isinstance(frame, f.PublishPrekeys):
            await registry.publish_prekeys(frame, device)
        elif isinstance(frame, f.PublishTokens):
            await registry.publish_tokens(frame, device)
        elif isinstance(frame, f.PublishCode):
            await registry.publish_code(frame, device)
        elif isinstance(frame, f.PublishHeartbeat):
            await registry.publish_heartbeat(frame.heartbeat, device)
        elif isinstance(frame, f.PublishMoved):
            await self._services.leaving.publish_moved(frame, device)
        elif isinstance(frame, f.SetWake):
            await self._services.waker.register(frame, device)
        else:
            await self._delete_account(frame, device)
        return f.Done(request=frame.request)

    async def _answer(self, frame: Any, device: Registered) -> f.Frame:
        """Carry out what is answered by more than that it is done."""
        registry = self._services.registry
        if isinstance(frame, f.FetchPrekeyState):
            return await registry.prekey_state(frame, device)
        if isinstance(frame, f.FetchHoldings):
            return await registry.holdings(frame, device)
        return await self._services.blobs.carry_out(frame, device.account)

    def _registered(self, frame: Any) -> Registered:
        """Return who asks, if an account lists them, and hasn't asked too often."""
        if self._device is None:
            raise Refusal(WireCode.FORBIDDEN, "no account of this relay lists this device")
        gates = self._services.gates
        gate, limit = gates.requests_of_account, "requests_per_account"
        if isinstance(frame, f.PutBlob):
            gate, limit = gates.blob_parts, "blob_parts_per_account"
        account = self._device.account.to_bytes(8, "big")
        amount = HOLDINGS_COUNT if isinstance(frame, f.FetchHoldings) else 1
        if wait_s := gate.take(account, amount, trio.current_time()):
            raise slow_down(limit, wait_s)
        return self._device

    async def _register(self, frame: f.Register) -> f.Frame:
        if wait_s := self._services.gates.requests.take(
            self._session.network, 1, trio.current_time()
        ):
            raise slow_down("requests_per_network", wait_s)
        services = self._services
        before = None if self._device is None else self._device.account
        registered = await services.registration.register(
            frame, self._key, authority=self._authority, account=before
        )
        services.dismissals += 1
        services.seen.add(registered.account)
        for session in list(services.sessions):
            session.follow(before, registered.account)
        if before is not None:
            services.neighbours.tell(
                Notice(kind=NoticeKind.RENAMED, numbers=[before, registered.account])
            )
        self._device = await services.registry.device(self._key)
        await self._dismiss(registered.gone)
        return f.Done(request=frame.request)

    async def _publish_manifest(self, frame: f.PublishManifest, device: Registered) -> None:
        await self._dismiss(await self._services.registry.publish_manifest(frame.manifest, device))

    async def _delete_account(self, frame: f.DeleteAccount, device: Registered) -> None:
        left = await self._services.leaving.delete(frame, device)
        self._device, self._has_left = None, True
        self.ended()
        try:
            await self._dismiss(left.devices)
            await self._services.blobs.forget(left.blobs)
        except StoreError as error:
            # It is deleted; what a later start or an expiry tidies up must not say otherwise.
            log.warn("account left behind", reason=type(error).__name__)

    async def _dismiss(self, gone: Sequence[int]) -> None:
        """Cut off devices that are listed no more, and empty their mailboxes."""
        await dismiss(self._services, gone, last=self._session)

    async def look_again(self) -> None:
        """Be what the store says now: words of what has changed elsewhere may have been lost."""
        if self._device is None:
            return
        found = await self._services.registry.device(self._key)
        if found is None:
            self._session.end_device([self._device.device])
        else:
            self._device = found

    def follow(self, account: int | None, to: int) -> None:
        """Be of another account from now on, if the device's has changed its name."""
        if self._device is not None and self._device.account == account:
            self._device = replace(self._device, account=to)

    def is_of(self, devices: Sequence[int]) -> bool:
        """Whether this is the connection of one of these devices."""
        return self._device is not None and self._device.device in devices

    async def _subscribe(self, frame: f.Subscribe) -> f.Frame:
        device = self._registered(frame)
        services = self._services
        # Acks on their way to the disk are committed first, or their envelopes would come again.
        services.subscribing[device.device] = self._session
        try:
            await services.writer.barrier()
            number = await services.neighbours.hold(device.device)
        finally:
            # Those that wait go on in any order: the one that asked last must stay.
            is_newest = services.subscribing.get(device.device) is self._session
            if is_newest:
                del services.subscribing[device.device]
        if not is_newest:
            raise Refusal(WireCode.FENCED, "a newer connection of this device took over")
        older = services.subscribers.pop(device.device, None)
        if older is not None:
            older[0].close()
            older[1].close(WireCode.FENCED, "a newer connection of this device took over")
        self._subscriber = Subscriber(
            device.device,
            services.mailboxes,
            number=number,
            send=self._deliver,
            spawn=services.spawn,
            on_failed=self._store_failed,
            hour=lambda: services.writer.hour,
            window_bytes=services.limits.unacked_bytes,
        )
        services.subscribers[device.device] = (self._subscriber, self._session)
        services.waker.came(device.device)
        return f.Done(request=frame.request)

    def _deliver(self, frame: f.Frame) -> None:
        if isinstance(frame, f.Deliver):
            self._services.figures.delivered += len(frame.items)
        self._session.send(frame)

    def _store_failed(self, error: StoreError) -> None:
        log.warn("delivery failed", reason=type(error).__name__)
        self._session.close(WireCode.INTERNAL, "the relay's store failed", retry_after_s=10)

    async def _ack(self, frame: f.Ack) -> None:
        unknown: list[bytes] = frame.ids
        if self._subscriber is not None:
            gone, unknown = self._subscriber.ack(frame.ids)
            self._services.writer.ack(gone)
        if not unknown or self._device is None:
            return
        # Each costs a look at all that waits: what is left out will be delivered and acked again.
        number = self._device.device
        gate = self._services.gates.earlier_acks
        if gate.take(number.to_bytes(8, "big"), 1, trio.current_time()):
            return
        try:
            await self._services.writer.ack_by_ids(number, frozenset(unknown))
        except StoreError as error:
            self._store_failed(error)
