"""The engine's methods for finding messages: each hands on to the part that knows.

Spec: docs/engine.md, section 21.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.finding.finder import Finder
    from restante.client.interface import Message, Thread


class FindingMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _finder(self) -> Finder:
        """Return the part. UserError: no account yet."""
        raise NotImplementedError

    async def search(
        self,
        words: str = "",
        *,
        conversation: str | None = None,
        sender: str | None = None,
        since: str | None = None,
        before: str | None = None,
        type: str | None = None,  # noqa: A002  # the interface's name
        past: str | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """See interface.Engine."""
        return await self._finder().search(
            words,
            conversation=conversation,
            sender=sender,
            since=since,
            before=before,
            type=type,
            past=past,
            limit=limit,
        )

    async def mentions(
        self, *, unread: bool, past: str | None = None, limit: int = 50
    ) -> list[Message]:
        """See interface.Engine."""
        return await self._finder().mentions(unread=unread, past=past, limit=limit)

    async def thread(self, message_id: str, *, start: int = 0, count: int = 512) -> Thread:
        """See interface.Engine."""
        return await self._finder().thread(message_id, start=start, count=count)

    async def position_at(self, conversation: str, *, at: str) -> int:
        """See interface.Engine."""
        return await self._finder().position_at(conversation, at=at)
