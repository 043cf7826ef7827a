"""The engine's methods that belong to this package: each hands on to the part that knows.

Rule: nothing but names and ids read from the interface's words. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.named import account_of, message_of

if TYPE_CHECKING:
    from restante.client.grammar.parts import Grammar
    from restante.client.interface import Message, Version


class GrammarMethods:
    """What `LocalEngine` inherits; it says where the parts are."""

    def _grammar(self) -> Grammar:
        """Return the parts. UserError: no account yet."""
        raise NotImplementedError

    async def edit(self, message_id: str, text: str) -> Message:
        """See interface.Engine."""
        return await self._grammar().changing.edit(message_of(message_id), text)

    async def delete(self, message_id: str, *, for_everyone: bool) -> None:
        """See interface.Engine."""
        await self._grammar().changing.delete(message_of(message_id), for_everyone=for_everyone)

    async def react(self, message_id: str, emoji: str) -> Message:
        """See interface.Engine."""
        return await self._grammar().changing.react(message_of(message_id), emoji)

    async def pin(self, message_id: str, *, pinned: bool) -> Message:
        """See interface.Engine."""
        return await self._grammar().changing.pin(message_of(message_id), pinned=pinned)

    async def edits(self, message_id: str) -> list[Version]:
        """See interface.Engine."""
        return await self._grammar().changing.edits(message_of(message_id))

    async def pinned(self, conversation: str) -> list[Message]:
        """See interface.Engine."""
        return await self._grammar().changing.pinned(account_of(conversation))
