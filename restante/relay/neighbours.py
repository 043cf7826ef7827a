"""What this relay does about what the others over the same database have done.

Words of theirs are hints; the sweep looks for itself, all that are online at once, and more closely
when words were lost. Rule: nothing here is needed for an envelope to be kept, only for it to be
delivered soon. Spec: docs/scaling.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError, WireCode
from restante.protocol.ids import ID_BYTES, EnvelopeId
from restante.relay import log
from restante.store.relay_store import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.relay.services import Services

SWEEP_S: Final = 15.0
"""How late an envelope may be whose wake-up was lost."""


class Listening:
    """Acts on what the neighbours tell. `run` is its task."""

    def __init__(self, services: Services, *, sweep_s: float = SWEEP_S) -> None:
        self._services = services
        self._sweep_s = sweep_s

    async def run(self) -> None:
        """Tell, listen and sweep, for ever; or end at once where there can be no neighbours."""
        if not self._services.neighbours.are_possible:
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._services.neighbours.run)
            nursery.start_soon(self._sweep_at_times)
            async for notice in self._services.neighbours.notices:
                try:
                    await self._act(notice)
                except StoreError as error:
                    log.warn("notice not followed", reason=type(error).__name__)

    async def _act(self, notice: Notice) -> None:
        services, numbers = self._services, notice.numbers
        if notice.kind is NoticeKind.ARRIVED:
            self._wake(numbers)
        elif notice.kind in {NoticeKind.CHANGED, NoticeKind.BLOCKED}:
            self._change(notice)
        elif notice.kind is NoticeKind.DISMISSED:
            await self._dismiss(numbers)
        elif notice.kind is NoticeKind.RENAMED:
            before, after = numbers
            for session in list(services.sessions):
                session.follow(before, after)
        elif notice.kind is NoticeKind.HELD:
            device, number = numbers
            self._fence({device: number})
        elif notice.kind is NoticeKind.EPHEMERAL:
            entry = services.subscribers.get(numbers[0])
            if entry is not None:
                envelope, payload = notice.data[:ID_BYTES], notice.data[ID_BYTES:]
                services.forward(numbers[0], EnvelopeId(envelope), payload)
        elif notice.kind is NoticeKind.SWEEP:
            await self._sweep()
        else:
            await self._look_at_everything()

    def _change(self, notice: Notice) -> None:
        for account in notice.numbers:
            self._services.mailrooms.forget_account(account)
            if notice.kind is NoticeKind.BLOCKED:
                self._services.end_blocked(account)

    def _wake(self, devices: Sequence[int]) -> None:
        for device in devices:
            entry = self._services.subscribers.get(device)
            if entry is not None:
                entry[0].wake()
                entry[0].flush()

    def _fence(self, held: dict[int, int]) -> None:
        """End the subscriptions that are not the newest of their devices."""
        for device, number in held.items():
            entry = self._services.subscribers.get(device)
            if entry is not None and entry[0].number < number:
                del self._services.subscribers[device]
                entry[0].close()
                entry[1].close(WireCode.FENCED, "a newer connection of this device took over")

    async def _dismiss(self, devices: Sequence[int]) -> None:
        services = self._services
        services.dismissals += 1
        for session in list(services.sessions):
            session.end_device(devices)
        # What was admitted here before is committed first, and goes with the rest.
        await services.writer.barrier()
        await services.writer.empty(devices)

    async def _sweep_at_times(self) -> None:
        while True:
            await trio.sleep(self._sweep_s)
            try:
                await self._sweep()
            except StoreError as error:
                log.warn("sweep refused", reason=type(error).__name__)

    async def _sweep(self) -> None:
        """Fence off who has subscribed elsewhere, and wake those for whom something waits."""
        online = list(self._services.subscribers)
        if online:
            self._fence(await self._services.neighbours.held(online))
            self._wake(await self._services.neighbours.with_mail(online))

    async def _look_at_everything(self) -> None:
        services = self._services
        services.mailrooms.forget_all()
        services.dismissals += 1
        for session in list(services.sessions):
            await session.look_again()
        await self._sweep()
