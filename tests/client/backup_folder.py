"""What lies in a folder of backups, or of files."""

from __future__ import annotations

from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """Names of files, but those that grow."""
    found = (each.name for each in folder.iterdir())
    return sorted(name for name in found if not name.endswith(".growing"))
