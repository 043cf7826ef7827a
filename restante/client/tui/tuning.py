"""Settings, keys and help, as far as the application goes: what is chosen is in force at once.

Rule: what can be set is said in settings_schema.py alone, what a key does in its binding.
Spec: docs/tui.md, section 6.
"""

from __future__ import annotations

from contextlib import suppress

from textual import work
from textual.binding import Binding

from restante.client.tui import dialogs, settings_words
from restante.client.tui.alerting import AlertingApp
from restante.client.tui.dialog import Dialog, TextDialog
from restante.client.tui.keymap import KeyLine, in_force, key_lines, names_of_changed, spelled
from restante.client.tui.theme import DARK, LIGHT
from restante.errors import UserError


class TuningApp(AlertingApp):
    """What an application has that can be made one's own."""

    def action_toggle_dark(self) -> None:
        """Light or dark."""
        name = LIGHT.name if self.current_theme.dark else DARK.name
        with suppress(UserError):  # it holds until the end
            self._stage.preferences.set("theme", name)
        self._take_setting("theme")

    def action_settings(self) -> None:
        """What can be set."""
        screen = self.screen
        if isinstance(screen, Dialog) and dialogs.is_shown_as("SettingsDialog", screen):
            screen.action_leave()
        elif screen is self._main:
            self._settings()

    @work(exclusive=True, group="settings")
    async def _settings(self) -> None:
        dialog = dialogs.SettingsDialog(self._stage, self._take_setting)
        if await self.push_screen_wait(dialog) is not None:
            self.action_keys()

    def _take_setting(self, name: str) -> None:
        """Let a setting of this machine take effect."""
        value = self._stage.preferences[name]
        if name == "theme":
            self.theme = value
        elif name == "keymap":
            self._take_keys()
        elif name == "animation":
            self.animation_level = "full" if value == "on" else "none"
        else:
            self._main.redraw()
            self.refresh(layout=True)

    def action_keys(self) -> None:
        """Every key, and another one for whoever wants it."""
        self.push_screen(
            dialogs.KeysDialog(self._stage.preferences, self._key_lines(), self._take_keys)
        )

    def _key_lines(self) -> list[KeyLine]:
        from restante.client.tui.help_text import screen_keys  # noqa: PLC0415  (all dialogs)

        return [*key_lines(settings_words.EVERYWHERE, self.BINDINGS), *screen_keys()]

    def _take_keys(self) -> None:
        preferences = self._stage.preferences
        changed = preferences.changed_keys
        lines = self._key_lines() if changed else []
        preferences.names_of_keys = names_of_changed(lines, changed)
        self.set_keymap(in_force(lines, changed))
        if self.is_running:
            self._main.redraw()

    @property
    def changed_keys(self) -> dict[str, str]:
        """The bindings that have other keys than usual, by id."""
        return self._stage.preferences.changed_keys

    def get_key_display(self, binding: Binding) -> str:
        """Spell a key as it is spelled elsewhere."""
        return binding.key_display or spelled(binding.key)

    def action_help(self) -> None:
        """What the keys do where one is, then those that work everywhere."""
        from restante.client.tui.help_text import help_text  # noqa: PLC0415

        if isinstance(self.screen, TextDialog):
            self.screen.action_leave()
        else:
            self.push_screen(TextDialog(settings_words.HELP_TITLE, help_text(self)))
