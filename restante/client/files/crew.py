"""Several files under way at once, on one way: begun as they are due, ended when they aren't.

Rule: what is due is asked of the database each time, so that nothing depends on this memory; a
file that isn't due any more is let go of at once. Knows no relay.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import trio
import trio.lowlevel

if TYPE_CHECKING:
    from restante.store.client_files import FileRow

AT_ONCE: Final = 3
"""One large file holds up no small one; more than a few share one line in vain."""


class Crew:
    """Works on files, at most so many at once. `run` for ever."""

    def __init__(
        self,
        due: Callable[[], Awaitable[list[FileRow]]],
        work: Callable[[FileRow], Awaitable[None]],
    ) -> None:
        """`due` says which files are to be worked on; `work` works on one until it isn't due."""
        self._find_due = due
        self._work = work
        self._scopes: dict[bytes, trio.CancelScope] = {}
        self._woken = trio.Event()
        self._idle = trio.Event()

    def wake(self) -> None:
        """Something is due, or isn't any more."""
        self._woken.set()

    async def settled(self) -> None:
        """Wait until nothing is due."""
        while self._woken.is_set() or not self._idle.is_set():
            await self._idle.wait()
            await trio.lowlevel.checkpoint()

    async def run(self) -> None:
        """Work on whatever is due."""
        self._woken.set()
        async with trio.open_nursery() as nursery:
            while True:
                await self._woken.wait()
                self._woken = trio.Event()
                self._idle = trio.Event() if self._idle.is_set() else self._idle
                due = {row.message_id: row for row in await self._find_due()}
                for message_id, scope in self._scopes.items():
                    if message_id not in due:
                        scope.cancel()
                for message_id, row in due.items():
                    if len(self._scopes) < AT_ONCE and message_id not in self._scopes:
                        self._scopes[message_id] = trio.CancelScope()
                        nursery.start_soon(self._one, row)
                if not self._scopes:
                    self._idle.set()

    async def _one(self, row: FileRow) -> None:
        try:
            with self._scopes[row.message_id]:
                await self._work(row)
        finally:
            del self._scopes[row.message_id]
            self._woken.set()
