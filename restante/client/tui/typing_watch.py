"""Who is typing: the other side as it says, and what of one's own typing is told.

Rule: it is told at most every few seconds, and only that something is typed; what the other side
says is forgotten if it isn't said again. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.message_pump import MessagePump
from textual.timer import Timer

FORGET_S = 10.0
TELL_EVERY_S = 5.0


class TypingWatch:
    """`tell` says whether one types oneself, `show` who else does in a conversation."""

    def __init__(
        self,
        owner: MessagePump,
        *,
        tell: Callable[[str, bool], None],
        show: Callable[[str, list[str]], None],
        now_s: Callable[[], float],
    ) -> None:
        self._owner = owner
        self._tell, self._show, self._now_s = tell, show, now_s
        self._forget: dict[str, dict[str, Timer]] = {}
        self._told: tuple[str, float] | None = None

    def theirs(self, conversation: str, *, is_typing: bool, name: str = "") -> None:
        """Take what somebody in a conversation says; `name` is who."""
        here = self._forget.setdefault(conversation, {})
        timer = here.get(name)
        if timer is not None:
            timer.stop()
        if is_typing:
            forget = partial(self.theirs, conversation, is_typing=False, name=name)
            here[name] = self._owner.set_timer(FORGET_S, forget)
        else:
            here.pop(name, None)
        self._show(conversation, list(here))

    def ours(self, conversation: str, text: str) -> None:
        """Take what the box holds."""
        if not text.strip():
            self.stop()
        elif self._told is None or self._told[0] != conversation or self._is_due(self._told[1]):
            self._told = (conversation, self._now_s())
            self._tell(conversation, True)

    def stop(self) -> None:
        """One isn't typing any more."""
        told, self._told = self._told, None
        if told is not None:
            self._tell(told[0], False)

    def _is_due(self, told_at_s: float) -> bool:
        return self._now_s() - told_at_s >= TELL_EVERY_S
