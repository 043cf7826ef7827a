"""What was set on this machine: `interface.toml` beside the profile, written when it changes.

Rule: what isn't known is refused with its place; a file that can't be written costs the setting its
lasting, not its effect. Spec: docs/tui.md, section 6.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from restante.client.tui import settings_words
from restante.client.tui.keymap import PRESETS
from restante.client.tui.settings_schema import BY_NAME, OF_MACHINE
from restante.errors import UserError


class Preferences:
    """Values by setting, and keys by binding. Without a path nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises UserError where the file is not as it should be."""
        self._path = path
        self._values = {setting.name: setting.usual for setting in OF_MACHINE}
        self.keys: dict[str, str] = {}
        """Keys, separated by commas, of bindings that have others than usual."""
        self.names_of_keys: dict[str, str] = {}
        """How those keys are spelled, by their action; whoever knows the actions says it."""
        if path is not None:
            self._read(path)

    @property
    def changed_keys(self) -> dict[str, str]:
        """Return the bindings that have other keys than usual, and which: the user's words last."""
        return {**PRESETS[self._values["keymap"]], **self.keys}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def set(self, name: str, value: str) -> None:
        """Let a value hold from now on. Raises UserError if it can't be kept."""
        self._values[name] = value
        self._write()

    def set_keys(self, binding: str, keys: str | None) -> None:
        """Give a binding other keys, or its usual ones back. Raises UserError."""
        self.keys.pop(binding, None)
        if keys is not None:
            self.keys[binding] = keys
        self._write()

    def _read(self, path: Path) -> None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(settings_words.unread(str(path), _reason(error))) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise _faulty(path, str(error)) from error
        keys = found.pop("keys", {})
        for name, value in found.items():
            setting = BY_NAME.get(name)
            if setting is None or setting.is_of_person:
                raise _faulty(path, settings_words.no_setting(name))
            if not setting.allows(value):
                choices = ", ".join(dict(setting.choices))
                raise _faulty(path, settings_words.may_be(name, choices, how=setting.how))
            self._values[name] = value
        is_table = isinstance(keys, dict)
        if not is_table or not all(isinstance(each, str) and each for each in keys.values()):
            raise _faulty(path, settings_words.KEYS_HOW)
        self.keys = dict(keys)

    def _write(self) -> None:
        if self._path is None:
            return
        passing = self._path.with_name(self._path.name + ".new")
        try:
            descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(self.spelled())
            passing.replace(self._path)
        except OSError as error:
            raise UserError(
                settings_words.holds_until_quit(str(self._path), _reason(error))
            ) from error

    def spelled(self) -> str:
        """Return the file: each setting under what it does."""
        lines = [f"# {settings_words.FILE_HEAD}"]
        for setting in OF_MACHINE:
            choices = ", ".join(value for value, _ in setting.choices[:8])
            more = ", …" if len(setting.choices) > 8 else ""
            how = setting.how or settings_words.one_of(f"{choices}{more}")
            lines += ["", f"# {setting.says}", f"# {how}"]
            lines.append(f"{setting.name} = {json.dumps(self._values[setting.name])}")
        lines += ["", f"# {settings_words.FILE_KEYS}", "[keys]"]
        lines += [f"{json.dumps(name)} = {json.dumps(keys)}" for name, keys in self.keys.items()]
        return "\n".join(lines) + "\n"


def _faulty(path: Path, what: str) -> UserError:
    return UserError(settings_words.faulty(str(path), what))


def _reason(error: OSError) -> str:
    return (error.strerror or "failed").lower()
