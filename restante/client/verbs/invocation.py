"""What every command has: the common options, wherever they stood, and what follows from them.

Rule: a command is a function of an `Invocation` and its own options. Spec: docs/cli.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from restante.client.commands.output import Output
from restante.client.profile import Profile, locate_profile

F = TypeVar("F", bound=Callable[..., Any])

CONVERSATION: Final = "CONVERSATION is an address, a contact's name or a conversation's key."


def common(command: F) -> F:
    """Give a command the options that all have; they may also stand before the command."""
    options = (
        click.option("--json", "is_json", is_flag=True, help="One JSON object a line on stdout."),
        click.option("--profile", metavar="NAME", help="Which profile (RESTANTE_PROFILE)."),
        click.option("-v", "--verbose", count=True, help="Say and log more."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    )
    for option in reversed(options):
        command = option(command)
    return command


class Invocation:
    """What the common options of one run say, wherever they stood."""

    def __init__(self) -> None:
        self.is_json = False
        self.profile_name: str | None = None
        self.verbosity = 0

    def take(self, *, is_json: bool, profile: str | None, verbose: int, quiet: bool) -> None:
        """Add what one command was given."""
        self.is_json = self.is_json or is_json
        self.profile_name = profile or self.profile_name
        self.verbosity = -1 if quiet else self.verbosity + verbose

    @property
    def out(self) -> Output:
        """Where to speak."""
        return Output(is_json=self.is_json, verbosity=self.verbosity)

    def qr(self, text: str) -> list[str]:
        """Return the lines of a QR code, or none where it couldn't be seen."""
        encoding = (sys.stdout.encoding or "").lower()
        if self.is_json or not sys.stdout.isatty() or encoding not in {"utf-8", "utf8"}:
            return []
        from restante.client.qr import qr_lines_for_terminal

        return qr_lines_for_terminal(text, is_ascii=False)

    @property
    def profile(self) -> Profile:
        """The chosen profile. UserError: no such name can be."""
        return locate_profile(self.profile_name, os.environ)

    def caller(self, profile: Profile | None = None) -> Any:
        """Make a `Caller` for the profile."""
        from restante.client.oneshot import Caller

        return Caller(profile or self.profile, host=self._host)

    def _host(self, profile: Profile, lock: Any) -> Any:
        from restante.client.oneshot import EngineThread
        from restante.client.own_engine import open_engine_alone, open_log_of

        open_log_of(profile, verbosity=self.verbosity)
        return EngineThread.start(profile, lock, open_engine_alone)


def command(group: click.Group, name: str | None = None) -> Callable[[F], F]:
    """Register `body(invocation, **options)` as a command with the common options."""

    def register(body: F) -> F:
        def run(
            *, is_json: bool, profile: str | None, verbose: int, quiet: bool, **options: Any
        ) -> Any:
            invocation = click.get_current_context().ensure_object(Invocation)
            invocation.take(is_json=is_json, profile=profile, verbose=verbose, quiet=quiet)
            return body(invocation, **options)

        run.__doc__ = body.__doc__
        run.__click_params__ = getattr(body, "__click_params__", [])  # type: ignore[attr-defined]
        group.command(name or body.__name__.strip("_"))(common(run))
        return body

    return register
