"""The settings screen: one line for each setting, changed where it stands, in force at once.

Rule: made from the schema alone; what the engine refuses is said and not shown as changed.
Spec: docs/tui.md, section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from restante.client.language import _
from restante.client.tui import settings_words
from restante.client.tui.bridge import ask
from restante.client.tui.choice_dialog import ChoiceDialog
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import REST_ROWS, Dialog, LineDialog, text
from restante.client.tui.settings_schema import BY_NAME, SETTINGS, Setting
from restante.client.tui.stage import Stage
from restante.errors import RestanteError

TITLE_CELLS: Final = 24
FEW: Final = 3
"""With more choices than this, Enter shows them all."""

KEYS: Final = "keys"


class SettingsDialog(Dialog[str]):
    """`changed` is told of each setting of this machine that was changed. Returns KEYS or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(1)", "Next value", show=False, id="settings.next"),
        Binding("left,h", "turn(-1)", "Value before", show=False, id="settings.before"),
        Binding("j", "move(1)", "Down", show=False, id="settings.down"),
        Binding("k", "move(-1)", "Up", show=False, id="settings.up"),
        Binding("f3", "keys", "Keys", show=False, id="settings.keys"),
    ]
    title_text = settings_words.SETTINGS_TITLE
    hints = (
        ("Enter", settings_words.CHANGE, "focused.select"),
        ("F3", settings_words.KEYS, "screen.keys"),
        ("Esc", _("Close"), "screen.leave"),
    )

    def __init__(self, stage: Stage, changed: Callable[[str], None]) -> None:
        super().__init__()
        self._stage = stage
        self._changed = changed
        self._of_person: dict[str, str] = {}
        self._options = OptionList(compact=True, markup=False, id="settings")
        self._says = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """The settings, and what the one under the cursor does."""
        return [self._options, self._says]

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the rest of the dialog."""
        self._options.styles.max_height = max(3, event.size.height * 94 // 100 - REST_ROWS)

    def on_mount(self) -> None:
        """Show what holds; of the person, once the engine has said it."""
        group = ""
        for setting in SETTINGS:
            if setting.group != group:
                group = setting.group
                self._options.add_option(Option(Content.styled(group, "bold"), disabled=True))
            self._options.add_option(Option(self._line(setting), id=setting.name))
        self._options.add_option(Option(Content(f"  {settings_words.KEYS}…"), id=KEYS))
        self._options.highlighted = 1
        self._options.focus()
        self._read()

    @work
    async def _read(self) -> None:
        try:
            self._of_person = await ask(self._stage.engine.settings)
        except RestanteError as error:
            self._refuse(error)
        self._draw()

    def _draw(self) -> None:
        for setting in SETTINGS:
            self._options.replace_option_prompt(setting.name, self._line(setting))

    def _value(self, setting: Setting) -> str | None:
        if setting.is_of_person:
            return self._of_person.get(setting.name)
        return self._stage.preferences[setting.name]

    def _line(self, setting: Setting) -> Content:
        value = self._value(setting)
        label = settings_words.WAITING if value is None else clean_line(setting.label(value))
        return Content.assemble(f"  {setting.title:<{TITLE_CELLS}}", (label, "$primary"))

    @property
    def _chosen(self) -> Setting | None:
        at = self._options.highlighted
        name = None if at is None else self._options.get_option_at_index(at).id
        return BY_NAME.get(name or "")

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        setting = self._chosen
        self._says.update(Content.styled(setting.says if setting else "", "$faint"))

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        if step > 0:
            self._options.action_cursor_down()
        else:
            self._options.action_cursor_up()

    def action_turn(self, step: int) -> None:
        """Take the next value, or the one before."""
        setting = self._chosen
        value = None if setting is None else self._value(setting)
        if setting is not None and value is not None:
            self._set(setting, setting.after(value, step))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        setting = BY_NAME.get(event.option.id or "")
        if setting is None:
            self.dismiss(KEYS)
        elif setting.may_be is not None:
            self._type(setting)
        elif len(setting.choices) <= FEW:
            self.action_turn(1)
        else:
            self._choose(setting)

    def action_keys(self) -> None:
        """Go on to the keys."""
        self.dismiss(KEYS)

    @work
    async def _choose(self, setting: Setting) -> None:
        dialog = ChoiceDialog(
            setting.title, setting.says, setting.choices, chosen=self._value(setting)
        )
        value = await self.app.push_screen_wait(dialog)
        if value is not None:
            self._set(setting, value)

    @work
    async def _type(self, setting: Setting) -> None:
        dialog = LineDialog(setting.title, setting.how, value=self._value(setting) or "")
        value = await self.app.push_screen_wait(dialog)
        if value is None:
            return
        if setting.allows(value.strip() or setting.usual):
            self._set(setting, value.strip() or setting.usual)
        else:
            self._says.update(Content.styled(setting.how, "$error"))

    def _set(self, setting: Setting, value: str) -> None:
        if setting.is_of_person:
            self._set_of_person(setting, value)
            return
        try:
            self._stage.preferences.set(setting.name, value)
        except RestanteError as error:
            self._refuse(error)
        self._changed(setting.name)
        self._draw()

    @work(exclusive=True)
    async def _set_of_person(self, setting: Setting, value: str) -> None:
        try:
            self._of_person = await ask(self._stage.engine.set_setting, setting.name, value)
        except RestanteError as error:
            self._refuse(error)
        self._draw()

    def _refuse(self, error: RestanteError) -> None:
        self._says.update(Content.styled(clean_line(str(error)), "$error"))
