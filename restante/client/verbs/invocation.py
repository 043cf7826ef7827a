"""What every command has: the common options, wherever they stood, and what follows from them.

Rule: a command is a function of an `Invocation` and its own options. Spec: docs/cli.md.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from restante.client.commands.output import Output
from restante.client.profile import Profile, locate_profile
from restante.errors import ExitCode

if TYPE_CHECKING:
    from restante.crypto.keys import ProfileKey

F = TypeVar("F", bound=Callable[..., Any])

CONVERSATION: Final = "CONVERSATION is an address, a contact's name or a conversation's key."


class Seconds(click.FloatRange):
    """A time in seconds, of up to a year: `nan` is none, and no clock counts to `inf`."""

    def __init__(self, *, min_open: bool = False) -> None:
        super().__init__(min=0, max=31_536_000, min_open=min_open)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        found: float = super().convert(value, param, ctx)
        if found != found:  # noqa: PLR0124  (not a number)
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return found


_MORE: Final = {
    "no_input": click.option("--no-input", is_flag=True, help="Never ask; fail instead."),
    "timeout": click.option(
        "--timeout",
        type=Seconds(min_open=True),
        metavar="SECONDS",
        help="End after so long, with 8.",
    ),
}
"""Common options that some commands have in a sense of their own, by their parameters."""

DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and do nothing."
)


def common(command: F, *, without: frozenset[str] = frozenset()) -> F:
    """Give a command the options that all have; they may also stand before the command.

    `without`: those that it has itself, by the names of their parameters.
    """
    options = (
        click.option("--json", "is_json", is_flag=True, help="One JSON object a line on stdout."),
        click.option("--profile", metavar="NAME", help="Which profile (RESTANTE_PROFILE)."),
        click.option("--passphrase-fd", type=int, metavar="N", help="Read the passphrase there."),
        click.option("-v", "--verbose", count=True, help="Say and log more."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    )
    for option in reversed([*options, *(_MORE[name] for name in _MORE if name not in without)]):
        command = option(command)
    return command


def protect_option(command: F) -> F:
    """Give a command that makes a profile the option that says how its key is kept."""
    return click.option(
        "--protect",
        type=click.Choice(["file", "passphrase", "keyring"]),
        default="file",
        help="How the profile's key is kept. In a file: whoever has your files has it.",
    )(command)


class Invocation:
    """What the common options of one run say, wherever they stood."""

    def __init__(self) -> None:
        self.is_json = False
        self.profile_name: str | None = None
        self.verbosity = 0
        self.passphrase_fd: int | None = None
        self._given: str | None = None
        self._key: ProfileKey | None = None
        self.may_ask = True
        self.timeout_s: float | None = None
        self.is_out_of_time = False

    def take(
        self,
        *,
        is_json: bool,
        profile: str | None,
        passphrase_fd: int | None,
        verbose: int,
        quiet: bool,
        no_input: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Add what one command was given."""
        self.is_json = self.is_json or is_json
        self.profile_name = profile or self.profile_name
        self.verbosity = -1 if quiet else self.verbosity + verbose
        if passphrase_fd is not None:
            self.passphrase_fd = passphrase_fd
        self.may_ask = self.may_ask and not no_input
        if timeout is not None:
            self._end_after(timeout)

    def _end_after(self, timeout_s: float) -> None:
        """Have the clock press Ctrl-C: every command knows what to do then, wherever it is."""

        def press(_number: int, _frame: FrameType | None) -> None:
            self.is_out_of_time = True
            signal.raise_signal(signal.SIGINT)

        self.timeout_s = timeout_s
        signal.signal(signal.SIGALRM, press)
        signal.setitimer(signal.ITIMER_REAL, timeout_s)

    def asks(self) -> bool:
        """Whether somebody is there to be asked, and may be."""
        return self.may_ask and sys.stdin is not None and sys.stdin.isatty()

    @property
    def out(self) -> Output:
        """Where to speak."""
        return Output(is_json=self.is_json, verbosity=self.verbosity)

    def would(self, sentence: str) -> ExitCode:
        """Say what would be done, of a command that was only tried."""
        from restante.client.commands.trying import would

        return would(self.out, sentence)

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

    def caller(self, profile: Profile | None = None, *, is_brief: bool = False) -> Any:
        """Make a `Caller` for the profile. `is_brief`: an engine of its own puts the rest off."""
        from restante.client.oneshot import Caller

        host = partial(self._host, is_brief=is_brief)
        return Caller(profile or self.profile, host=host, before_hosting=self._ask_key)

    def passphrase(self) -> str | None:
        """Return the passphrase that was handed over, if one was: a descriptor is read once."""
        from restante.client.keeping.asking import given

        if self._given is None:
            self._given = given(os.environ, descriptor=self.passphrase_fd)
        return self._given

    def new_passphrase(self, descriptor: int | None) -> str | None:
        """Return a new passphrase that was handed over, if one was."""
        from restante.client.keeping.asking import given

        return given({}, descriptor=descriptor)

    def ask_new_passphrase(self) -> str:
        """Ask for a new passphrase, twice. LockedError: there is nobody to ask."""
        from restante.client.keeping.asking import ask_new

        return ask_new(self.ask)

    def ask(self, prompt: str) -> str:
        """Ask for a line that isn't shown. LockedError: there is nobody to ask."""
        if not self.asks():
            from restante.client.keeping.refusals import needs_passphrase

            raise needs_passphrase()
        return str(click.prompt(prompt, hide_input=True, err=True))

    def kept_key(self, protect: str) -> Callable[[], bytes] | None:
        """Return what makes the key file of a profile that is to be; None: a file, as it is.

        UserError: the profile is there and kept otherwise; no passphrase could be had.
        """
        if protect == "file":
            return None
        from restante.client.keeping.creating import new_key

        self._key, kept_key = new_key(self.profile, protect, self.passphrase, self.ask)
        return kept_key

    def key(self, *, may_ask: bool) -> ProfileKey | None:
        """Return the key of a profile whose passphrase was given, or can be; else it stays locked.

        Nothing is asked while another process runs the engine, which has the key or is locked.
        """
        from restante.client.attach import attach

        profile = self.profile
        is_asked = may_ask and sys.stdin.isatty()
        if not profile.exists or not (is_asked or self.passphrase_fd is not None):
            return None
        if (attached := attach(profile)) is not None:
            attached.close()
            return None
        self._ask_key(profile)
        return self._key

    def _ask_key(self, profile: Profile) -> None:
        """Have the key before the profile's lock is taken: nobody waits while a person types."""
        from restante.client.keeping.protection import kept_by, open_key, read_passphrase

        if self._key is None and kept_by(profile) == "passphrase":
            text = self.passphrase() or self.ask("Passphrase")
            self._key = open_key(profile, read_passphrase(text))

    def _host(self, profile: Profile, lock: Any, *, is_brief: bool) -> Any:
        gc.disable()  # what is imported from here on is kept, and costs a seventh less
        from restante.client.log import open_log_of
        from restante.client.oneshot import EngineThread
        from restante.client.own_engine import open_engine_alone

        open_log_of(profile, verbosity=self.verbosity)
        opener = partial(open_engine_alone, key=self._key, is_brief=is_brief)
        return EngineThread.start(profile, lock, opener)


