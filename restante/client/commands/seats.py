"""The accounts that one chat has opened: each goes on receiving until the chat is closed.

Rule: whoever locks one account has locked all that are open here, and one that isn't shown locks
by itself as its own settings say: nothing is less locked for being out of sight. Knows no screen.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from restante.client.interface import Engine, Locked
from restante.client.profile import Profile
from restante.client.running import Opener, Seat, engine_for
from restante.errors import RestanteError


class Seats:
    """Engines by profile, opened when they are first asked for. Ends with its nursery."""

    def __init__(
        self, nursery: trio.Nursery, *, lock_after_s: Callable[[Profile], float | None]
    ) -> None:
        self._nursery = nursery
        self._lock_after_s = lock_after_s
        self._seats: dict[str, Seat] = {}
        self._opened: set[str] = set()
        self._shown: Profile | None = None
        self._leaving: dict[str, trio.CancelScope] = {}

    def show(self, profile: Profile) -> Engine:
        """Return a profile's engine, which is the one in sight from now on.

        Whatever is asked of it waits until it was opened.
        """
        if self._shown is not None and self._shown.name != profile.name:
            self._nursery.start_soon(self._lock_unseen, self._shown)
        if (waiting := self._leaving.pop(profile.name, None)) is not None:
            waiting.cancel()
        self._shown = profile
        return self._seats.setdefault(profile.name, Seat()).engine

    async def open(self, profile: Profile, opener: Opener) -> None:
        """Open the engine of a profile that was shown, unless it is. Raises what opening raises."""
        if profile.name not in self._opened:
            self._opened.add(profile.name)
            try:
                await self._nursery.start(self._keep, profile, opener)
            except BaseException:  # or the user has gone to another account meanwhile
                self._opened.discard(profile.name)
                raise

    async def _keep(
        self,
        profile: Profile,
        opener: Opener,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        seat = self._seats[profile.name]
        async with engine_for(profile, opener, seat=seat), seat.subscribe() as events:
            task_status.started()
            async for event in events:
                if isinstance(event, Locked) and self._is_shown(profile):
                    await self._lock_others(profile)

    def _is_shown(self, profile: Profile) -> bool:
        return self._shown is not None and self._shown.name == profile.name

    async def _lock_others(self, profile: Profile) -> None:
        for name, seat in self._seats.items():
            if name != profile.name:
                await _lock(seat.engine)

    async def _lock_unseen(self, profile: Profile) -> None:
        after_s = self._lock_after_s(profile)
        if after_s is None:
            return
        with trio.CancelScope() as self._leaving[profile.name]:
            await trio.sleep(after_s)
            await _lock(self._seats[profile.name].engine)


async def _lock(engine: Engine) -> None:
    try:
        protection = await engine.protection()
        if protection.kept_by == "passphrase" and not protection.is_locked:
            await engine.lock()
    except RestanteError:
        return  # it is locked, gone, or can't be: nothing more than that was wanted
