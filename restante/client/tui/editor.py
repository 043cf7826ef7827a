"""The user's own editor for what is being written.

Rule: the draft lies unencrypted only in a folder that is its owner's alone, in memory where the
system has such a place, and is gone when the editor is; the engine goes on meanwhile. Spec:
docs/tui.md, section 5.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import trio
from textual.app import App, SuspendNotSupported

from restante.client.tui import words
from restante.client.tui.bridge import ask
from restante.client.tui.private_place import private_folder
from restante.errors import UserError

USUAL: Final = ("nano", "vim", "vi")
MAX_BYTES: Final = 1_000_000
"""More than any message holds; what is longer was no message."""


def choose_editor(environment: Mapping[str, str]) -> list[str]:
    """Return the command of $VISUAL, $EDITOR or a usual one. UserError: there is none."""
    for name in ("VISUAL", "EDITOR"):
        try:
            command = shlex.split(environment.get(name, ""))
        except ValueError:
            command = []
        if command and shutil.which(command[0]):
            return command
    for usual in USUAL:
        if shutil.which(usual):
            return [usual]
    raise UserError(words.NO_EDITOR)


async def edit_outside(app: App[None], text: str) -> str:
    """Give the terminal to the editor with a text; return what it left. UserError: it failed."""
    command = choose_editor(os.environ)
    with private_folder() as folder:
        path = Path(folder, "message.txt")
        _put(path, text)
        try:
            with app.suspend(), app.batch_update():
                code = await ask(_run, [*command, str(path)])
        except SuspendNotSupported:
            raise UserError(words.NO_EDITOR_HERE) from None
        app.refresh(layout=True)
        if code != 0:
            raise UserError(words.editor_failed(code))
        return _take(path)


def _put(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _take(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_BYTES).decode(errors="replace").rstrip("\n")


async def _run(command: list[str]) -> int:
    try:
        # The one program that is started: the user's own, at their own key.
        done = await trio.run_process(command, stdin=None, check=False)  # noqa: TID251
    except OSError as error:
        raise UserError(words.editor_failed(error.errno or 1)) from error
    return done.returncode
