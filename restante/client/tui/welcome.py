"""From nothing to the first message in three steps, each of which can go back.

Name and relay, what becomes of the keys, finding each other. Rule: what was typed is never lost by
going back or by a refusal; the account is made once, between the second step and the third.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input

from restante.client.language import _
from restante.client.tui import contact_words, welcome_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.code_picture import CodePicture
from restante.client.tui.dialog import Field, key_line, text
from restante.client.tui.keeping_step import KeepingStep
from restante.client.tui.link_screen import LinkScreen
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line
from restante.client.tui.wanted_account import WantedAccount, want_account
from restante.errors import RestanteError, UserError


class WelcomeScreen(Screen[str | None]):
    """Returns the key of the first contact, or None if there is none yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc", id="welcome.back"),
        Binding("enter", "go_on", "Continue", key_display="Enter", id="welcome.go_on"),
        Binding("f5", "copy", "Copy link", key_display="F5", id="welcome.copy"),
        Binding("f7", "keyring", welcome_words.IN_KEYRING, key_display="F7", id="welcome.keyring"),
        Binding("f6", "link", welcome_words.HAVE_ACCOUNT, key_display="F6", id="welcome.link"),
    ]

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._step = 1
        self._wanted: WantedAccount | None = None
        self._registered: str | None = None
        self._code: str | None = None
        self._name_input = Field(welcome_words.NAME_PLACEHOLDER, id="name")
        self._relay_input = Field(welcome_words.RELAY_PLACEHOLDER, id="relay")
        self._keeping = KeepingStep(stage)
        self._peer_input = Field(contact_words.NEW_CHAT_PLACEHOLDER, id="peer")
        self._answer = text("", classes="dialog-answer", id="welcome-answer")

    def compose(self) -> ComposeResult:
        """A heading, the step, what came of it, the keys."""
        with Vertical(id="welcome"):
            yield text(Content.styled(welcome_words.WELCOME, "bold $primary"), id="welcome-title")
            yield text("", id="welcome-step")
            with ContentSwitcher(initial="step-1", id="steps"):
                with Vertical(id="step-1"):
                    yield text(welcome_words.NAME_TEXT)
                    yield text(welcome_words.NAME_LABEL, classes="label")
                    yield self._name_input
                    yield text(welcome_words.RELAY_LABEL, classes="label")
                    yield self._relay_input
                with Vertical(id="step-2"):
                    yield text("", id="keys-for")
                    yield self._keeping
                with Horizontal(id="step-3"):
                    yield Vertical(id="picture")
                    with Vertical(id="share"):
                        yield text(welcome_words.SHARE_TEXT)
                        yield self._peer_input
                        yield text("", id="share-link")
            yield self._answer
            yield Line(id="welcome-keys")

    def on_mount(self) -> None:
        """Begin at the beginning."""
        self._show_step(1)

    def _show_step(self, step: int) -> None:
        self._step = step
        title = {
            1: welcome_words.NAME_TITLE,
            2: welcome_words.KEYS_TITLE,
            3: welcome_words.SHARE_TITLE,
        }[step]
        number = Content.styled(f"{welcome_words.step(step)}  ", "$faint")
        self.query_one("#welcome-step", Line).update(Content.assemble(number, (title, "bold")))
        self.query_one("#steps", ContentSwitcher).current = f"step-{step}"
        self.set_class(step == 3, "-sharing")
        self._say("")
        keys = [("Enter", welcome_words.CONTINUE, "screen.go_on")]
        if step > 1:
            keys.append(("Esc", welcome_words.BACK, "screen.back"))
        if step == 1 and self._registered is None:
            keys.append(("F6", welcome_words.HAVE_ACCOUNT, "screen.link"))
        if step == 2 and self._keeping.may_choose:
            keys.append(("F7", welcome_words.IN_KEYRING, "screen.keyring"))
        if step == 3:
            keys.append(("F5", _("Copy link"), "screen.copy"))
        self.query_one("#welcome-keys", Line).update(key_line(keys))
        if step == 1:
            self._name_input.disabled = self._relay_input.disabled = self._registered is not None
            self._name_input.focus()
        elif step == 2:
            address = self._registered or (self._wanted.address if self._wanted else "")
            said = (
                welcome_words.is_yours(address)
                if self._registered
                else welcome_words.keys_for(address)
            )
            self.query_one("#keys-for", Line).update(Content.styled(said, "bold"))
            self._keeping.begin(is_over=self._registered is not None)
        else:
            self._peer_input.focus()

    def _say(self, sentence: str, style: str = "$error") -> None:
        self._answer.update(Content.styled(clean_line(sentence), style))

    # ---- going on -------------------------------------------------------------------------------

    @on(Input.Submitted, "#name")
    def _name_typed(self) -> None:
        if "@" in self._name_input.value:
            self.action_go_on()  # a whole address: nothing is left to ask
        else:
            self._relay_input.focus()

    @on(Input.Submitted, "#relay")
    @on(Input.Submitted, "#new")
    @on(Input.Submitted, "#again")
    @on(Input.Submitted, "#peer")
    def action_go_on(self) -> None:
        """Take the step."""
        if self._step == 1:
            self._take_name()
        elif self._step == 2:
            if self._registered:
                self._show_step(3)
            elif self._wanted is not None and self._keeping.is_complete(self._say):
                self._register(self._wanted)
        else:
            self._take_peer()

    def _take_name(self) -> None:
        if self._registered is None:
            try:
                self._wanted = want_account(self._name_input.value, self._relay_input.value)
            except UserError as error:
                self._say(str(error))
                (self._relay_input if self._name_input.value.strip() else self._name_input).focus()
                return
        self._show_step(2)

    @work(exclusive=True)
    async def _register(self, wanted: WantedAccount) -> None:
        self._say(welcome_words.REGISTERING, "$faint")
        try:
            await self._keeping.keep()
        except RestanteError as error:
            self._say(str(error))
            return
        try:
            status = await ask(
                self._stage.engine.register, address=wanted.address, invite=wanted.invite
            )
        except RestanteError as error:
            self._show_step(1)
            self._say(str(error))
            return
        self._registered = status.address or wanted.address
        self._keeping.forget()
        await self.query_one("#picture").mount(CodePicture(self._stage))
        self._show_step(3)

    def _take_peer(self) -> None:
        value = self._peer_input.value.strip()
        if value:
            self._look_up(value)
        else:
            self.dismiss(None)

    @work(exclusive=True)
    async def _look_up(self, value: str) -> None:
        self._say(contact_words.LOOKING_UP, "$faint")
        try:
            contact = await ask(self._stage.engine.contact_add, value)
        except RestanteError as error:
            self._say(str(error))
        else:
            self.dismiss(contact.key)

    # ---- the rest -------------------------------------------------------------------------------

    @on(CodePicture.Known)
    def _code_known(self, event: CodePicture.Known) -> None:
        self._code = event.code
        self.query_one("#share-link", Line).update(Content(event.code))

    def action_copy(self) -> None:
        """Put the link on the clipboard."""
        if self._code is not None:
            self.app.copy_to_clipboard(self._code)
            self.notify(words.COPIED, markup=False, timeout=2)

    def action_keyring(self) -> None:
        """Let the system's keyring keep the key."""
        if self._step == 2 and self._keeping.may_choose:
            self._use_keyring()

    @work(exclusive=True)
    async def _use_keyring(self) -> None:
        try:
            await self._keeping.use_keyring()
        except RestanteError as error:
            self._say(str(error))
        else:
            self._show_step(2)
            self._say(welcome_words.KEYRING_TAKES, "$success")

    def action_link(self) -> None:
        """Make this device one of an account that exists."""
        if self._step == 1 and self._registered is None:
            self._link()

    @work(exclusive=True)
    async def _link(self) -> None:
        if await self.app.push_screen_wait(LinkScreen(self._stage)):
            self.dismiss(None)

    def action_back(self) -> None:
        """Go back a step."""
        if self._step > 1:
            self.workers.cancel_node(self)
            self._show_step(self._step - 1)
