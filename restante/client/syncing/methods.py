"""The engine's methods that belong to this package: each hands on to the part that knows.

Rule: nothing but names, ids and times read from the interface's words. Spec: docs/engine.md,
section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.clock import read_rfc3339
from restante.client.named import conversation_of, message_of
from restante.errors import UserError

if TYPE_CHECKING:
    from restante.client.interface import Conversation
    from restante.client.syncing.choices import Choices


class SyncingMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _choices(self) -> Choices:
        """Return the part. UserError: no account yet."""
        raise NotImplementedError

    async def set_muted(self, conversation: str, *, until: str | None) -> Conversation:
        """See interface.Engine."""
        try:
            until_ms = None if until is None else read_rfc3339(until)
        except ValueError:
            raise UserError("A time is written like 2026-02-03T04:05:06Z.") from None
        return await self._choices().mute(conversation_of(conversation), until_ms)

    async def set_alerts(self, conversation: str, *, level: str) -> Conversation:
        """See interface.Engine."""
        return await self._choices().choose_alerts(conversation_of(conversation), level)

    async def set_chat_pinned(self, conversation: str, *, pinned: bool) -> Conversation:
        """See interface.Engine."""
        return await self._choices().pin_chat(conversation_of(conversation), pinned=pinned)

    async def set_archived(self, conversation: str, *, archived: bool) -> Conversation:
        """See interface.Engine."""
        return await self._choices().archive(conversation_of(conversation), archived=archived)

    async def mark_unread(self, conversation: str) -> Conversation:
        """See interface.Engine."""
        return await self._choices().mark_unread(conversation_of(conversation))

    async def set_draft(
        self, conversation: str, text: str, *, thread: str | None = None
    ) -> Conversation:
        """See interface.Engine."""
        first = None if thread is None else message_of(thread)
        return await self._choices().keep_draft(conversation_of(conversation), text, thread=first)

    async def settings(self, conversation: str | None = None) -> dict[str, str]:
        """See interface.Engine."""
        key = None if conversation is None else conversation_of(conversation)
        return await self._choices().settings(key)

    async def set_setting(
        self, name: str, value: str, *, conversation: str | None = None
    ) -> dict[str, str]:
        """See interface.Engine."""
        key = None if conversation is None else conversation_of(conversation)
        return await self._choices().set_setting(name, value, key)
