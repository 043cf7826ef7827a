"""Making this device one of an account that exists: its address, a code to show, six digits.

Rule: what is to be scanned or compared is shown large and alone; leaving calls it off. Returns
whether this device is linked. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from restante.client.hearing import heard
from restante.client.interface import DeviceLink, LinkState
from restante.client.language import _
from restante.client.qr import qr_lines
from restante.client.tui import account_words, welcome_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Field, key_line, text
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line
from restante.errors import RestanteError

LOOK_EVERY_S = 0.5


class LinkScreen(ModalScreen[bool]):
    """The new device's side of linking. Fits 80x24."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", key_display="Esc", id="link.leave"),
        Binding("f5", "copy", "Copy code", key_display="F5", id="link.copy"),
    ]

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._code: str | None = None
        self._input = Field(account_words.LINK_ADDRESS_PLACEHOLDER)
        self._says = text(account_words.LINK_ADDRESS_TEXT, classes="code-text")
        self._picture = Line("", classes="code-picture")
        self._below = text("", classes="code-link")
        self._keys = Line("", classes="code-keys")

    def compose(self) -> ComposeResult:
        """What to do, the line or the picture, the code or the digits, the keys."""
        with Vertical(id="link", classes="-calm"):
            yield self._says
            yield self._input
            with Center():
                yield self._picture
            yield self._below
            yield self._keys

    def on_mount(self) -> None:
        """Ready to type."""
        self._picture.display = False
        self._input.focus()
        self._say_keys(("Enter", welcome_words.CONTINUE, "screen.take"))
        self.set_interval(LOOK_EVERY_S, self._look)

    def _say_keys(self, *first: tuple[str, str, str]) -> None:
        self._keys.update(key_line((*first, ("Esc", _("Cancel"), "screen.leave"))))

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Ask the relay for a code."""
        if self._code is None and self._input.value.strip():
            self._begin(self._input.value.strip())

    @work(exclusive=True)
    async def _begin(self, address: str) -> None:
        self._below.update(Content.styled(account_words.LINK_BEGINNING, "$faint"))
        try:
            self._show(await ask(self._stage.engine.link_begin, address=address))
        except RestanteError as error:
            self._below.update(Content.styled(clean_line(str(error)), "$error"))

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        if self._code is not None and (link := await ask(self._stage.engine.link_state)):
            self._show(link)

    def _show(self, link: DeviceLink) -> None:
        if link.state is LinkState.LINKED:
            self.dismiss(True)
        elif link.state is LinkState.FAILED:
            self._code = None
            self._draw(None)
            self._input.display = True
            self._says.update(Content(account_words.LINK_ADDRESS_TEXT))
            self._below.update(
                Content.styled(clean_line(heard(link.error or words.FAILED)), "$error")
            )
            self._input.focus()
            self._say_keys(("Enter", welcome_words.CONTINUE, "screen.take"))
        elif link.digits is not None:
            self._draw(None)
            self._says.update(Content(account_words.LINK_COMPARE))
            digits = f"{link.digits[:3]} {link.digits[3:]}"
            self._below.update(Content.styled(digits, "bold $primary"))
            self._say_keys()
        elif link.code is not None and self._code is None:
            self._code = clean_line(link.code)
            self._input.display = False
            self._says.update(Content(account_words.LINK_SHOW))
            self._draw(self._code)
            self._below.update(Content.styled(self._code, "bold"))
            self._say_keys(("F5", _("Copy code"), "screen.copy"))

    def _draw(self, code: str | None) -> None:
        self._picture.display = code is not None
        self.query_one("#link").set_class(code is None, "-calm")
        if code is not None:
            drawn = "\n".join(qr_lines(code))
            self._picture.update(Content.styled(drawn, "#000000 on #ffffff"))

    def action_copy(self) -> None:
        """Put the code on the clipboard."""
        if self._code is not None:
            self.app.copy_to_clipboard(self._code)
            self.notify(words.COPIED, markup=False, timeout=2)

    def action_leave(self) -> None:
        """Call it off."""
        self._call_off()

    @work(exclusive=True)
    async def _call_off(self) -> None:
        if self._code is not None:
            with suppress(RestanteError):  # it is over in any case
                await ask(self._stage.engine.link_cancel)
        self.dismiss(False)
