"""The conversations, in the order of the list, and the drafts. Pure.

Rule: the newest message first, blocked ones last; a conversation keeps its place while nothing
happens in it. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from restante.client.interface import ContactState, Conversation


class Chats:
    """All conversations by key. `now` dates those that have no message yet."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._by_key: dict[str, Conversation] = {}
        self._since: dict[str, datetime] = {}
        self._order: list[str] | None = None
        self.drafts: dict[str, str] = {}
        """What is written and not sent, by conversation."""
        self._kept: dict[str, str] = {}
        """The drafts as the engine keeps them."""

    def replace(self, conversations: Iterable[Conversation]) -> None:
        """Take what the engine says there is."""
        self._by_key = {}
        for conversation in conversations:
            self.update(conversation)

    def update(self, conversation: Conversation) -> None:
        """Take a new or changed conversation."""
        key = conversation.key
        if conversation.last is not None:
            self._since[key] = datetime.fromisoformat(conversation.last.sent_at)
        elif key not in self._by_key:
            self._since[key] = self._now()
        self._by_key[key] = conversation
        self._order = None
        if conversation.draft != self._kept.get(key, ""):  # also from another device
            self._kept[key] = self.drafts[key] = conversation.draft

    def unkept_draft(self, key: str) -> str | None:
        """Return a draft that the engine doesn't keep yet, once; empty: it is to be forgotten."""
        draft = self.drafts.get(key, "")
        if draft == self._kept.get(key, ""):
            return None
        self._kept[key] = draft
        return draft

    def get(self, key: str | None) -> Conversation | None:
        """Return a conversation."""
        return None if key is None else self._by_key.get(key)

    def ordered(self) -> list[Conversation]:
        """Return all, in the order of the list."""
        if self._order is None:
            self._order = sorted(self._by_key, key=self._rank)
        return [self._by_key[key] for key in self._order]

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def unread_count(self) -> int:
        """Unread messages in all conversations that aren't blocked."""
        return sum(
            conversation.unread_count
            for conversation in self._by_key.values()
            if conversation.contact is not ContactState.BLOCKED
        )

    def _rank(self, key: str) -> tuple[bool, float, str]:
        is_blocked = self._by_key[key].contact is ContactState.BLOCKED
        return is_blocked, -self._since[key].timestamp(), key
