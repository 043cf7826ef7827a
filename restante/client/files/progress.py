"""How far a file is on its way, for whoever watches.

Rule: at most four events a second for each file, and one at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import trio

from restante.client.blob_transfer.pace import Meter
from restante.client.interface import FileProgress
from restante.client.views import conversation_key

if TYPE_CHECKING:
    from restante.client.events import EventHub
    from restante.client.failures import RelayError

EVERY_S: Final = 0.25


class Progress:
    """The progress of one file."""

    def __init__(
        self,
        hub: EventHub,
        *,
        conversation: bytes,
        message_id: bytes,
        direction: Literal["in", "out"],
        total_bytes: int,
    ) -> None:
        self._hub = hub
        self._conversation = conversation_key(conversation)
        self._message = message_id.hex()
        self._direction: Literal["in", "out"] = direction
        self._total_bytes = total_bytes
        self._meter: Meter | None = None
        self._told_at = -EVERY_S
        self._error: str | None = None

    def moved(self, here_bytes: int) -> None:
        """Note how much is where it should be."""
        if self._meter is None:
            self._meter = Meter(here_bytes)
        else:
            self._meter.add(max(here_bytes - self._meter.done_bytes, 0))
        self._tell(is_due=here_bytes == self._total_bytes)

    def troubled(self, error: RelayError | None) -> None:
        """Note what holds it up; None: it goes on."""
        sentence = None if error is None else str(error)
        is_news, self._error = sentence != self._error, sentence
        if is_news:
            self._tell(is_due=True)

    def _tell(self, *, is_due: bool) -> None:
        now = trio.current_time()
        if not is_due and now < self._told_at + EVERY_S:
            return
        self._told_at = now
        meter = self._meter or Meter()
        left_s = meter.left_s(self._total_bytes)
        self._hub.publish(
            [
                FileProgress(
                    conversation=self._conversation,
                    message=self._message,
                    direction=self._direction,
                    done_bytes=meter.done_bytes,
                    total_bytes=self._total_bytes,
                    rate_bytes_s=round(meter.rate_bytes_s),
                    left_s=None if left_s is None else round(left_s, 1),
                    error=self._error,
                )
            ]
        )
