"""The service that erases messages when their time is over.

Rule: before anything is shown after a start, then on time, and soon after the machine has slept:
the wall clock decides, and is looked at often. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.alarm import Alarm
from restante.client.changes import Changes
from restante.client.grammar.timers import erase_gone
from restante.store.client_rewrites import next_gone_ms

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.store.client_rows import Rows


class Vanishing:
    """Erases what is over; `run` for ever."""

    def __init__(self, context: EngineContext, announcer: Announcer) -> None:
        self._context = context
        self._announcer = announcer
        self._alarm = Alarm(context)
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Erase what is over, whenever something is; for ever."""
        await self._alarm.run(self._erase)

    async def _erase(self) -> int | None:
        """Erase what is over now; return when something is next, in unix milliseconds."""
        changes = await erase_over(self._context)
        if changes is not None:
            await self._announcer.tell(changes)
        return await self._context.read(next_gone_ms)

    def _look_in(self, changes: Changes) -> None:
        if any(each.row.gone_at_ms is not None for each in (*changes.added, *changes.changed)):
            self._alarm.set_anew()


async def erase_over(context: EngineContext) -> Changes | None:
    """Erase all that is over now; return what that changed, if anything. Raises StoreError."""
    now_ms = context.now_ms()
    next_ms = await context.read(next_gone_ms)
    if next_ms is None or next_ms > now_ms:
        return None
    changes = Changes()

    def work(rows: Rows) -> bool:
        return erase_gone(rows, changes, now_ms=now_ms)

    while await context.write(work):
        pass
    return changes
