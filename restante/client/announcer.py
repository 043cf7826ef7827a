"""After a commit: the engine's services are woken, and whoever watches gets events.

Rule: called with what a committed transaction collected, never before. Reads what it shows at that
moment, so an event may show a later state than the one that caused it, never an earlier one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.client.interface import (
    ConversationChanged,
    DevicesChanged,
    Event,
    MessageAdded,
    MessageChanged,
    ReceivedEvent,
    Resync,
)
from restante.client.viewing import conversation_line, viewer
from restante.errors import StoreError
from restante.store.client_feed import feed_after
from restante.store.client_summaries import conversation_summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows


class Announcer:
    """Tells services and subscribers."""

    def __init__(self, context: EngineContext, own: OwnAccount) -> None:
        self._context = context
        self._own = own
        self._services: list[Callable[[Changes], None]] = []

    def also_tell(self, service: Callable[[Changes], None]) -> None:
        """Have a service looked in on after each commit; it must not wait."""
        self._services.append(service)

    async def tell(self, changes: Changes) -> None:
        """Tell everybody of a committed transaction."""
        for service in self._services:
            service(changes)
        if not self._context.hub.is_watched:
            return
        # What is committed is told, also when whoever asked for it has gone or the disk now fails.
        with trio.CancelScope(shield=True):
            try:
                events = await self._context.read(lambda rows: self._events(rows, changes))
            except StoreError:
                events = [Resync()]
        self._context.hub.publish(events)

    def _events(self, rows: Rows, changes: Changes) -> list[Event]:
        shows = viewer(rows, self._context, self._own, ())
        events: list[Event] = [
            MessageAdded(message=shows.message(each.row, each.position)) for each in changes.added
        ]
        events += [
            MessageChanged(message=shows.message(each.row, each.position))
            for each in changes.changed
        ]
        if changes.are_devices_changed:
            events.append(DevicesChanged())
        if changes.is_resync:
            events.append(Resync())
        lines = (
            conversation_line(rows, shows, key, conversation_summary(rows, key))
            for key in changes.conversations
        )
        events += [ConversationChanged(conversation=line) for line in lines if line is not None]
        if changes.cursors:
            received = feed_after(rows, min(changes.cursors) - 1, len(changes.cursors))
            wanted = set(changes.cursors)
            events += [
                ReceivedEvent(received=shows.received(line))
                for line in received
                if line.cursor in wanted
            ]
        return events
