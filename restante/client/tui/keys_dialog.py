"""The keys: every binding of ours with what it does, and another key for whoever wants one.

Rule: no key is taken from another in silence. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.language import _
from restante.client.tui import settings_words
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import REST_ROWS, Dialog, text
from restante.client.tui.keymap import KeyLine, spelled, whose
from restante.client.tui.preferences import Preferences
from restante.errors import UserError

KEY_CELLS: Final = 16
DOES_CELLS: Final = 23


class PressDialog(Dialog[str]):
    """Waits for one key and returns its name. While it is open no key does anything else."""

    title_text = settings_words.PRESS_TITLE
    hints = (("Esc", _("Cancel"), "screen.leave"),)

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._sentence = sentence

    def body(self) -> list[Widget]:
        """What is waited for."""
        return [text(self._sentence)]

    def on_key(self, event: events.Key) -> None:
        """Take the key."""
        event.stop()
        event.prevent_default()
        self.dismiss(None if event.key == "escape" else event.key)


class KeysDialog(Dialog[None]):
    """`changed` is told when a key was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "reset", "Usual key", show=False, id="keys.reset"),
    ]
    title_text = settings_words.KEYS_TITLE
    hints = (
        ("Enter", settings_words.CHANGE, "focused.select"),
        ("Backspace", settings_words.RESET, "screen.reset"),
        ("Esc", _("Close"), "screen.leave"),
    )

    def __init__(
        self, preferences: Preferences, lines: Sequence[KeyLine], changed: Callable[[], None]
    ) -> None:
        super().__init__()
        self._preferences = preferences
        self._lines = {line.id: line for line in lines}
        self._changed = changed
        self._options = OptionList(compact=True, markup=False, id="keys")
        self._answer = text(settings_words.KEYS_TEXT, classes="dialog-answer")

    def body(self) -> list[Widget]:
        """The keys by place."""
        return [self._options, self._answer]

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the rest of the dialog."""
        self._options.styles.max_height = max(3, event.size.height * 94 // 100 - REST_ROWS)

    def on_mount(self) -> None:
        """Show them."""
        place = ""
        for line in self._lines.values():
            if line.place != place:
                place = line.place
                self._options.add_option(Option(Content.styled(place, "bold"), disabled=True))
            self._options.add_option(Option(self._spell(line), id=line.id))
        self._options.highlighted = 1
        self._options.focus()

    def _keys(self, line: KeyLine) -> str:
        return self._preferences.changed_keys.get(line.id, line.usual)

    def _spell(self, line: KeyLine) -> Content:
        is_changed = line.id in self._preferences.keys
        return Content.assemble(
            (f"  {clean_line(spelled(self._keys(line))):<{KEY_CELLS}}", "$warning"),
            f"{line.does:<{DOES_CELLS}} ",
            (f"{line.id}{' *' if is_changed else ''}", "$faint"),
        )

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self._ask(self._lines[event.option.id])

    @work(exclusive=True)
    async def _ask(self, line: KeyLine) -> None:
        sentence = settings_words.press_for(line.does, clean_line(spelled(self._keys(line))))
        key = await self.app.push_screen_wait(PressDialog(sentence))
        if key is None:
            return
        owner = whose(self._lines.values(), self._preferences.changed_keys, line, key)
        if owner is None:
            self._give(line, key)
        else:
            self._say(settings_words.taken(spelled(key), owner.does))

    def action_reset(self) -> None:
        """Give the usual key back."""
        at = self._options.highlighted
        name = None if at is None else self._options.get_option_at_index(at).id
        if name is not None:
            self._give(self._lines[name], None)

    def _give(self, line: KeyLine, key: str | None) -> None:
        self._say(settings_words.KEYS_TEXT)
        try:
            self._preferences.set_keys(line.id, key)
        except UserError as error:
            self._say(str(error))
        self._options.replace_option_prompt(line.id, self._spell(line))
        self._changed()

    def _say(self, sentence: str) -> None:
        self._answer.update(Content(clean_line(sentence)))
