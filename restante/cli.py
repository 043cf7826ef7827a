"""The command line: parses, calls, and turns every outcome into a sentence and an exit code.

Rule: thin and lazy. The commands are in client/verbs, each imported when it is asked for; those of
the relay are here, since only this module may know both sides. Spec: docs/cli.md.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from restante import __version__
from restante.client.commands.outcome import keep_faults_off_the_terminal, outcome
from restante.client.commands.output import die_of_broken_pipe, drop_what_cannot_be_written
from restante.client.verbs.invocation import Invocation, command, common
from restante.errors import ExitCode

HOMES: Final = {
    "account": ("init", "recover", "recovery", "account"),
    "people": ("contact", "verify"),
    "devices": ("device",),
    "messages": (
        *("send", "edit", "delete", "react", "pin", "timer"),
        *("tail", "history", "why"),
    ),
    "engine": ("chat", "daemon", "rpc", "setting"),
}
"""Where in client/verbs each command is."""

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
    """The top command: finds the others where they are, and says where files live if asked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return sorted(
            [*super().list_commands(ctx), *(n for names in HOMES.values() for n in names)]
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's home, if it has one."""
        for home, names in HOMES.items():
            if cmd_name in names:
                verbs: click.Group = import_module(f"restante.client.verbs.{home}").verbs
                return verbs.commands[cmd_name]
        return super().get_command(ctx, cmd_name)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and places."""
        from restante.client.profile import home

        self.epilog = _EPILOG.format(home=home(os.environ))
        super().format_epilog(ctx, formatter)


@click.group(cls=_Lazy, invoke_without_command=True)
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


@cli.group()
def relay() -> None:
    """Host a relay."""


@command(relay)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen (127.0.0.1:7441).")
@click.option("--data", metavar="DIR", help="Where the relay keeps its database.")
@click.option("--tls-cert", metavar="FILE", help="TLS certificate chain, PEM.")
@click.option("--tls-key", metavar="FILE", help="Its private key, PEM.")
@click.option("--name", "names", multiple=True, metavar="HOST[:PORT]", help="How clients call it.")
@click.option("--open-registration", is_flag=True, help="Let anybody take a name, without invite.")
@click.option("--settings", "path", metavar="FILE", help="Settings in TOML; options win over it.")
def serve(
    run: Invocation, path: str | None, names: tuple[str, ...], open_registration: bool, **more: Any
) -> int:
    """Run a relay until SIGTERM or Ctrl-C. Variables RESTANTE_RELAY_* set what options don't."""
    from pathlib import Path

    from restante.relay import commands
    from restante.relay.settings import read_settings

    given = more | {"names": list(names) or None, "open_registration": open_registration or None}
    settings = read_settings(Path(path) if path else None, **given)
    return commands.serve(settings, json_lines=run.is_json)


@relay.group()
def invite() -> None:
    """Codes that let people take a name at a relay."""


@command(invite)
@click.option("--data", metavar="DIR", required=True, help="The relay's directory.")
@click.option("--uses", type=int, default=1, show_default=True, help="For how many accounts.")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True)
def new(run: Invocation, data: str, uses: int, days: int) -> int:
    """Make an invite, also beside the running relay, and print its code."""
    from pathlib import Path

    from restante.relay import commands

    code = commands.invite_new(Path(data), uses=uses, expires_s=days * 86400)
    run.out.data({"type": "invite", "code": code, "uses": uses, "days": days}, code)
    return ExitCode.OK


def main() -> NoReturn:
    """Run the command line and exit."""
    keep_faults_off_the_terminal()
    if "_RESTANTE_COMPLETE" in os.environ:
        cli.main(prog_name="restante")  # a shell asks what could come next; this ends the program
    exit_code = run_cli(sys.argv[1:])
    drop_what_cannot_be_written()
    sys.exit(exit_code)


def run_cli(arguments: list[str]) -> int:
    """Run one command and return its exit code. Nothing but a signal gets past this."""
    invocation = Invocation()
    try:
        # Not click's own main: it writes on Ctrl-C, and makes a reader that left an exit code 1.
        with cli.make_context("restante", [*arguments], obj=invocation) as ctx:  # it empties it
            return cli.invoke(ctx) or 0
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
        return ExitCode.INTERRUPTED
    except Exception as error:
        return outcome(
            invocation.out, error, lambda: invocation.profile, verbosity=invocation.verbosity
        )
