"""How far a history is on its way, for whoever watches: bytes, rate, and the time that is left.

Rule: at most four events a second, and one at the end. How much there is in all is an estimate
until the last part is made: from how many messages there are, and how many have gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import trio

from restante.client.blob_transfer.pace import Meter
from restante.client.interface import TransferProgress

if TYPE_CHECKING:
    from restante.client.events import EventHub

EVERY_S: Final = 0.25


class Progress:
    """The progress of one transfer."""

    def __init__(
        self, hub: EventHub, *, direction: Literal["in", "out"], device: bytes, done_bytes: int
    ) -> None:
        self._hub = hub
        self._direction = direction
        self._device = device
        self._meter = Meter(done_bytes)
        self._under_way: dict[int, int] = {}
        self._told_at = -EVERY_S
        self.total_bytes = 0

    def moved(self, number: int, held_bytes: int) -> None:
        """Note how much of a part is where it should be."""
        before = self._under_way.get(number)
        self._under_way[number] = held_bytes
        if before is not None:
            self._meter.add(max(held_bytes - before, 0))
        else:
            self._meter.begin(held_bytes)
        self._tell(is_complete=False)

    def complete(self) -> None:
        """Say that all of it is where it should be."""
        self.total_bytes = self._meter.done_bytes
        self._told_at = -EVERY_S
        self._tell(is_complete=True)

    def _tell(self, *, is_complete: bool) -> None:
        now = trio.current_time()
        if now < self._told_at + EVERY_S:
            return
        self._told_at = now
        total_bytes = max(self.total_bytes, self._meter.done_bytes)
        left_s = 0.0 if is_complete else self._meter.left_s(total_bytes)
        self._hub.publish(
            [
                TransferProgress(
                    direction=self._direction,
                    device=self._device.hex(),
                    done_bytes=self._meter.done_bytes,
                    total_bytes=total_bytes,
                    rate_bytes_s=round(self._meter.rate_bytes_s),
                    left_s=None if left_s is None else round(left_s, 1),
                    is_complete=is_complete,
                )
            ]
        )


def estimate(so_far_bytes: int, so_far_messages: int, all_messages: int) -> int:
    """Return about how many bytes there will be in all, from what there is so far."""
    if not so_far_messages:
        return so_far_bytes
    return so_far_bytes * max(all_messages, so_far_messages) // so_far_messages
