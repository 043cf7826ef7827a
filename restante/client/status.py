"""What the engine is doing, in one place: services report to it, watchers hear of each change.

Rule: one connection phase, and one sentence at most of what is wrong, the gravest first.
Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import trio

from restante.client.clock import rfc3339
from restante.client.history_transfer.losses import history_state
from restante.client.interface import ConnectionPhase, Status, StatusChanged
from restante.client.lifecycle.kit_state import recovery_state
from restante.store.client_outbox import count_messages

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount

STORE, ACCOUNT, RELAY, OUTBOX, HISTORY = "store", "account", "relay", "outbox", "history"
REQUESTS: Final = "requests"
BACKUP: Final = "backup"
_BY_GRAVITY: Final = (STORE, ACCOUNT, RELAY, OUTBOX, HISTORY, BACKUP, REQUESTS)


class StatusBoard:
    """The engine's state of affairs."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._phase = ConnectionPhase.STOPPED
        self._since_ms = context.now_ms()
        self._retry_at: float | None = None
        self._errors: dict[str, str] = {}
        self._shown: Status | None = None
        self._changed = trio.Event()
        self.own: OwnAccount | None = None
        """Set once the profile has an account."""

    @property
    def phase(self) -> ConnectionPhase:
        """The way to the own relay."""
        return self._phase

    def error(self, source: str) -> str | None:
        """Return what is wrong with one part, if anything is."""
        return self._errors.get(source)

    def set_phase(self, phase: ConnectionPhase, *, retry_in_s: float | None = None) -> None:
        """Note where the connection stands; `retry_in_s` from now while it waits."""
        if phase is not self._phase:
            self._phase = phase
            self._since_ms = self._context.now_ms()
        self._retry_at = None if retry_in_s is None else trio.current_time() + retry_in_s
        self.touch()

    def set_error(self, source: str, sentence: str | None) -> None:
        """Note what is wrong with a part; None when it is right again."""
        if sentence is None:
            self._errors.pop(source, None)
        else:
            self._errors[source] = sentence
        self.touch()

    def forget_account(self) -> None:
        """The profile has no account any more."""
        self.own = None
        self._errors.clear()
        self.set_phase(ConnectionPhase.STOPPED)

    def touch(self) -> None:
        """Something that the status shows may have changed."""
        self._changed.set()

    async def view(self) -> Status:
        """Return the status as it is now."""
        retry_in_s = None
        if self._retry_at is not None:
            retry_in_s = round(max(self._retry_at - trio.current_time(), 0.0), 1)
        own = self.own
        outbox_count, recovery, history = await self._context.read(
            lambda rows: (count_messages(rows), recovery_state(rows), history_state(rows).state)
        )
        return Status(
            profile=self._context.profile,
            address=None if own is None else own.address.unpinned,
            device=None if own is None else own.device_id.hex(),
            phase=self._phase,
            since=rfc3339(self._since_ms),
            retry_in_s=retry_in_s,
            outbox_count=outbox_count,
            error=next((self._errors[part] for part in _BY_GRAVITY if part in self._errors), None),
            pid=os.getpid(),
            recovery=recovery,
            history=None if history == "whole" else history,
        )

    async def run(self) -> None:
        """Publish an event whenever the status is another one; for ever."""
        while True:
            await self._changed.wait()
            self._changed = trio.Event()
            if not self._context.hub.is_watched:
                continue
            status = await self.view()
            if status != self._shown:
                self._shown = status
                self._context.hub.publish([StatusChanged(status=status)])
