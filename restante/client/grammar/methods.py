"""The engine's methods that belong to this package: each hands on to the part that knows.

Rule: nothing but names and ids read from the interface's words. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.grammar.sharing import place_of
from restante.client.named import account_of, conversation_of, message_of

if TYPE_CHECKING:
    from restante.client.grammar.parts import Grammar
    from restante.client.interface import Contact, Conversation, Message, Version


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
        return await self._grammar().changing.pinned(conversation_of(conversation))

    async def send_location(
        self,
        conversation: str,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        label: str = "",
        live_s: int = 0,
        message_id: str | None = None,
    ) -> Message:
        """See interface.Engine."""
        return await self._grammar().sharing.send_location(
            conversation_of(conversation),
            place_of(latitude, longitude, accuracy_m=accuracy_m, label=label),
            live_s=live_s,
            message_id=None if message_id is None else message_of(message_id),
        )

    async def move_location(
        self,
        message_id: str,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        ends: bool = False,
    ) -> Message:
        """See interface.Engine."""
        place = place_of(latitude, longitude, accuracy_m=accuracy_m, label="")
        return await self._grammar().sharing.move_location(message_of(message_id), place, ends=ends)

    async def send_poll(
        self,
        conversation: str,
        *,
        question: str,
        options: list[str],
        multiple: bool = False,
        closes_at: str | None = None,
        message_id: str | None = None,
    ) -> Message:
        """See interface.Polling."""
        return await self._grammar().polls.send(
            conversation_of(conversation),
            question,
            options,
            is_multiple=multiple,
            closes_at=closes_at,
            message_id=None if message_id is None else message_of(message_id),
        )

    async def vote(self, message_id: str, choices: list[int]) -> Message:
        """See interface.Polling."""
        return await self._grammar().polls.vote(message_of(message_id), choices)

    async def close_poll(self, message_id: str) -> Message:
        """See interface.Polling."""
        return await self._grammar().polls.close(message_of(message_id))

    async def send_contact(
        self, conversation: str, *, contact: str, message_id: str | None = None
    ) -> Message:
        """See interface.Engine."""
        return await self._grammar().sharing.send_contact(
            conversation_of(conversation),
            account_of(contact),
            message_id=None if message_id is None else message_of(message_id),
        )

    async def add_card(self, message_id: str, *, petname: str | None = None) -> Contact:
        """See interface.Engine."""
        return await self._grammar().sharing.add_card(message_of(message_id), petname=petname)

    async def set_timer(self, conversation: str, *, timer_s: int) -> Conversation:
        """See interface.Engine."""
        return await self._grammar().sharing.set_timer(conversation_of(conversation), timer_s)

    async def typing(self, conversation: str, *, is_typing: bool) -> None:
        """See interface.Engine."""
        await self._grammar().signals.typing(conversation_of(conversation), is_typing=is_typing)
