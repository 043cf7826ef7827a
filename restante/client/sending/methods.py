"""The engine's methods for what is sent later: each hands on to the part that knows.

Spec: docs/engine.md, section 19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.interface import Scheduled
    from restante.client.sending.later import Later


class SendingMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _later(self) -> Later:
        """Return the part. UserError: no account yet."""
        raise NotImplementedError

    async def schedule(
        self,
        conversation: str,
        text: str,
        *,
        at: str,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Scheduled:
        """See interface.Engine."""
        return await self._later().schedule(
            conversation, text, at=at, quote=quote, message_id=message_id
        )

    async def scheduled(self) -> list[Scheduled]:
        """See interface.Engine."""
        return await self._later().all()

    async def unschedule(self, message_id: str) -> None:
        """See interface.Engine."""
        await self._later().cancel(message_id)
