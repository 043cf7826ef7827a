"""The conversations, in the order of the list, and the drafts. Pure.

Rule: pinned ones first, then the newest message, blocked ones last; a space's channels stand below
it, and it moves with them; a conversation keeps its place while nothing happens in it; archived
ones are a list of their own. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from restante.client.interface import ContactState, Conversation


def is_muted(conversation: Conversation, now: datetime) -> bool:
    """Whether the user wants to hear nothing of a conversation."""
    until = conversation.muted_until
    return until is not None and datetime.fromisoformat(until) > now


class Chats:
    """All conversations by key. `now` dates those that have no message yet."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._by_key: dict[str, Conversation] = {}
        self._since_s: dict[str, float] = {}
        self._order: list[str] | None = None
        self._shown: tuple[Conversation, ...] | None = None
        """In the order of the list; None until somebody asks, which every drawn line does."""
        self._places: dict[str, int] = {}
        self.drafts: dict[str, str] = {}
        """What is written and not sent, by conversation."""
        self.thread_drafts: dict[str, str] = {}
        """What is written in threads and not sent, by the id of the first message."""
        self.kept_thread_drafts: dict[str, str] = {}
        """Of these, what the engine keeps."""
        self.typing: dict[str, list[str]] = {}
        """Who is typing now, by conversation."""
        self._shows_archived = False
        self._kept: dict[str, str] = {}
        """The drafts as the engine keeps them."""

    def replace(self, conversations: Iterable[Conversation]) -> None:
        """Take what the engine says there is."""
        self._by_key, self._order, self._shown = {}, None, None
        for conversation in conversations:
            self.update(conversation)

    def update(self, conversation: Conversation) -> None:
        """Take a new or changed conversation."""
        key = conversation.key
        if conversation.last is not None:
            self._since_s[key] = datetime.fromisoformat(conversation.last.sent_at).timestamp()
        elif key not in self._by_key:
            self._since_s[key] = self._now().timestamp()
        self._by_key[key] = conversation
        self._order = self._shown = None
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

    def every(self) -> list[Conversation]:
        """Return all, in the order of the list."""
        if self._order is None:
            self._order = self._in_tree()
        return [self._by_key[key] for key in self._order]

    def shown(self) -> tuple[Conversation, ...]:
        """Return those that the list shows now: the archived ones, or all others."""
        if self._shown is None:
            wanted = self._shows_archived
            self._shown = tuple(each for each in self.every() if each.archived is wanted)
            self._places = {each.key: at for at, each in enumerate(self._shown)}
        return self._shown

    def place_of(self, key: str | None) -> int:
        """Return where a conversation stands in the list; 0 if it isn't there."""
        self.shown()
        return self._places.get(key or "", 0)

    @property
    def shows_archived(self) -> bool:
        """Whether the list shows what was put away, instead of the others."""
        return self._shows_archived

    def toggle_archived(self) -> None:
        """Let the list show what was put away, or the others again."""
        self._shows_archived, self._shown = not self._shows_archived, None

    def archived(self) -> list[Conversation]:
        """Return those that were put away."""
        return [each for each in self._by_key.values() if each.archived]

    def next_unread(self, after: str | None) -> Conversation | None:
        """Return the next with something new, from `after` on and round; None if there is none.

        What was muted, archived or blocked is left alone.
        """
        every = self.every()
        calling = [
            (at, each)
            for at, each in enumerate(every)
            if (each.unread_count or each.marked_unread) and self.may_call(each)
        ]
        here = next((at for at, each in enumerate(every) if each.key == after), -1)
        calling.sort(key=lambda each: each[0] < here)  # those behind it first, then from the top
        return next((each for _, each in calling if each.key != after), None)

    def may_call(self, conversation: Conversation) -> bool:
        """Whether the user wants to hear of it."""
        return (
            not conversation.archived
            and not self.is_muted(conversation)
            and conversation.contact is not ContactState.BLOCKED
        )

    def is_muted(self, conversation: Conversation) -> bool:
        """Whether the user wants to hear nothing of it now."""
        return is_muted(conversation, self._now())

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

    def _in_tree(self) -> list[str]:
        """Return the keys in order: a space's channels follow it, by category, in its own order."""
        channels: dict[str, list[str]] = {}
        for key, each in self._by_key.items():
            if (space := self._space_of(each)) is not None:
                channels.setdefault(space, []).append(key)
        ranks = {
            key: min(map(self._rank, [key, *channels.get(key, ())]))
            for key, each in self._by_key.items()
            if self._space_of(each) is None
        }
        return [
            each
            for key in sorted(ranks, key=lambda each: ranks[each])
            for each in (key, *sorted(channels.get(key, ()), key=self._place_in_space))
        ]

    def _space_of(self, conversation: Conversation) -> str | None:
        """Return the space under which a channel stands, if that is in the same list."""
        space = None if conversation.group is None else conversation.group.space
        above = None if space is None else self._by_key.get(space)
        if above is None or above.archived is not conversation.archived:
            return None
        return space

    def _place_in_space(self, key: str) -> tuple[str, int, str]:
        line = self._by_key[key].group
        return ("", 0, key) if line is None else (line.category, line.position, key)

    def _rank(self, key: str) -> tuple[bool, bool, float, str]:
        conversation = self._by_key[key]
        is_blocked = conversation.contact is ContactState.BLOCKED
        return is_blocked, not conversation.pinned, -self._since_s[key], key
