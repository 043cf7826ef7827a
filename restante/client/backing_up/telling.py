"""How far a backup is, told to watchers: some times a second, from whichever thread.

Rule: telling never fails the work; where the work was cancelled, telling from its thread ends it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

import trio

from restante.client.interface import BackupProgress

if TYPE_CHECKING:
    from restante.client.events import EventHub

EVERY_S: Final = 0.2

Action = Literal["create", "verify", "restore"]


class Telling:
    """The progress of one backup."""

    def __init__(self, hub: EventHub, action: Action) -> None:
        self._hub = hub
        self._action = action
        self._told_at = -EVERY_S

    def from_thread(self, done: int, total: int) -> None:
        """Tell, from a thread of trio's. Raises Cancelled where nobody waits for the work."""
        trio.from_thread.check_cancelled()
        if self._is_due():
            trio.from_thread.run_sync(self._publish, done, total, False)

    def from_anywhere(self, done: int, total: int) -> None:
        """Tell, from the loop's own thread or another one of trio's."""
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            self.from_thread(done, total)
            return
        if self._is_due():
            self._publish(done, total, False)

    def complete(self, total: int) -> None:
        """Tell that all of it is done."""
        self._publish(total, total, True)

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now < self._told_at + EVERY_S:
            return False
        self._told_at = now
        return True

    def _publish(self, done: int, total: int, is_complete: bool) -> None:
        self._hub.publish(
            [
                BackupProgress(
                    action=self._action,
                    done=done,
                    total=max(total, done),
                    is_complete=is_complete,
                )
            ]
        )
