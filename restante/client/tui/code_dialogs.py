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
from textual.widget import Widget

from restante.client.interface import Conversation, SafetyNumber, Trust
from restante.client.tui import words
from restante.client.tui.bars import TRUST_STYLES, trust_glyph
from restante.client.tui.clean import clean_line
from restante.client.tui.code_picture import CodePicture
from restante.client.tui.dialog import Dialog, key_line, text
from restante.client.tui.info_pane import digit_rows
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
            yield text(words.MY_CODE_TEXT, classes="code-text")
            with Center():
                yield CodePicture(self._stage)
            yield text("", classes="code-link")
            yield Line(
                key_line((("c", "Copy link", "screen.copy"), ("Esc", "Close", "screen.leave"))),
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


class SafetyNumberDialog(Dialog[bool]):
    """The number to compare with the other person; returns whether it was the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "settle(True)", "They match", id="safety.match"),
        Binding("u", "settle(False)", "Not verified", id="safety.differ"),
    ]
    title_text = words.SAFETY_TITLE

    def __init__(self, stage: Stage, conversation: Conversation, number: SafetyNumber) -> None:
        super().__init__()
        self._glyphs = stage.glyphs
        self._peer = clean_line(conversation.title)
        self._trust = conversation.trust
        self._number = number
        settle = (
            ("u", words.SAFETY_TAKE_BACK, "screen.settle(False)")
            if self._trust is Trust.VERIFIED
            else ("v", words.SAFETY_MATCH, "screen.settle(True)")
        )
        self.hints = (settle, ("Esc", "Close", "screen.leave"))

    def body(self) -> list[Widget]:
        """How to compare, the number, what is known so far."""
        state = f"{trust_glyph(self._trust, self._glyphs)} {words.TRUST[self._trust].capitalize()}"
        return [
            text(words.safety_text(self._peer)),
            text(
                Content.styled("\n".join(digit_rows(self._number.digits, 4)), "bold"),
                classes="dialog-digits",
            ),
            text(Content.styled(state, TRUST_STYLES[self._trust])),
        ]

    def action_settle(self, is_same: bool) -> None:
        """Return what came out of the comparison; only what is offered does something."""
        if is_same is not (self._trust is Trust.VERIFIED):
            self.dismiss(is_same)
