"""A path that somebody typed, as the engine takes it: whole. Pure but for where one's own place is.

Rule: `~` is one's own directory, and nothing else is expanded. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from pathlib import Path


def whole(typed: str) -> str:
    """Return the whole path that was typed; `~` is one's own directory."""
    path = Path(typed.strip())
    if path.parts[:1] == ("~",):
        path = Path.home().joinpath(*path.parts[1:])
    return str(path.absolute())
