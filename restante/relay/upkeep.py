"""What a relay does at times: it looks after its connections, and deletes what has expired.

Rule: a store that refuses is asked again at the next time. Spec: docs/relay.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError
from restante.relay import log
from restante.store.relay_codes import forget_dead_invites
from restante.store.relay_prekeys import forget_expired_prekeys

if TYPE_CHECKING:
    from restante.relay.ops.presence import Presence
    from restante.relay.services import Services

WATCH_INTERVAL_S: Final = 5.0
"""How late a silent peer may be noticed."""


class Watch:
    """Pings silent peers and ends the connections of those that stay silent."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Look at every connection at each interval, for ever."""
        limits = self._services.limits
        interval_s = min(WATCH_INTERVAL_S, limits.idle_s / 4, limits.message_s / 4)
        while True:
            await trio.sleep(interval_s)
            for session in list(self._services.sessions):
                session.watch()


class Upkeep:
    """Deletes what has expired, and who is gone."""

    def __init__(self, services: Services, presence: Presence) -> None:
        self._services = services
        self._presence = presence

    async def run(self) -> None:
        """Look at each interval, for ever; a store that refuses is asked again at the next."""
        while True:
            try:
                await self._expire()
            except StoreError as error:
                log.warn("upkeep refused", reason=type(error).__name__)
            await trio.sleep(self._services.settings.expiry_interval_s)

    async def _expire(self) -> None:
        services = self._services
        envelopes, blobs = await services.writer.expire(), await services.blobs.expire()
        services.figures.expired += envelopes
        if envelopes or blobs:
            log.note("expired", envelopes=envelopes, blobs=blobs)
        await services.slots.expire()
        await self._presence.keep()
        now_s = services.now_s
        await services.db.write(lambda tx: forget_expired_prekeys(tx, now_s=now_s))
        await services.db.write(lambda tx: forget_dead_invites(tx, now_s=now_s))
        await services.waker.load()  # other processes of this relay take registrations too
