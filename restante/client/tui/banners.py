"""What matters above the messages: a lost connection, a changed key, somebody who asks.

Rule: only what the reader should act on; each says what happened, what it means, what to do.
Knows no engine. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.events import Resize
from textual.widget import Widget

from restante.client.hearing import heard
from restante.client.interface import ConnectionPhase, ContactState, Conversation, Status, Trust
from restante.client.language import _
from restante.client.tui import account_words, contact_words, group_words, words
from restante.client.tui.clean import clean_line
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line, banner_text
from restante.client.tui.wrap import shorten

Tone = Literal["warning", "danger", "note"]
Action = tuple[str, str, str]
"""Key, label, action of the screen."""

MAX_NAME = 32
"""Cells of a name in a sentence: one may be as long as its owner likes."""

PADDING = 3
"""Cells left and right of the text together."""


class Banner(Line):
    """One banner; empty, it takes no room."""

    def __init__(self, stage: Stage, *, id: str) -> None:  # Textual's name for it
        super().__init__(id=id, classes="banner")
        self._stage = stage
        self._sentence = ""
        self._actions: list[Action] = []

    def say(self, sentence: str, actions: list[Action], tone: Tone) -> None:
        """Show a sentence and what can be done."""
        if (sentence, actions) == (self._sentence, self._actions):
            return
        self._sentence, self._actions = sentence, actions
        for name in ("warning", "danger", "note"):
            self.set_class(name == tone, f"-{name}")
        self.display = True
        self.draw()

    def hush(self) -> None:
        """Show nothing."""
        self._sentence, self._actions = "", []
        self.display = False

    def on_mount(self) -> None:
        """Begin empty."""
        self.display = bool(self._sentence)

    def on_resize(self, _event: Resize) -> None:
        """Break the lines anew."""
        # After the layout that this is a part of, which would else keep the height of before.
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw it as things stand."""
        # Before it was shown it has no width of its own, but it will be that of its parent.
        parent = self.parent
        outer = parent.size.width - PADDING if isinstance(parent, Widget) else 0
        width = self.content_size.width or outer
        actions = [
            (self._stage.key_of("command_palette" if key == "^p" else action, key), label, action)
            for key, label, action in self._actions
        ]
        self.update(banner_text(self._sentence, actions, width) if width > 0 else Content())


def say_connection(banner: Banner, status: Status, *, was_there: bool) -> None:
    """The banner of a connection that is away for longer; `was_there`: nobody tried in vain yet."""
    error = clean_line(heard(status.error)) if status.error else None
    relay = clean_line((status.address or "").rpartition("@")[2])
    if was_there and relay and status.phase is ConnectionPhase.CONNECTING:
        banner.say(words.still_connecting(relay, status.outbox_count), [], "warning")
        return
    banner.say(
        words.offline(status.outbox_count, error), [("^r", _("Retry"), "screen.retry")], "warning"
    )


def say_ended(banner: Banner, error: str) -> None:
    """The banner of a device that is none of the account's any more: what the engine says of it."""
    banner.say(clean_line(heard(error)), [], "danger")


def say_recovery(banner: Banner) -> None:
    """The banner of a recovery kit that nobody has written down."""
    banner.say(
        account_words.RECOVERY_BANNER,
        [("^p", account_words.RECOVERY_SHOW, "screen.recovery")],
        "note",
    )


def say_history(banner: Banner) -> None:
    """The banner of a history that didn't come whole."""
    banner.say(
        account_words.HISTORY_BANNER,
        [("^p", account_words.HISTORY_SHOW, "screen.history")],
        "warning",
    )


def say_contact(banner: Banner, conversation: Conversation | None) -> None:
    """The banner of a conversation whose contact needs a decision, or none."""
    if conversation is None:
        banner.hush()
        return
    name = shorten(clean_line(conversation.title), MAX_NAME, ellipsis="…")
    if conversation.contact is ContactState.BLOCKED:
        banner.say(contact_words.blocked(name), [("a", _("Unblock"), "screen.accept")], "note")
    elif conversation.trust is Trust.CHANGED:
        actions = [
            ("v", _("Verify"), "screen.verify"),
            ("a", _("Accept"), "screen.accept"),
            ("?", _("Why"), "screen.why"),
        ]
        banner.say(contact_words.key_changed(name), actions, "danger")
    elif conversation.contact is ContactState.REQUEST:
        refuse = contact_words.INFO_BLOCK if conversation.group is None else words.INFO_LEAVE
        actions = [("a", _("Accept"), "screen.accept"), ("b", refuse, "screen.block")]
        is_group = conversation.group is not None
        says = group_words.request(name) if is_group else contact_words.request(name)
        banner.say(says, actions, "note")
    elif conversation.contact is ContactState.PENDING:
        banner.say(contact_words.pending(name), [], "note")
    else:
        banner.hush()
