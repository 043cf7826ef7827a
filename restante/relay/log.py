"""The relay's log: structured lines on stderr that hold no identifier and no address.

Rule: the only module here that knows structlog. A line has an event's name, counts and durations;
an exception is written as its type and places, never with its text or locals, for texts quote what
they failed on. Spec: docs/relay.md, section 7.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Final, NoReturn

import structlog

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_MAX_PLACES: Final = 12


def open_log(level: str, *, json_lines: bool) -> None:
    """Log from now on, to stderr: as JSON lines, or as text for people."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_no_traceback)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _drop(*_: object) -> NoReturn:
    """Write nothing: a relay inside another program's process has no log of its own."""
    raise structlog.DropEvent


structlog.configure(processors=[_drop])


def note(event: str, **counts: int | float | str | bool) -> None:
    """Write that something happened."""
    structlog.get_logger().info(event, **counts)


def warn(event: str, **counts: int | float | str | bool) -> None:
    """Write that something needs somebody's attention."""
    structlog.get_logger().warning(event, **counts)


def bug(event: str, error: BaseException) -> None:
    """Write an exception that nobody expected: what kind, and where it came from."""
    places = [
        f"{frame.name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)[-_MAX_PLACES:]
    ]
    structlog.get_logger().error(event, error=type(error).__qualname__, places=places)


def _no_traceback(*_: object) -> None:
    """Write no traceback at all: `bug` has said what may be said."""
