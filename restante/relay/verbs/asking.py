"""How commands ask the relay: over its socket, or where it doesn't run by its files.

Rule: what a stopped relay needs is imported only then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from restante.relay.ops import asking


def ask(data: Path, method: str, **params: Any) -> Any:
    """Call a method of the relay in a directory. Raises UserError."""

    def by_files(name: str, packed: bytes) -> Any:
        from restante.relay import commands

        return commands.by_files(data, name, packed)

    return asking.ask(data, method, by_files, **params)