def taken(options: dict[str, Any], *, without: frozenset[str]) -> dict[str, Any]:
    """Take the common options out of those that a command was given."""
    names = ("is_json", "profile", "passphrase_fd", "verbose", "quiet", *_MORE)
    return {name: options.pop(name) for name in names if name not in without}


def show_examples(command: click.Command) -> None:
    """Have a command's help end with how it is called, looked up when somebody asks for help."""

    def format_epilog(ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from restante.client.verbs.examples import EXAMPLES

        click.Command.format_epilog(command, ctx, formatter)
        found = EXAMPLES.get(path_of(ctx), ())
        if found:
            with formatter.section("Examples"):
                for line in found:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")

    command.format_epilog = format_epilog  # type: ignore[method-assign]  # click's way


def path_of(ctx: click.Context) -> str:
    """Return the words of a command, without the program's name."""
    words = [] if ctx.parent is None else [*path_of(ctx.parent).split(), str(ctx.info_name)]
    return " ".join(words)


def command(group: click.Group, name: str | None = None) -> Callable[[F], F]:
    """Register `body(invocation, **options)` as a command with the common options."""

    def register(body: F) -> F:
        own = getattr(body, "__click_params__", [])
        names = frozenset(each.name for each in own)

        def run(**options: Any) -> Any:
            invocation = click.get_current_context().ensure_object(Invocation)
            invocation.take(**taken(options, without=names))
            invocation.may_ask = invocation.may_ask and not options.get("no_input")
            return body(invocation, **options)

        run.__doc__ = body.__doc__
        run.__click_params__ = own  # type: ignore[attr-defined]  # click's
        made = group.command(name or body.__name__.strip("_"))(common(run, without=names))
        show_examples(made)
        return body

    return register
