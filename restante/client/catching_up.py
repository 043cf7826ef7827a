"""Contacts who have newer devices than we know of: their relays are asked for what is in between.

A first message may come from a device that was linked when we last looked two manifests ago. It
waits aside, and is opened once the manifests between are known. Rule: only contacts who are welcome
cause a look-up, one at a time, and never more often than a missing message is asked for.
Spec: docs/engine.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.client.acquaintance import is_welcome
from restante.client.failures import RelayError
from restante.errors import StoreError, UserError
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.inbox import Inbox
    from restante.client.refreshing import Refreshing


class CatchingUp:
    """The service. `run` looks for ever, when there is a reason to."""

    def __init__(
        self, context: EngineContext, *, inbox: Inbox, refreshing: Refreshing, announcer: Announcer
    ) -> None:
        self._context = context
        self._inbox = inbox
        self._refreshing = refreshing
        self._outdated: dict[bytes, bytes | None] = {}
        self._noted = trio.Event()
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Ask for whoever was noted; for ever."""
        failures = 0
        while True:
            await self._noted.wait()
            account_id, known = next(iter(self._outdated.items()))
            pause_s = self._context.tuning.resend_grace_s / 4
            try:
                await self._catch_up(account_id, known)
                failures = 0
            except (RelayError, StoreError):
                failures += 1
                pause_s = self._context.backoff_s(failures)
                self._note(account_id, known)
            except UserError:
                pass  # what their relay shows doesn't verify: it says so when we write to them
            await trio.sleep(pause_s)

    async def _catch_up(self, account_id: bytes, known: bytes | None) -> None:
        self._forget(account_id)
        row = await self._context.read(lambda rows: contact(rows, account_id))
        if row is None or not is_welcome(row):
            return  # once they are, they are noted again
        if row.manifest_hash == known:
            row = await self._refreshing.refresh(row)
        if row.manifest_hash != known:
            await self._inbox.take_again()

    def _look_in(self, changes: Changes) -> None:
        for account_id, known in changes.outdated.items():
            self._note(account_id, known)

    def _note(self, account_id: bytes, known: bytes | None) -> None:
        self._outdated.setdefault(account_id, known)
        self._noted.set()

    def _forget(self, account_id: bytes) -> None:
        self._outdated.pop(account_id, None)
        if not self._outdated:
            self._noted = trio.Event()
