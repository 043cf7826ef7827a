"""The engine's methods for a history: how it stands here, asked for again, taken in now.

Rule: nothing but handing on. Spec: docs/engine.md, section 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from restante.client.history_transfer.parts import Transfers
    from restante.client.interface import HistoryState


class HistoryMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _transfers(self) -> Transfers:
        """Return the part. UserError: no account yet, or this device is none of it any more."""
        raise NotImplementedError

    async def history_state(self) -> HistoryState:
        """See interface.Engine."""
        return await self._transfers().state()

    async def history_ask(self, *, device: str | None = None) -> HistoryState:
        """See interface.Engine."""
        return await self._transfers().ask(device)

    async def history_dismiss(self) -> HistoryState:
        """See interface.Engine."""
        return await self._transfers().dismiss()

    async def history_take(self, *, timeout_s: float) -> HistoryState:
        """See interface.Engine."""
        with trio.move_on_after(timeout_s):
            await self._transfers().settled()
        return await self._transfers().state()
