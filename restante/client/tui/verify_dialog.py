"""Making sure of a person: by reading the number, by a picture of it, or by typing theirs.

Rule: nothing is marked without a key for it, and a number that differs is never waved through.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from restante.client.interface import Conversation, SafetyNumber, Trust
from restante.client.language import _
from restante.client.qr import qr_lines
from restante.client.tui import contact_words, verify_words
from restante.client.tui.bars import TRUST_STYLES, trust_glyph
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, Field, TextDialog, key_line, text
from restante.client.tui.info_pane import digit_rows
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line
from restante.errors import RestanteError


class SafetyNumberDialog(Dialog[str]):
    """The number to compare with the other person; returns the one that was the same.

    Empty: it is not verified any more.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "settle(True)", "They match", id="safety.match"),
        Binding("u", "settle(False)", "Not verified", id="safety.take_back"),
        Binding("x", "differ", "They differ", id="safety.differ"),
        Binding("q", "picture", "Picture", id="safety.picture"),
        Binding("t", "type", "Type theirs", id="safety.type"),
    ]
    title_text = verify_words.SAFETY_TITLE

    def __init__(self, stage: Stage, conversation: Conversation, number: SafetyNumber) -> None:
        super().__init__()
        self._stage = stage
        self._key = conversation.key
        self._peer = clean_line(conversation.title)
        self._trust = conversation.trust
        self._number = number
        settle: tuple[tuple[str, str, str], ...] = (
            ("v", verify_words.SAFETY_MATCH, "screen.settle(True)"),
            ("x", verify_words.SAFETY_DIFFER, "screen.differ"),
        )
        if self._trust is Trust.VERIFIED:
            settle = (("u", verify_words.SAFETY_TAKE_BACK, "screen.settle(False)"),)
        ways = (
            ("q", verify_words.SAFETY_PICTURE, "screen.picture"),
            ("t", verify_words.SAFETY_TYPE, "screen.type"),
        )
        self.hints = (*settle, *ways, ("Esc", _("Close"), "screen.leave"))

    def body(self) -> list[Widget]:
        """How to compare, the number, what is known so far."""
        sign = trust_glyph(self._trust, self._stage.glyphs)
        state = f"{sign} {contact_words.TRUST[self._trust].capitalize()}"
        return [
            text(verify_words.safety_text(self._peer)),
            text(
                Content.styled("\n".join(digit_rows(self._number.digits, 4)), "bold"),
                classes="dialog-digits",
            ),
            text(Content.styled(state, TRUST_STYLES[self._trust])),
        ]

    def action_settle(self, is_same: bool) -> None:
        """Return what came out of the comparison; only what is offered does something."""
        if is_same is not (self._trust is Trust.VERIFIED):
            self.dismiss(self._number.payload if is_same else "")

    def action_differ(self) -> None:
        """Say what it means when the numbers differ, and what to do."""
        if self._trust is not Trust.VERIFIED:
            says = verify_words.safety_differs(self._peer)
            self.app.push_screen(TextDialog(verify_words.SAFETY_DIFFER_TITLE, says))

    def action_picture(self) -> None:
        """Show it as a picture, for them to scan."""
        self.app.push_screen(SafetyPicture(self._peer, self._number))

    def action_type(self) -> None:
        """Compare with what they sent."""
        self._type()

    @work(exclusive=True)
    async def _type(self) -> None:
        theirs = await self.app.push_screen_wait(TypeTheirsDialog(self._stage, self._key))
        if theirs:
            self.dismiss(theirs)


class SafetyPicture(ModalScreen[None]):
    """The number as a QR code, to be scanned on the other side. Fits 80x24."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close", key_display="Esc", id="safety.close_picture"),
    ]

    def __init__(self, peer: str, number: SafetyNumber) -> None:
        super().__init__()
        self._peer = peer
        self._payload = number.payload or number.digits.replace(" ", "")

    def compose(self) -> ComposeResult:
        """What it is for, the picture, the keys."""
        drawn = Content.styled("\n".join(qr_lines(self._payload)), "#000000 on #ffffff")
        with Vertical(id="safety-picture"):
            yield text(verify_words.safety_scan(self._peer), classes="code-text")
            with Center():
                yield Line(drawn, classes="code-picture")
            yield Line(key_line((("Esc", _("Close"), "screen.leave"),)), classes="code-keys")

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


class TypeTheirsDialog(Dialog[str]):
    """A line for the number, or its picture's text, that they sent; returned if it is the same."""

    title_text = verify_words.SAFETY_TYPE_TITLE
    hints = (("Enter", _("Compare"), "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(self, stage: Stage, conversation: str) -> None:
        super().__init__()
        self._stage = stage
        self._conversation = conversation
        self._input = Field(verify_words.SAFETY_TYPE_PLACEHOLDER)
        self._answer = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """Where it must come from, the line, what came of it."""
        return [text(verify_words.SAFETY_TYPE_TEXT), self._input, self._answer]

    def on_mount(self) -> None:
        """Ready to paste."""
        self._input.focus()

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Compare."""
        if value := self._input.value.strip():
            self._compare(value)

    @work(exclusive=True)
    async def _compare(self, value: str) -> None:
        try:
            await ask(self._stage.engine.compare_safety_number, self._conversation, value)
        except RestanteError as error:
            self._answer.update(Content.styled(clean_line(str(error)), "$error"))
        else:
            self.dismiss(value)
