"""The engine's methods for consumers: each hands on to the part that knows.

Spec: docs/engine.md, section 20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.consuming.consumers import Consumers
    from restante.client.interface import Consumer, DeadLetter, Received


class ConsumingMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _consumers(self) -> Consumers:
        """Return the part. UserError: no account yet."""
        raise NotImplementedError

    async def consume(
        self,
        consumer: str,
        *,
        limit: int = 256,
        after: int | None = None,
        since: str | None = None,
        conversation: str | None = None,
    ) -> list[Received]:
        """See interface.Engine."""
        return await self._consumers().consume(
            consumer, limit=limit, after=after, since=since, conversation=conversation
        )

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        """See interface.Engine."""
        await self._consumers().acknowledge(consumer, up_to=cursor)

    async def consumers(self) -> list[Consumer]:
        """See interface.Engine."""
        return await self._consumers().all()

    async def consumer_forget(self, consumer: str) -> None:
        """See interface.Engine."""
        await self._consumers().forget(consumer)

    async def dead_letter(self, consumer: str, *, cursor: int, error: str) -> None:
        """See interface.Engine."""
        await self._consumers().bury(consumer, at=cursor, error=error)

    async def dead_letters(self) -> list[DeadLetter]:
        """See interface.Engine."""
        return await self._consumers().dead()

    async def dead_letter_drop(self, consumer: str, *, cursor: int) -> None:
        """See interface.Engine."""
        await self._consumers().take_off(consumer, at=cursor)
