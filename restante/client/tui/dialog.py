"""What all dialogs share: a box in the middle, a title, Esc to leave.

Rule: a dialog returns what was chosen, or None; the screen below acts. Spec: docs/tui.md,
section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from restante.client.language import _
from restante.client.tui.keymap import spelled
from restante.client.tui.text_line import Line, clickable, hint

T = TypeVar("T")

REST_ROWS: Final = 11
"""Of a dialog with a list: as below, and a sentence of two lines under it."""

FRAME_ROWS: Final = 8
"""Of a dialog that holds one text: border, padding, title, keys, and the space between."""


class Dialog(ModalScreen[T | None]):
    """A titled box; `body` fills it, `hints` are its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", key_display="Esc", id="dialog.leave"),
    ]

    title_text = ""
    hints: tuple[tuple[str, str, str], ...] = (("Esc", _("Close"), "screen.leave"),)

    def compose(self) -> ComposeResult:
        """Title, body, keys."""
        with Vertical(classes="dialog"):
            yield Line(Content.styled(self.title_text, "bold"), classes="dialog-title")
            yield from self.body()
            yield Line(key_line(self._hints_in_force()), classes="dialog-hints")

    def body(self) -> list[Widget]:
        """The widgets between title and keys."""
        return []

    def _hints_in_force(self) -> list[tuple[str, str, str]]:
        """Return the hints with the keys that work now, where a binding has another than usual."""
        changed: dict[str, str] = getattr(self.app, "changed_keys", {})
        bound = {
            each.action: changed[each.id]
            for one in reversed(type(self).__mro__)
            for each in vars(one).get("BINDINGS", ())
            if isinstance(each, Binding) and each.id in changed
        }
        return [
            (spelled(bound.get(action.rpartition(".")[2], "")) or key, label, action)
            for key, label, action in self.hints
        ]

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)


def key_line(hints: Iterable[tuple[str, str, str]]) -> Content:
    """Return keys with what they do (key, label, action), each to be clicked as well."""
    parts = [
        clickable(hint(key, label), action).stylize("bold $warning", 0, len(key))
        for key, label, action in hints
    ]
    return Content("   ").join(parts)


class Field(Input):
    """A line to type in, whose cursor stands still."""

    def __init__(
        self,
        placeholder: str = "",
        *,
        value: str = "",
        id: str | None = None,  # Textual's name for it
    ) -> None:
        super().__init__(value=value, placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False


def text(content: str | Content, *, classes: str = "dialog-text", id: str | None = None) -> Line:
    """Return a text that is never parsed as markup."""
    return Line(Content(content) if isinstance(content, str) else content, classes=classes, id=id)


class TextDialog(Dialog[None]):
    """Something to read."""

    def __init__(self, title: str, content: str | Content) -> None:
        super().__init__()
        self.title_text = title
        self._scroll = VerticalScroll(text(content), classes="dialog-scroll")

    def body(self) -> list[Widget]:
        """The text, scrolling if it must."""
        return [self._scroll]

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the frame, the title and the keys."""
        self._scroll.styles.max_height = max(3, event.size.height * 94 // 100 - FRAME_ROWS)


class ConfirmDialog(Dialog[bool]):
    """Something that `y` confirms."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "Yes", id="dialog.confirm"),
        Binding("n", "leave", "No", show=False, id="dialog.refuse"),
    ]
    hints = (("y", _("Yes"), "screen.confirm"), ("n", _("No"), "screen.leave"))

    def __init__(self, title: str, content: str) -> None:
        super().__init__()
        self.title_text = title
        self._content = content

    def body(self) -> list[Widget]:
        """The text."""
        return [text(self._content)]

    def action_confirm(self) -> None:
        """Return True."""
        self.dismiss(True)


class LineDialog(Dialog[str]):
    """A line to type. `must_be`: only this word is taken."""

    hints = (("Enter", _("OK"), "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(
        self,
        title: str,
        content: str,
        *,
        value: str = "",
        placeholder: str = "",
        must_be: str | None = None,
    ) -> None:
        super().__init__()
        self.title_text = title
        self._content = content
        self._must_be = must_be
        self._input = Field(placeholder, value=value)

    def body(self) -> list[Widget]:
        """The text and the line."""
        return [text(self._content), self._input]

    def on_mount(self) -> None:
        """Ready to type."""
        self._input.focus()

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Return the line, if it will do."""
        value = self._input.value.strip()
        if self._must_be is not None and value.lower() != self._must_be:
            self._input.add_class("-refused")
            return
        self.dismiss(value)
