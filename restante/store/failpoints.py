"""Named points of the code where a crash is interesting. In production each is a no-op call.

Rule: a point is reached on every pass through it, and does nothing; a test's own entry script
replaces the observer before the program starts, counts the passes and kills the process at one.
"""

from __future__ import annotations

from collections.abc import Callable


def _ignore(_point: str) -> None:
    """Do nothing: nobody watches."""


_observer: Callable[[str], None] = _ignore


def reach(point: str) -> None:
    """Say that the code has come to a named point. May be called in any thread."""
    _observer(point)


def observe(observer: Callable[[str], None]) -> None:
    """Replace who is told of each point; for crash tests' entry scripts alone."""
    global _observer  # noqa: PLW0603  # one process, one observer, set before anything runs
    _observer = observer
