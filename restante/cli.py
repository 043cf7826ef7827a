"""The command line: parses, calls, and turns every outcome into a sentence and an exit code.

Rule: thin and lazy. The commands are in client/verbs and relay/verbs, each imported when it is
asked for; here is what must know both sides. Spec: docs/cli.md.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from restante import __version__
from restante.client.commands.outcome import keep_faults_off_the_terminal, outcome
from restante.client.commands.output import die_of_broken_pipe, drop_what_cannot_be_written
from restante.client.verbs.invocation import Invocation, command, common, show_examples, taken
from restante.errors import ExitCode

HOMES: Final = {
    "account": ("init", "recover", "recovery", "account"),
    "people": ("contact", "verify"),
    "groups": ("group",),
    "polls": ("poll",),
    "spaces": ("space",),
    "devices": ("device",),
    "sending": ("send", "scheduled", "run"),
    "files": ("file",),
    "voice": ("voice",),
    "hooks": ("tail", "hook"),
    "messages": (
        *("edit", "delete", "react", "pin", "forward", "timer"),
        *("ls", "history", "search", "mark", "why"),
    ),
    "engine": ("chat", "serve-web", "daemon", "rpc", "setting"),
    "keeping": ("backup", "export", "import", "bundle"),
    "locking": ("lock", "unlock", "passphrase", "doctor", "panic"),
}
"""Where in client/verbs each command is."""

RELAY_HOMES: Final = {
    "serving": ("serve",),
    "settings": ("config",),
    "invites": ("invite",),
    "keeping": ("backup", "restore", "upgrade"),
    "accounts": ("accounts",),
    "tending": ("stats", "drain", "wake-key"),
    "hosting": ("up", "down"),
}
"""Where in relay/verbs each of the relay's commands is."""

_EPILOG: Final = """\b
Exit codes:
  0  done                            5  rate limit or quota
  1  you can fix it                  6  profile is locked
  2  wrong usage                     7  queued, not yet relayed: do not resend
  3  relay or disk failed;           8  --wait ran out of time
     nothing remains queued          9  some recipients failed
  4  key untrusted or changed      130  interrupted

\b
Profiles live in {home}
(RESTANTE_HOME sets another place); the log of one is profiles/NAME/restante.log there."""


class _Lazy(click.Group):
    """A group whose commands are found where they are when they are asked for."""

    def __init__(
        self, *rest: Any, package: str, homes: Mapping[str, Sequence[str]], **more: Any
    ) -> None:
        super().__init__(*rest, **more)
        self._package, self._homes = package, homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return sorted(
            {*super().list_commands(ctx), *(n for names in self._homes.values() for n in names)}
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's home, if it has one."""
        for home, names in self._homes.items():
            if cmd_name in names and cmd_name not in self.commands:
                verbs: click.Group = import_module(f"{self._package}.{home}").verbs
                self.add_command(_with_common_options(verbs.commands[cmd_name]))
        return super().get_command(ctx, cmd_name)


class _Top(_Lazy):
    """The top command: says where files live if asked."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and places."""
        from restante.client.profile import home

        self.epilog = _EPILOG.format(home=home(os.environ))
        super().format_epilog(ctx, formatter)


def _with_common_options(command: click.Command) -> click.Command:
    """Give the relay's commands, which know no client, the options that all commands have."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _with_common_options(each)
    elif (body := command.callback) and not any(one.name == "is_json" for one in command.params):
        names = frozenset(str(one.name) for one in command.params)

        def run(**options: Any) -> Any:
            invocation = click.get_current_context().ensure_object(Invocation)
            invocation.take(**taken(options, without=names))
            return body(**options)

        added = common(run, without=names).__click_params__  # type: ignore[attr-defined]  # click's
        command.params += reversed(added)
        show_examples(command)
        command.callback = run
    return command


@click.group(cls=_Top, package="restante.client.verbs", homes=HOMES, invoke_without_command=True)
@click.version_option(__version__, prog_name="restante", message="%(prog)s %(version)s")
@common
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> int | None:
    """End-to-end encrypted messages from the terminal, through a relay anyone can host.

    Without a command: the chat.
    """
    invocation = ctx.ensure_object(Invocation)
    invocation.take(**given)
    if ctx.invoked_subcommand is not None:
        return None
    from restante.client.verbs.engine import show_chat

    return show_chat(invocation)


@cli.group(cls=_Lazy, package="restante.relay.verbs", homes=RELAY_HOMES)
def relay() -> None:
    """Host a relay."""


@command(relay)
def audit(run: Invocation) -> int:
    """Print all that your own relay holds about your account."""
    from restante.client.commands.audit import audit as body

    with run.caller() as caller:
        return body(run.out, caller)


@command(relay)
@click.option(
    "--data",
    metavar="DIR",
    envvar="RESTANTE_RELAY_DATA",
    required=True,
    help="The relay's directory (RESTANTE_RELAY_DATA).",
)
@click.option("--settings", metavar="FILE", help="Its settings, for the limits in them.")
@click.option("--thorough", is_flag=True, help="Read a large database through, too.")
@click.option("--no-message", is_flag=True, help="Send no message from end to end.")
def doctor(
    run: Invocation, data: str, settings: str | None, thorough: bool, no_message: bool
) -> int:
    """Look for what is wrong with a relay, and say what to do about it."""
    from pathlib import Path

    from restante.client.commands.canary import fly
    from restante.relay.verbs.doctoring import doctor as body

    place, canary = Path(settings) if settings else None, None if no_message else fly
    return body(run, Path(data), place, canary=canary, is_thorough=thorough)


def main() -> NoReturn:
    """Run the command line and exit."""
    keep_faults_off_the_terminal()
    if "_RESTANTE_COMPLETE" in os.environ:
        cli.main(prog_name="restante")  # a shell asks what could come next; this ends the program
    exit_code = run_cli(sys.argv[1:])
    drop_what_cannot_be_written()
    gc.freeze()  # all that is left goes with the process; looking through it takes 15 ms
    sys.exit(exit_code)


def run_cli(arguments: list[str]) -> int:
    """Run one command and return its exit code. Nothing but a signal gets past this."""
    invocation = Invocation()
    try:
        # Not click's own main: it writes on Ctrl-C, and makes a reader that left an exit code 1.
        with cli.make_context("restante", [*arguments], obj=invocation) as ctx:  # it empties it
            code: int = cli.invoke(ctx) or 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        invocation.is_json = invocation.is_json or "--json" in arguments
        where = getattr(error, "ctx", None)
        hint = f" See: {where.command_path} --help" if where else ""
        return invocation.out.failed(ExitCode.USAGE, f"{error.format_message().rstrip('.')}.{hint}")
    except BrokenPipeError:
        die_of_broken_pipe()
    except (KeyboardInterrupt, click.Abort):
        code = ExitCode.INTERRUPTED
    except Exception as error:
        return outcome(
            invocation.out, error, lambda: invocation.profile, verbosity=invocation.verbosity
        )
    if invocation.is_out_of_time and code == ExitCode.INTERRUPTED:
        return invocation.out.failed(
            ExitCode.WAIT_TIMED_OUT,
            f"It took longer than the {invocation.timeout_s:g} s that --timeout gave it. What was "
            "asked may be done in part, or still be done.",
        )
    return code
