"""What every command of the relay is given: where to speak, and whether to speak to a program.

Rule: a command is a function of a `Run` and its own options. Spec: docs/cli.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from restante.errors import ExitCode

F = TypeVar("F", bound=Callable[..., Any])


class Out(Protocol):
    """Data to stdout, sentences to stderr."""

    def data(self, record: dict[str, Any], text: str | None) -> None:
        """Write one piece of data: the object, or the text."""

    def note(self, sentence: str) -> None:
        """Tell the person something worth knowing."""

    def failed(self, exit_code: ExitCode, sentence: str) -> ExitCode:
        """Say why the command didn't reach what was asked, and return the code."""


class Run(Protocol):
    """One run of the command line."""

    @property
    def is_json(self) -> bool:
        """Whether stdout is for a program."""

    @property
    def out(self) -> Out:
        """Where to speak."""

    def asks(self) -> bool:
        """Whether somebody is there to be asked, and may be."""

    def would(self, sentence: str) -> ExitCode:
        """Say what would be done, of a command that was only tried."""

    def qr(self, text: str) -> list[str]:
        """Return the lines of a QR code, or none where it couldn't be seen."""


def verb(group: click.Group, name: str | None = None) -> Callable[[F], F]:
    """Register `body(run, **options)` as a command."""

    def register(body: F) -> F:
        def call(**options: Any) -> Any:
            return body(click.get_current_context().obj, **options)

        call.__doc__ = body.__doc__
        call.__click_params__ = getattr(body, "__click_params__", [])  # type: ignore[attr-defined]
        group.command(name or body.__name__.strip("_"))(call)
        return body

    return register


def data_option(body: F) -> F:
    """Give a command the option that says which relay it is about."""
    return click.option(
        "--data",
        metavar="DIR",
        envvar="RESTANTE_RELAY_DATA",
        required=True,
        type=click.Path(path_type=Path),
        help="The relay's directory (RESTANTE_RELAY_DATA).",
    )(body)


dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and do nothing."
)
