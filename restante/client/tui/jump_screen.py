"""Labels over everything one can go to: a letter goes there. Returns where.

Rule: only what is in sight has a label. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from restante.client.tui.text_line import Line
from restante.values import dataclass

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something in sight, at a cell of the screen; `go` is an action of the main screen."""

    x: int
    y: int
    go: str


def labels(count: int) -> list[str]:
    """Return that many labels, one letter each, or two where the letters don't suffice."""
    if count <= len(LETTERS):
        return list(LETTERS[:count])
    return ["".join(pair) for pair in product(LETTERS, repeat=2)][:count]


class JumpScreen(ModalScreen[str | None]):
    """Returns the action of the chosen target."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", key_display="Esc", id="jump.leave"),
    ]

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._by_label = dict(zip(labels(len(targets)), targets, strict=True))
        self._typed = ""

    def compose(self) -> ComposeResult:
        """One label on each."""
        for label, target in self._by_label.items():
            line = Line(f" {label} ", classes="jump")
            line.styles.offset = (max(0, target.x), max(0, target.y))
            yield line

    def action_leave(self) -> None:
        """Go nowhere."""
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """Take a letter."""
        if event.key == "escape":
            return
        event.stop()
        self._typed += event.character or ""
        target = self._by_label.get(self._typed)
        if target is not None:
            self.dismiss(target.go)
        elif not any(label.startswith(self._typed) for label in self._by_label):
            self.dismiss(None)
