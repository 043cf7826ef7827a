"""Who watches the engine: bounded queues of events, and "read everything again" for the slow.

Rule: publishing never waits and never fails; a subscriber that doesn't keep up loses its events
and is told so by one Resync. Knows no store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import trio

from restante.client.interface import Event, Resync

MAX_QUEUED_EVENTS: Final = 1024
"""A drain of a few hundred messages fits; a subscriber further behind reads its pages anew."""


class Subscription:
    """One subscriber's events, from the moment it subscribed. Async iterator, context manager."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._queue: deque[Event] = deque()
        self._waiting = trio.Event()
        self._is_open = True

    def offer(self, event: Event) -> None:
        """Queue an event, or one Resync in the place of all, if there are too many."""
        if len(self._queue) >= MAX_QUEUED_EVENTS:
            self._queue.clear()
            event = Resync()
        self._queue.append(event)
        self._waiting.set()

    def close(self) -> None:
        """End the subscription; whoever waits gets the end of the iteration."""
        self._is_open = False
        self._waiting.set()
        self._hub.discard(self)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        await trio.lowlevel.checkpoint()
        while not self._queue:
            if not self._is_open:
                raise StopAsyncIteration
            self._waiting = trio.Event()
            await self._waiting.wait()
        return self._queue.popleft()

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()


class EventHub:
    """All subscriptions of one engine."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @property
    def is_watched(self) -> bool:
        """Whether anybody would see an event."""
        return bool(self._subscriptions)

    def subscribe(self) -> Subscription:
        """Watch from now on."""
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def discard(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        self._subscriptions.discard(subscription)

    def publish(self, events: Iterable[Event]) -> None:
        """Hand events to every subscriber, in this order."""
        for event in events:
            for subscription in self._subscriptions:
                subscription.offer(event)

    def close(self) -> None:
        """End all subscriptions: the engine stops."""
        for subscription in list(self._subscriptions):
            subscription.close()
