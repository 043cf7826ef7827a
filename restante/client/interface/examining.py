"""The part of the engine's interface that looks for what is wrong.

Rule: as in engine.py; looking changes nothing. Spec: docs/cli.md, section "doctor".
"""

from __future__ import annotations

from typing import Literal, Protocol

from restante.client.interface.view import View


class Finding(View, frozen=True):
    """What was looked at, what was found, and what to do about it if anything."""

    check: str
    state: Literal["ok", "warning", "bad", "skipped"]
    """`warning`: works, and won't for long, or protects less than it could."""
    found: str
    fix: str | None = None


class Examining(Protocol):
    """What an engine can say of itself."""

    async def examine(self, *, thorough: bool = False) -> list[Finding]:
        """Read the database through, and reach the relay and compare clocks.

        A database of more than 512 MiB is read only if `thorough`.
        """
