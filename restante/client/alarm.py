"""A service that has something to do whenever the wall clock says so.

Rule: the wall clock decides, and is looked at often, since the one that a pause goes by stands
still while a machine sleeps. Knows nothing of what is done. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError

if TYPE_CHECKING:
    from restante.client.context import EngineContext

LOOK_EVERY_S: Final = 30.0


class Alarm:
    """When something is due next, for one service."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._changed = trio.Event()

    def set_anew(self) -> None:
        """Have the service look now: something may be due earlier than it knows."""
        self._changed.set()

    async def run(self, work: Callable[[], Awaitable[int | None]]) -> None:
        """Do what is due, whenever something is; for ever.

        `work` does all that is due now, and returns when something is next, in unix milliseconds.
        """
        while True:
            changed = self._changed = trio.Event()
            next_ms: float | None
            try:
                next_ms = await work()
            except StoreError:  # others say what is wrong with the disk
                next_ms = None
            left_ms = (math.inf if next_ms is None else next_ms) - self._context.now_ms()
            with trio.move_on_after(max(min(left_ms / 1000, LOOK_EVERY_S), 0.0)):
                await changed.wait()
