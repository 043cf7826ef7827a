"""What the first frame of the screen needs to be imported: read from the modules themselves, since
a process that imports all of it anew costs more than the claim is worth.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import restante
from restante.client.tui import dialogs

ROOT = Path(restante.__file__).parent.parent
TUI = "restante.client.tui"
OTHERWISE = {f"{TUI}.{name}" for name in ("browser", "clipboard", "editor", "help_text")}
"""Asked for by Textual, where the screen is a page; and by what a key does."""


def file_of(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next(
        (one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()), None
    )


@cache
def imports_of(module: str) -> frozenset[str]:
    """What a module of ours imports as it is imported itself, not what its functions do."""
    path = file_of(module)
    tree = ast.parse(path.read_bytes()) if path else ast.Module([], [])
    return frozenset(found for statement in tree.body for found in _imported(statement))


def _imported(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (each.name for each in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module is not None:
        yield statement.module
        yield from (f"{statement.module}.{each.name}" for each in statement.names)


def reached(*modules: str) -> set[str]:
    """All modules of ours that come with some."""
    found, waiting = set[str](), [*modules]
    while waiting:
        module = waiting.pop()
        if module not in found and file_of(module) is not None:
            found.add(module)
            waiting += imports_of(module)
    return found


def test_the_first_frame_needs_no_dialog_and_no_engine() -> None:
    first = reached("restante.cli", "restante.client.commands.chat", f"{TUI}.run")
    assert f"{TUI}.message_list" in first
    assert not first & {f"{TUI}.{home}" for home in dialogs.HOMES}
    assert not first & {
        "restante.client.own_engine",
        "restante.client.engine",
        "restante.client.qr",
    }


def test_every_dialog_is_found_where_it_is_asked_for() -> None:
    assert all(getattr(dialogs, name) for names in dialogs.HOMES.values() for name in names)
    known = reached(f"{TUI}.run", *(f"{TUI}.{home}" for home in dialogs.HOMES))
    all_of_it = {f"{TUI}.{each.stem}" for each in (ROOT / "restante/client/tui").glob("[a-z]*.py")}
    assert all_of_it - OTHERWISE <= known
