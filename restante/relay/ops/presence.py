"""Which accounts are still used: by the day, and only where the operator wants to let others go.

Rule: without `inactive_after_days` nothing is noted, and what was is forgotten. With it, an
account's row says on which day a device of it was last connected, and no more.
Spec: docs/relay.md, section 9; docs/threat-model.md, section 1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from restante.relay import log
from restante.store.relay_administration import (
    DAY_S,
    forget_days,
    note_seen,
    pass_over_absence,
    unseen_since,
)

if TYPE_CHECKING:
    from restante.relay.services import Services

MAX_ERASED: Final = 64
"""In one round: the rest goes with the next."""


class Presence:
    """Looks who is here, and lets go who wasn't for long."""

    def __init__(self, services: Services, *, erase: Callable[[int], Awaitable[None]]) -> None:
        self._services = services
        self._erase = erase
        self._today = -1
        self._noted: set[int] = set()

    async def keep(self) -> None:
        """Note who is or was here today, and erase who is due. Raises StoreError."""
        services, days = self._services, self._services.settings.inactive_after_days
        seen = services.seen | {s.account for s in services.sessions if s.account is not None}
        services.seen = set()
        today = services.now_s // DAY_S
        is_first, is_new_day = self._today < 0, today != self._today
        self._today = today
        if not days:
            if is_new_day:
                await services.db.write(forget_days)
            return
        if is_first:
            # Nobody could come while the relay was away: nobody is to be deleted for that.
            await services.db.write(lambda tx: pass_over_absence(tx, today=today))
        if is_new_day:
            self._noted = set()
        news = seen - self._noted
        if news or is_new_day:
            await services.db.write(lambda tx: note_seen(tx, news, today=today))
            self._noted |= news
        gone = await services.db.read(lambda tx: unseen_since(tx, today - days, most=MAX_ERASED))
        for account in gone:
            await self._erase(account)
        if gone:
            log.note("inactive accounts deleted", accounts=len(gone))
