"""Several of the people whom one knows: letters find, Tab marks, Enter takes those marked.

Rule: who is marked stays in sight whatever is typed. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from restante.client.interface import ContactState, Conversation
from restante.client.language import _
from restante.client.tui import group_words, words
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.fuzzy import ranked
from restante.client.tui.glyphs import Glyphs

MAX_SHOWN = 50


class PeopleDialog(Dialog[list[str]]):
    """Return the keys of those who were marked, or of the one that is highlighted.

    `without` are left out. `may_be_nobody`: nobody is an answer, too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "mark", "Mark", priority=True, id="people.mark"),
        Binding("down", "step(1)", "Down", show=False, id="people.down"),
        Binding("up", "step(-1)", "Up", show=False, id="people.up"),
    ]
    hints = (
        ("Tab", group_words.PICK_TAB, "screen.mark"),
        ("Enter", group_words.PICK_ENTER, "screen.take"),
        ("Esc", _("Cancel"), "screen.leave"),
    )

    def __init__(
        self,
        chats: Chats,
        glyphs: Glyphs,
        title: str,
        *,
        without: Collection[str] = (),
        may_be_nobody: bool = False,
    ) -> None:
        super().__init__()
        self.title_text = title
        self._chats, self._glyphs = chats, glyphs
        self._without, self._may_be_nobody = without, may_be_nobody
        self._marked: dict[str, str] = {}
        self._input = Field(group_words.PICK_PLACEHOLDER)
        self._options = OptionList(compact=True, markup=False)
        self._options.can_focus = False
        self._says = text("")

    def body(self) -> list[Widget]:
        """The line, who is found, and who is marked."""
        return [self._input, self._options, self._says]

    def on_mount(self) -> None:
        """Show all, ready to type."""
        self._show()
        self._input.focus()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show()

    def _people(self) -> list[Conversation]:
        usual = {ContactState.ACCEPTED, ContactState.PENDING}
        return [
            each
            for each in self._chats.every()
            if each.contact in usual and each.group is None and each.key not in self._without
        ]

    def _show(self, at: int = 0) -> None:
        lines = []
        for each in self._people():
            title, address = clean_line(each.title), clean_line(each.address)
            shown = (title, "" if address == title else address, each.key)
            lines.append((shown, (title, address)))
        found = ranked(self._input.value.strip(), lines)[:MAX_SHOWN]
        options = [
            Option(Content.assemble(self._box(key), title, ("  " + address, "$faint")), id=key)
            for title, address, key in found
        ]
        if not options:
            typed = self._input.value.strip()
            nobody = words.no_match(typed) if typed else words.NOBODY
            options.append(Option(Content(nobody), disabled=True))
        self._options.clear_options()
        self._options.add_options(options)
        self._options.highlighted = min(at, len(options) - 1)
        names = ", ".join(self._marked.values())
        says = group_words.picked(names) if names else group_words.PICKED_NOBODY
        self._says.update(Content.styled(says, "" if names else "$faint"))

    def _box(self, key: str) -> str:
        return f"[{self._glyphs.sent if key in self._marked else ' '}] "

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        count = self._options.option_count
        self._options.highlighted = ((self._options.highlighted or 0) + step) % max(1, count)

    @property
    def _under_cursor(self) -> str | None:
        at = self._options.highlighted
        option = None if at is None else self._options.get_option_at_index(at)
        return None if option is None or option.disabled else option.id

    def action_mark(self) -> None:
        """Mark who is highlighted, or no longer; then the next one may be looked for."""
        key = self._under_cursor
        if key is not None:
            self._turn(key)

    def _turn(self, key: str) -> None:
        at = self._options.highlighted or 0
        if self._marked.pop(key, None) is None:
            person = self._chats.get(key)
            self._marked[key] = key if person is None else clean_line(person.title)
        if self._input.value:
            self._input.value = ""  # which shows them all again
        else:
            self._show(at)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Return who is marked; with nobody marked, who is highlighted."""
        key = self._under_cursor
        if self._marked:
            self.dismiss(list(self._marked))
        elif self._may_be_nobody and not self._input.value.strip():
            self.dismiss([])
        elif key is not None:
            self.dismiss([key])

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self._turn(event.option.id)


class ChatsDialog(PeopleDialog):
    """The same for chats: people, groups that one may write in, and the notes to oneself."""

    def _people(self) -> list[Conversation]:
        usual = {ContactState.ACCEPTED, ContactState.PENDING, ContactState.SELF}
        return [
            each
            for each in self._chats.every()
            if each.contact in usual
            and (each.group is None or each.group.may_post)
            and each.key not in self._without
        ]
