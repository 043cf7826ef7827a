"""The box one writes in: Enter sends, ^J or Shift+Enter begins a line, Up leaves it at the top.

Rule: nothing typed is lost; what could not be sent comes back. Knows no engine.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message as Posted
from textual.widgets import TextArea

from restante.client.interface import Message
from restante.client.tui import words
from restante.client.tui.clean import clean_line
from restante.client.tui.completion import Begun, Offer, begun
from restante.client.tui.completions import Completions
from restante.client.tui.markup import in_one_line
from restante.client.tui.pasted import is_long, may_be_paths
from restante.client.tui.wrap import shorten
from restante.values import dataclass

_NEW_LINE_KEYS = frozenset({"ctrl+j", "shift+enter", "alt+enter", "ctrl+enter"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a text is written for: a message of its own, an answer, or an edit."""

    answers: Message | None = None
    edits: Message | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is neither answer nor edit."""
        return self.answers is None and self.edits is None


PLAIN = Purpose()


class ComposeBox(TextArea):
    """A text area of one to six lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", show=False, id="compose.send"),
        Binding("ctrl+j", "new_line", "New line", show=False, id="compose.new_line"),
        Binding("ctrl+up", "to_messages", "To the messages", show=False, id="compose.to_messages"),
        Binding("ctrl+s", "later", "Send later", show=False, id="compose.later"),
        Binding("ctrl+v", "paste_picture", "Paste a picture", show=False, id="compose.paste"),
        Binding("alt+e", "editor", "In your editor (^x ^e)", show=False, id="compose.editor"),
    ]

    @dataclass
    class Sent(Posted):
        """The user wants this text sent."""

        text: str
        purpose: Purpose

    class LeftUp(Posted):
        """The cursor went up past the first line."""

    class EmptyUp(Posted):
        """The cursor went up in an empty box: the last message is to be edited."""

    @dataclass
    class Pasted(Posted):
        """A text was pasted that may be files, or is long: it isn't in the box yet."""

        text: str

    class Later(Posted):
        """The user wants this text sent at a time."""

    class Outside(Posted):
        """The user wants to write in an editor of their own."""

    @dataclass
    class Commanded(Posted):
        """A command was chosen in the box; `action` runs it."""

        action: str

    def __init__(self, *, id: str = "compose") -> None:  # Textual's name for it
        super().__init__(
            id=id,
            classes="compose",
            soft_wrap=True,
            show_line_numbers=False,
            highlight_cursor_line=False,
            tab_behavior="focus",
            compact=True,
        )
        self.purpose = PLAIN
        self.completions = Completions()
        self._is_chord = False
        self._typing = ""
        self._state = "", False
        self.cursor_blink = False  # calm, and nothing wakes an idle machine

    async def _on_key(self, event: events.Key) -> None:
        was_chord, self._is_chord = self._is_chord, False
        if self._complete_by(event.key) or self._chord_by(event.key, was_chord):
            event.stop()
            event.prevent_default()
        elif event.key in self._keys_of("compose.send", "enter"):
            event.stop()
            event.prevent_default()
            self.action_send()
        elif event.key in {*_NEW_LINE_KEYS, *self._keys_of("compose.new_line", "ctrl+j")}:
            event.stop()
            event.prevent_default()
            self.action_new_line()

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.take_pasted(event.text)

    def take_pasted(self, text: str) -> None:
        """Write a text that was pasted, or ask what it is."""
        if self.disabled:
            return
        if may_be_paths(text) or is_long(text):
            self.post_message(self.Pasted(text))
        else:
            self.put(text)

    def put(self, text: str) -> None:
        """Write a text where the cursor is, in the place of what is selected."""
        done = self._replace_via_keyboard(text, *self.selection)
        if done is not None:
            self.move_cursor(done.end_location)
        self.focus()

    def _keys_of(self, binding: str, usual: str) -> list[str]:
        """Return a binding's keys, of those that a text area would take before it."""
        changed: dict[str, str] = getattr(self.app, "changed_keys", {})
        return changed.get(binding, usual).split(",")

    def _complete_by(self, key: str) -> bool:
        """Let a key work in what is offered; return whether it did."""
        offers = self.completions
        if not offers.is_open or key not in {"up", "down", "tab", "enter", "escape"}:
            return False
        if key in {"up", "down"}:
            offers.step(1 if key == "down" else -1)
        elif key == "escape":
            offers.close()
        else:
            self.take(offers.chosen)
        return True

    def take(self, offer: Offer | None) -> None:
        """Write what was offered in the place of what was begun, or run it."""
        begun = self.completions.begun
        self.completions.close()
        if offer is None or begun is None:
            return
        row, column = self.cursor_location
        self._replace_via_keyboard(offer.text, (row, begun.column), (row, column))
        if offer.action:
            self.post_message(self.Commanded(offer.action))

    def _chord_by(self, key: str, was_chord: bool) -> bool:
        """^x^e, as in a shell: the first key waits for the second, unless it has a text to cut."""
        if key == "ctrl+x" and not self.selected_text:
            self._is_chord = True
            return True
        if was_chord and key == "ctrl+e":
            self.action_editor()
            return True
        return False

    def action_editor(self) -> None:
        """Write in an editor of one's own."""
        self.post_message(self.Outside())

    def action_paste_picture(self) -> None:
        """Take a picture out of the clipboard, or what was cut here."""
        self.post_message(self.Commanded("screen.paste_picture"))

    def begun(self) -> Begun | None:
        """Return what was begun right before the cursor."""
        row, column = self.cursor_location
        if not self.selection.is_empty:
            return None
        return begun(self.document.get_line(row)[:column], is_first_line=row == 0)

    def action_send(self) -> None:
        """Send what is written, if anything is."""
        if self.text.strip():
            sent = self.Sent(self.text, self.purpose)
            # At once: the next keys are in the queue already, and are another message.
            self.text = ""
            self.write_for(PLAIN)
            self.post_message(sent)

    def action_to_messages(self) -> None:
        """Leave an answer or an edit, else the box."""
        if self.purpose.is_plain:
            self.post_message(self.LeftUp())
        else:
            self.post_message(self.Commanded("screen.back"))

    def action_later(self) -> None:
        """Send what is written at a time."""
        self.post_message(self.Later())

    def action_new_line(self) -> None:
        """Begin a line."""
        start, end = self.selection
        self._replace_via_keyboard("\n", start, end)

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up, out of the box at its first line."""
        row = self.wrapped_document.location_to_offset(self.cursor_location).y
        if row == 0 and not select:
            is_idle = not self.text and self.purpose.is_plain
            self.post_message(self.EmptyUp() if is_idle else self.LeftUp())
        else:
            super().action_cursor_up(select)

    def say_typing(self, sentence: str) -> None:
        """Say above the box who is typing; an empty sentence: nobody."""
        if sentence != self._typing:
            self._typing = sentence
            self.write_for(self.purpose)

    def write_for(self, purpose: Purpose) -> None:
        """Say above the box whether it holds an answer or an edit, else who is typing."""
        self.purpose = purpose
        title = self._typing
        if purpose.edits is not None:
            title = words.EDITING
        elif (answered := purpose.answers) is not None:
            name = words.YOU if answered.sender.is_me else clean_line(answered.sender.name)
            title = words.answering(name, in_one_line(answered.body[:256]))
            title = shorten(title, max(self.size.width - 2, 10), ellipsis="…")
        self.border_title = Content(title)

    def set_state(self, placeholder: str, *, is_open: bool) -> None:
        """Say what the box is for, and whether it takes text."""
        if (placeholder, is_open) == self._state:
            return
        self._state = placeholder, is_open
        # As Content: a plain string would be parsed as markup, and names are in it.
        self.placeholder = Content(placeholder)
        self.disabled = not is_open
        self.border_subtitle = words.COMPOSE_HINT if is_open else ""
