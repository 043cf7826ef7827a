"""Finding somebody: the quick switcher and adding a contact.

Rule: a look-up that fails says why and keeps what was typed. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from restante.client.interface import Contact, ContactState, Conversation, GroupAsked
from restante.client.language import _
from restante.client.tui import contact_words, group_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.fuzzy import ranked
from restante.client.tui.stage import Stage
from restante.errors import RestanteError
from restante.protocol.group_invite import is_group_invite

START = "start:"
"""What precedes, in the switcher's answer, an address or code to look up."""

GROUP: Final = "group"
"""What the dialog of a new chat returns for whoever wants a group."""

JOIN_WAIT_S: Final = 5.0
"""How long an answer to an invite is waited for; it comes later all the same."""

MAX_SHOWN = 50


class GoToDialog(Dialog[str]):
    """Type a few letters of a name; returns a conversation's key, or START and an address."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+j", "step(1)", "Down", show=False, id="go_to.down"),
        Binding("up,ctrl+k", "step(-1)", "Up", show=False, id="go_to.up"),
    ]
    title_text = words.GO_TO_TITLE
    hints = (("Enter", _("Open"), "screen.take"), ("Esc", _("Close"), "screen.leave"))

    def __init__(self, chats: Chats) -> None:
        super().__init__()
        self._chats = chats
        self._input = Field(words.GO_TO_PLACEHOLDER)
        self._options = OptionList(compact=True, markup=False)
        self._options.can_focus = False

    def body(self) -> list[Widget]:
        """The line and what it finds."""
        return [self._input, self._options]

    def on_mount(self) -> None:
        """Show all, ready to type."""
        self._find("")
        self._input.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._find(event.value.strip())

    def _find(self, query: str) -> None:
        found = self._ranked(query)[:MAX_SHOWN]
        options = [
            Option(Content.assemble(title, ("  " + address, "$faint")), id=key)
            for title, address, key in found
        ]
        if self._may_start(query):
            start = Option(Content(words.start_chat_with(query)), id=START + query)
            # A whole address is meant as it stands: one that is merely like it comes after.
            is_known = any(query.lower() in f"{title} {there}".lower() for title, there, _ in found)
            options.insert(len(options) if is_known else 0, start)
        if not options:
            options.append(
                Option(Content(words.no_match(query) if query else words.NOBODY), disabled=True)
            )
        self._options.clear_options()
        self._options.add_options(options)
        self._options.highlighted = 0

    def _people(self) -> list[Conversation]:
        return self._chats.every()

    def _may_start(self, query: str) -> bool:
        return "@" in query or query.lower().startswith("restante:")

    def _ranked(self, query: str) -> list[tuple[str, str, str]]:
        lines = []
        for each in self._people():
            title, address = clean_line(each.title), clean_line(each.address)
            shown = (title, "" if address == title else address, each.key)
            lines.append((shown, (title, address)))
        return ranked(query, lines)  # the newest of equals first

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        count = self._options.option_count
        self._options.highlighted = ((self._options.highlighted or 0) + step) % max(1, count)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Return what is highlighted."""
        at = self._options.highlighted
        option = None if at is None else self._options.get_option_at_index(at)
        if option is not None and not option.disabled:
            self.dismiss(option.id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


class PickDialog(GoToDialog):
    """One of the people whom one knows; returns the key of the conversation with them."""

    hints = (("Enter", _("Choose"), "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(self, chats: Chats, title: str, placeholder: str, *, without: str) -> None:
        super().__init__(chats)
        self.title_text = title
        self._input.placeholder = placeholder
        self._without = without

    def _people(self) -> list[Conversation]:
        usual = {ContactState.ACCEPTED, ContactState.PENDING}
        every = super()._people()
        return [each for each in every if each.contact in usual and each.key != self._without]

    def _may_start(self, query: str) -> bool:
        return False


class NewChatDialog(Dialog[Contact | GroupAsked | Literal["group"]]):
    """Paste a code or type an address; returns the contact that was added, or GROUP.

    The link of an invite to a group is followed, and what came of it is returned.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "group", "New group", key_display="^g", id="new_chat.group"),
    ]
    title_text = contact_words.NEW_CHAT_TITLE
    hints = (
        ("Enter", _("Look up"), "screen.take"),
        ("^g", group_words.NEW_HINT, "screen.group"),
        ("Esc", _("Cancel"), "screen.leave"),
    )

    def __init__(self, stage: Stage, value: str = "") -> None:
        super().__init__()
        self._stage = stage
        self._input = Field(contact_words.NEW_CHAT_PLACEHOLDER, value=value)
        self._answer = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """The text, the line, and what came of it."""
        return [text(contact_words.NEW_CHAT_TEXT), self._input, self._answer]

    def on_mount(self) -> None:
        """Ready to type; with something to look up, at once."""
        self._input.focus()
        if self._input.value:
            self.action_take()

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Look it up."""
        value = self._input.value.strip()
        if value:
            self._look_up(value)

    def action_group(self) -> None:
        """A group instead."""
        self.dismiss("group")

    @work(exclusive=True)
    async def _look_up(self, value: str) -> None:
        self._answer.update(Content.styled(contact_words.LOOKING_UP, "$faint"))
        try:
            contact: Contact | GroupAsked
            if is_group_invite(value):
                contact = await ask(self._stage.engine.group_join, value, timeout_s=JOIN_WAIT_S)
            else:
                contact = await ask(self._stage.engine.contact_add, value)
        except RestanteError as error:
            self._answer.update(Content.styled(clean_line(str(error)), "$error"))
        else:
            self.dismiss(contact)
