"""The code to show and the number to compare.

Rule: what is compared is shown large and alone, and nothing is marked without a key for it.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.screen import ModalScreen

from restante.client.language import _
from restante.client.tui import contact_words, words
from restante.client.tui.code_picture import CodePicture
from restante.client.tui.dialog import key_line, text
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line


class MyCodeScreen(ModalScreen[None]):
    """The user's own code: 21 lines of picture, the link, the keys. Fits 80x24."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close", key_display="Esc", id="code.leave"),
        Binding("c,y", "copy", "Copy", id="code.copy"),
    ]

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._code: str | None = None

    def compose(self) -> ComposeResult:
        """What it is for, the picture, the link."""
        with Vertical(id="my-code"):
            yield text(contact_words.MY_CODE_TEXT, classes="code-text")
            with Center():
                yield CodePicture(self._stage)
            yield text("", classes="code-link")
            yield Line(
                key_line(
                    (("c", _("Copy link"), "screen.copy"), ("Esc", _("Close"), "screen.leave"))
                ),
                classes="code-keys",
            )

    @on(CodePicture.Known)
    def _known(self, event: CodePicture.Known) -> None:
        self._code = event.code
        self.query_one(".code-link", Line).update(Content.styled(event.code, "bold"))

    def action_copy(self) -> None:
        """Put the link on the clipboard."""
        if self._code is not None:
            self.app.copy_to_clipboard(self._code)
            self.notify(words.COPIED, markup=False, timeout=2)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
