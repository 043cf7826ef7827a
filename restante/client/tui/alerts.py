"""What there is to tell somebody who is looking elsewhere, and how much of it. Pure.

Rule: a sender or a text is told only if that was chosen; never of somebody who was not accepted,
and never a text that disappears, since a desktop keeps its notices. What was muted, archived or
blocked is not told. Spec: docs/tui.md, section 12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from restante.client.interface import ContactState, Conversation, Message
from restante.client.tui import alert_words

_TOLD_KINDS = frozenset({"text", "file", "location", "contact", "poll"})


class Alerts:
    """Follows how much is unread, and keeps what rose while nobody was looking."""

    def __init__(self) -> None:
        self.unread_count = 0
        """Unread messages in what may call."""
        self._unread: dict[str, int] = {}
        self._waiting: dict[str, tuple[Conversation, int]] = {}
        self._keyword: re.Pattern[str] | None = None
        self._named: dict[str, int] = {}
        """Unread messages that mention the user or hold a keyword, as far as they were heard."""

    def listen_for(self, keywords: str) -> None:
        """Take the user's keywords, with commas between; each is found as a whole word."""
        words = [re.escape(each.strip()) for each in keywords.split(",") if each.strip()]
        pattern = rf"(?<!\w)(?:{'|'.join(words)})(?!\w)"
        self._keyword = re.compile(pattern, re.IGNORECASE) if words else None

    def hear(self, message: Message) -> None:
        """Take a message that came: it may be one that calls where few do."""
        is_named = bool(message.mentions_me) or any(each.is_me for each in message.mentions)
        has_keyword = self._keyword is not None and self._keyword.search(message.body) is not None
        if not message.sender.is_me and (is_named or has_keyword):
            self._named[message.conversation] = self._named.get(message.conversation, 0) + 1

    def look(
        self,
        conversations: Iterable[Conversation],
        may_call: Callable[[Conversation], bool],
        *,
        is_away: bool,
    ) -> None:
        """Take all as they are now; what has risen and may call waits if nobody is there."""
        before, self._unread, self.unread_count = self._unread, {}, 0
        waiting, self._waiting = self._waiting, {}
        for each in conversations:
            if not each.unread_count:
                self._named.pop(each.key, None)
            count = self._unread[each.key] = self._calling(each)
            if not count or not may_call(each):
                continue  # read elsewhere, muted or put away: no news, or none any more
            self.unread_count += count
            untold = waiting[each.key][1] if each.key in waiting else 0
            untold += max(0, count - before.get(each.key, 0))
            if untold and is_away:
                self._waiting[each.key] = each, min(untold, count)

    def _calling(self, conversation: Conversation) -> int:
        """Return how many unread messages of a conversation call."""
        if conversation.alerts == "all":
            return conversation.unread_count
        if conversation.alerts == "none":
            return 0
        named = max(conversation.unread_mentions, self._named.get(conversation.key, 0))
        return min(conversation.unread_count, named)

    @property
    def has_news(self) -> bool:
        """Whether something waits to be told."""
        return bool(self._waiting)

    def forget(self) -> None:
        """Let what waits go untold."""
        self._waiting.clear()

    def take(self, shows: str) -> str:
        """Return the sentence for what waits, once; `shows` is nothing, sender or text."""
        waiting, self._waiting = list(self._waiting.values()), {}
        count = sum(risen for _, risen in waiting)
        if len(waiting) != 1 or shows == "nothing":
            return alert_words.news(count, len(waiting))
        conversation = waiting[0][0]
        if conversation.contact is not ContactState.ACCEPTED:
            return alert_words.news(count, 1)
        last = conversation.last
        may_say_text = (
            shows == "text"
            and last is not None
            and not last.sender.is_me
            and last.kind in _TOLD_KINDS
            and last.body.strip()
            and not (last.timer_s or conversation.timer_s)
        )
        if last is None or not may_say_text:
            return alert_words.news_from(count, conversation.title)
        is_group = conversation.group is not None
        return alert_words.said(last.sender.name if is_group else conversation.title, last.body)
