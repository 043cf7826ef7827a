"""The service that tells the account's other devices what was changed on this one.

Rule: what it has to do is in the database; it may be late, and forgets nothing. Many changes of one
thing are told as one. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.syncing.records import settle
from restante.errors import StoreError
from restante.protocol.limits import DEFAULT_TTL_S
from restante.store.client_sync import has_touched, prune_sync_log
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.store.client_rows import Rows

LOOK_AGAIN_S: Final = 30.0
LOG_KEPT_MS: Final = 2 * DEFAULT_TTL_S * 1000
"""Whoever hasn't asked for what it missed by then gets it never; its envelopes are long gone."""


class Journal:
    """The service. `run` settles for ever; `flush` settles what is there."""

    def __init__(self, context: EngineContext, announcer: Announcer) -> None:
        self._context = context
        self._announcer = announcer
        self._woken = trio.Event()
        self._woken.set()  # something may be left of an earlier run
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Settle whenever something was committed; for ever."""
        await self._prune()
        while True:
            await self._woken.wait()
            self._woken = trio.Event()
            try:
                await self.flush()
            except StoreError:
                await trio.sleep(LOOK_AGAIN_S)  # the outbox says what is wrong
                self._woken.set()

    async def flush(self) -> None:
        """Queue all that the other devices must hear of. Raises StoreError."""
        is_more = await self._context.read(has_touched)
        while is_more:
            changes = Changes()
            is_more = await self._context.write(partial(self._settle, changes=changes))
            reach("journal.settled")
            await self._announcer.tell(changes)

    def _settle(self, rows: Rows, *, changes: Changes) -> bool:
        is_more = settle(rows, changes, now_ms=self._context.now_ms())
        reach("journal.settling")
        return is_more

    def _look_in(self, _: Changes) -> None:
        self._woken.set()

    async def _prune(self) -> None:
        before_ms = self._context.now_ms() - LOG_KEPT_MS
        try:
            await self._context.write(lambda rows: prune_sync_log(rows, before_ms))
        except StoreError:
            return  # it is only a matter of space
