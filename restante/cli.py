"""The command line: parses, calls, and turns every outcome into a sentence and an exit code.

Rule: thin and lazy. A command's body lives in client/commands or in relay and is imported when it
runs; the only module that knows click. Spec: docs/cli.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import click

from restante import __version__
from restante.client.commands.outcome import keep_faults_off_the_terminal, outcome
from restante.client.commands.output import Output, die_of_broken_pipe, drop_what_cannot_be_written
from restante.client.profile import Profile, locate_profile
from restante.errors import ExitCode, UserError

F = TypeVar("F", bound=Callable[..., Any])

_CONVERSATION: Final = "CONVERSATION is an address, a contact's name or a conversation's key."

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
    """The top command; writes where files live only when its help is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from restante.client.profile import home

        self.epilog = _EPILOG.format(home=home(os.environ))
        super().format_epilog(ctx, formatter)


def _common(command: F) -> F:
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


class _Invocation:
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


def _command(group: click.Group, name: str | None = None) -> Callable[[F], F]:
    """Register `body(invocation, **options)` as a command with the common options."""

    def register(body: F) -> F:
        def run(
            *, is_json: bool, profile: str | None, verbose: int, quiet: bool, **options: Any
        ) -> Any:
            invocation = click.get_current_context().ensure_object(_Invocation)
            invocation.take(is_json=is_json, profile=profile, verbose=verbose, quiet=quiet)
            return body(invocation, **options)

        run.__doc__ = body.__doc__
        run.__click_params__ = getattr(body, "__click_params__", [])  # type: ignore[attr-defined]
        group.command(name or body.__name__.strip("_"))(_common(run))
        return body

    return register


@click.group(cls=_Lazy, invoke_without_command=True)
@click.version_option(__version__, prog_name="restante", message="%(prog)s %(version)s")
@_common
@click.pass_context
def cli(ctx: click.Context, /, **common: Any) -> int | None:
    """End-to-end encrypted messages from the terminal, through a relay anyone can host.

    Without a command: the chat.
    """
    invocation = ctx.ensure_object(_Invocation)
    invocation.take(**common)
    return _show_chat(invocation) if ctx.invoked_subcommand is None else None


@_command(cli)
@click.option("--address", metavar="NAME@HOST[:PORT]", help="Your name at your relay.")
@click.option("--invite", metavar="CODE", help="The invite that the relay's operator gave you.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
def init(run: _Invocation, address: str | None, invite: str | None, no_input: bool) -> int:
    """Create a profile and its account at a relay."""
    from restante.client.commands.init import init as body

    if not address:
        if no_input or not sys.stdin.isatty():
            raise click.UsageError("Missing option '--address'.")
        address = click.prompt("Your address (NAME@HOST)", err=True)
        invite = invite or click.prompt("Invite (empty if none)", default="", err=True) or None
    return body(run.out, run.profile, run.caller, address=address, invite=invite)


@_command(cli)
@click.argument("address", metavar="NAME@HOST[:PORT]")
@click.option("--no-input", is_flag=True, help="Take stdin as it is; never ask.")
def recover(run: _Invocation, address: str, no_input: bool) -> int:
    """Bring an account back on a new machine, with its kit's 24 words on stdin."""
    from restante.client.commands import recovery as bodies

    may_ask = not no_input
    return bodies.recover(run.out, run.profile, run.caller, address=address, may_ask=may_ask)


@cli.group()
def recovery() -> None:
    """The recovery kit: your account as 24 words on paper."""


@_command(recovery)
@click.option("--output", metavar="FILE", help="Write a page to print (HTML), not to stdout.")
@click.option("--text", is_flag=True, help="With --output: plain text.")
def kit(run: _Invocation, output: str | None, text: bool) -> int:
    """Print the kit: 24 words, and what to do with them."""
    from restante.client.commands import recovery as bodies

    with run.caller() as caller:
        return bodies.kit(run.out, caller, output=output, is_text=text)


@_command(recovery)
def confirm(run: _Invocation) -> int:
    """Name three words of the kit; then it is erased from this machine."""
    from restante.client.commands import recovery as bodies

    with run.caller() as caller:
        return bodies.confirm(run.out, caller, lambda text: str(click.prompt(text, err=True)))


@cli.group()
def account() -> None:
    """Your account as a whole: moving it, and leaving."""


@_command(account)
@click.argument("address", metavar="NAME@HOST[:PORT]")
@click.option("--invite", metavar="CODE", help="The invite that the new relay's operator gave you.")
@click.option("--no-input", is_flag=True, help="Take the kit's words from stdin; never ask.")
def move(run: _Invocation, address: str, invite: str | None, no_input: bool) -> int:
    """Take the account to another relay; contacts follow."""
    from restante.client.commands.account import move as body

    with run.caller() as caller:
        return body(run.out, caller, address=address, invite=invite, may_ask=not no_input)


@_command(account, "delete")
@click.option("--confirm", metavar="ADDRESS", help="Your address: you mean it.")
def delete_account(run: _Invocation, confirm: str | None) -> int:
    """Delete the account for good: at its relay, and all of this profile."""
    from restante.client.commands.account import delete as body

    if not confirm:
        if not sys.stdin.isatty():
            raise click.UsageError("Missing option '--confirm'.")
        confirm = click.prompt("There is no way back. Type your address to go on", err=True)
    return body(run.out, run.profile, run.caller(), address=str(confirm))


@cli.group()
def contact() -> None:
    """People: their codes, requests and names."""


@_command(contact)
@click.option("--qr", is_flag=True, help="Draw it as a QR code too.")
def code(run: _Invocation, qr: bool) -> int:
    """Print your contact code, for others to add you."""
    from restante.client.commands import contact as bodies

    with run.caller() as caller:
        return bodies.code(run.out, caller, qr=qr)


@_command(contact)
@click.argument("code_or_address", metavar="CODE|ADDRESS")
@click.option("--name", help="Your own name for them.")
def add(run: _Invocation, code_or_address: str, name: str | None) -> int:
    """Add a person by contact code, which verifies them, or by address."""
    from restante.client.commands import contact as bodies

    with run.caller() as caller:
        return bodies.add(run.out, caller, code_or_address, name=name)


@_command(contact)
def ls(run: _Invocation) -> int:
    """List contacts and requests."""
    from restante.client.commands import contact as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


def _settle(run: _Invocation, method: str, conversation: str, **more: Any) -> int:
    from restante.client.commands.contact import settle

    with run.caller() as caller:
        return settle(run.out, caller, method, conversation, **more)


@_command(contact)
@click.argument("conversation")
def accept(run: _Invocation, conversation: str) -> int:
    """Accept a request: its messages are yours, and they learn how to reach you."""
    return _settle(run, "contact_accept", conversation, is_told=True)


@_command(contact)
@click.argument("conversation")
def block(run: _Invocation, conversation: str) -> int:
    """Block a person: nothing more is shown, and they can't tell."""
    return _settle(run, "contact_block", conversation, is_told=True)


@_command(contact, "accept-key")
@click.argument("conversation")
def accept_key(run: _Invocation, conversation: str) -> int:
    """Go on with a changed security key: what was paused is sent to it."""
    return _settle(run, "accept_key", conversation, is_told=True)


@_command(contact)
@click.argument("conversation")
@click.argument("name")
def rename(run: _Invocation, conversation: str, name: str) -> int:
    """Give a contact your own NAME; an empty one takes it back."""
    return _settle(run, "contact_rename", conversation, is_told=False, petname=name)


@cli.group()
def device() -> None:
    """Your devices: link a new one, list, rename and revoke them."""


@_command(device)
@click.argument("address", metavar="NAME@HOST[:PORT]")
@click.option("--name", help="What to call this device; its host name unless you say.")
@click.option("--no-qr", is_flag=True, help="Don't draw the code as a QR code.")
def link(run: _Invocation, address: str, name: str | None, no_qr: bool) -> int:
    """Make this profile a new device of your account; the first one approves it."""
    from restante.client.commands import device as bodies

    draws = sys.stdout.isatty() and not no_qr
    return bodies.link(run.out, run.profile, run.caller, address=address, name=name, draws=draws)


@_command(device)
@click.argument("code")
@click.option("--digits", help="What the new device shows, once it has been asked for.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
def approve(run: _Invocation, code: str, digits: str | None, no_input: bool) -> int:
    """Let a new device in: CODE is what it shows, then its six digits are asked for."""
    from restante.client.commands import device as bodies

    def ask(name: str) -> str:
        try:
            answer: str = click.prompt(f"The six digits that {name} shows", err=True)
        except click.Abort:
            raise KeyboardInterrupt from None
        return answer

    asks = not no_input and sys.stdin is not None and sys.stdin.isatty()
    with run.caller() as caller:
        return bodies.approve(run.out, caller, code, digits=digits, ask=ask if asks else None)


@_command(device, "ls")
def _ls_devices(run: _Invocation) -> int:
    """List your devices."""
    from restante.client.commands import device as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@_command(device, "rename")
@click.argument("device_name", metavar="DEVICE")
@click.argument("name")
def _rename_device(run: _Invocation, device_name: str, name: str) -> int:
    """Call a device (its name, or the start of its id) by another NAME."""
    from restante.client.commands import device as bodies

    with run.caller() as caller:
        return bodies.rename(run.out, caller, device_name, name)


@_command(device)
@click.argument("device_name", metavar="DEVICE")
@click.option("--yes", is_flag=True, help="Don't ask whether you mean it.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
def revoke(run: _Invocation, device_name: str, yes: bool, no_input: bool) -> int:
    """Take a device off your account: nothing more reaches it, for good."""
    from restante.client.commands import device as bodies

    if not yes and (no_input or not sys.stdin.isatty()):
        raise click.UsageError("Missing option '--yes'.")

    def ask(which: str) -> bool:
        return click.confirm(f"Revoke {which} for good?", err=True)

    with run.caller() as caller:
        return bodies.revoke(run.out, caller, device_name, ask=None if yes else ask)


@_command(cli)
@click.argument("conversation")
@click.argument("text", metavar="TEXT|-", required=False)
@click.option("--location", metavar="LAT,LON", help="Send a place; TEXT, if any, is its label.")
@click.option(
    "--wait",
    type=click.Choice(["queued", "relayed", "delivered"]),
    default="relayed",
    show_default=True,
    help="How far the message must come.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for that.",
)
def send(
    run: _Invocation,
    *,
    conversation: str,
    text: str | None,
    location: str | None,
    wait: str,
    timeout: float,
) -> int:
    """Send TEXT, or with - what is on stdin (UTF-8, taken as it is)."""
    from restante.client.commands import send as bodies

    if text is None and location is None:
        raise click.UsageError("Missing argument 'TEXT|-'.")
    profile = run.profile
    what = bodies.what_to_send(text, location)
    with run.caller(profile) as caller:
        return bodies.send(run.out, caller, conversation, what, wait=wait, timeout_s=timeout)


@_command(cli)
@click.argument("message")
@click.argument("text", metavar="TEXT|-")
def edit(run: _Invocation, message: str, text: str) -> int:
    """Change what MESSAGE, a text of yours, says; what it said before stays to be seen."""
    from restante.client.commands import changes as bodies
    from restante.client.commands.send import text_argument

    text = text_argument(text)
    with run.caller() as caller:
        return bodies.change(run.out, caller, "edit", message, text=text)


@_command(cli)
@click.argument("message")
@click.option("--for-everyone", is_flag=True, help="Also with the others; only your own messages.")
def delete(run: _Invocation, message: str, for_everyone: bool) -> int:
    """Delete MESSAGE from your devices."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.delete(run.out, caller, message, for_everyone=for_everyone)


@_command(cli)
@click.argument("message")
@click.argument("emoji")
def react(run: _Invocation, message: str, emoji: str) -> int:
    """Put an EMOJI on MESSAGE, in the place of your earlier one; an empty one takes it back."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.change(run.out, caller, "react", message, emoji=emoji)


@_command(cli)
@click.argument("message")
@click.option("--undo", is_flag=True, help="Take that back.")
def pin(run: _Invocation, message: str, undo: bool) -> int:
    """Pin MESSAGE for everybody in its conversation."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.change(run.out, caller, "pin", message, pinned=not undo)


@_command(cli)
@click.argument("conversation")
@click.argument("time", metavar="[TIME|off]", required=False)
def timer(run: _Invocation, conversation: str, time: str | None) -> int:
    """Say, or set for everybody, how long messages stay once read: 30s, 5m, 8h, 1d, 4w, off."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.timer(run.out, caller, conversation, time)


@_command(cli)
@click.argument("name", required=False)
@click.argument("value", metavar="[on|off]", required=False)
def setting(run: _Invocation, name: str | None, value: str | None) -> int:
    """Say, or change on all your devices, what you show of yourself."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.setting(run.out, caller, name, value)


@_command(cli)
@click.option("--once", is_flag=True, help="Print what has arrived, then end.")
@click.option("--consumer", metavar="NAME", help="Whose place to go on from; each has its own.")
@click.option("--ack", is_flag=True, help="With --consumer: acknowledge what was printed.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="With --once: how long to wait for the relay.",
)
def tail(run: _Invocation, once: bool, consumer: str | None, ack: bool, timeout: float) -> int:
    """Print what arrives, each thing once."""
    from restante.client.commands.tail import DEFAULT_CONSUMER, Tail

    with run.caller() as caller:
        printing = Tail(
            out=run.out,
            caller=caller,
            consumer=consumer or DEFAULT_CONSUMER,
            acknowledges=ack or consumer is None,
        )
        return printing.once(timeout_s=timeout) if once else printing.follow()


@_command(cli)
@click.argument("conversation")
@click.option("--last", type=click.IntRange(min=0), metavar="N", help="Only the last N.")
def history(run: _Invocation, conversation: str, last: int | None) -> int:
    """Print a conversation, oldest first."""
    from restante.client.commands.history import history as body

    with run.caller() as caller:
        return body(run.out, caller, conversation, last=last)


@_command(cli)
@click.argument("message")
def why(run: _Invocation, message: str) -> int:
    """Say what became of MESSAGE (its id, as --json prints it), device by device."""
    from restante.client.commands.why import why as body

    with run.caller() as caller:
        return body(run.out, caller, message)


@_command(cli)
@click.argument("method", required=False)
@click.argument("params", metavar="[PARAMS]", required=False)
@click.option("--schema", is_flag=True, help="Print what there is to call, as OpenRPC.")
def rpc(run: _Invocation, method: str | None, params: str | None, schema: bool) -> int:
    """Call METHOD of the engine with PARAMS, a JSON object; without, pass on JSON-RPC lines."""
    from restante.client.commands import rpc as bodies

    if schema:
        return bodies.schema()
    with run.caller() as caller:
        if method is None:
            return bodies.session(run.out, caller)
        return bodies.call(caller, method, params)


@_command(cli)
@click.argument("conversation")
@click.option("--qr", is_flag=True, help="Draw it as a QR code too.")
@click.option("--scanned", metavar="DIGITS", help="Compare with DIGITS, read off their screen.")
@click.option("--confirm", is_flag=True, help="Record that both have the same number.")
@click.option("--undo", is_flag=True, help="Take that back.")
def verify(run: _Invocation, conversation: str, *, qr: bool, **said: Any) -> int:
    """Print the safety number to compare with a person."""
    from restante.client.commands import verify as bodies

    if sum(map(bool, said.values())) > 1:
        raise click.UsageError("One of --scanned, --confirm and --undo.")
    with run.caller() as caller:
        if said["scanned"]:
            return bodies.compare(run.out, caller, conversation, said["scanned"])
        if said["confirm"] or said["undo"]:
            return bodies.record(run.out, caller, conversation, verified=said["confirm"])
        return bodies.show(run.out, caller, conversation, qr=qr)


@_command(cli)
def daemon(run: _Invocation) -> int:
    """Stay connected in the background, until ended."""
    from restante.client.commands.daemon import daemon as body

    return body(run.out, run.profile)


@_command(cli)
def chat(run: _Invocation) -> int:
    """Open the chat."""
    return _show_chat(run)


def _show_chat(run: _Invocation) -> int:
    from restante.client.commands.screen import why_no_screen

    if (why := why_no_screen()) is not None:
        raise UserError(why)
    from restante.client.commands.chat import chat as body

    return body(run.out, run.profile)


@cli.group()
def relay() -> None:
    """Host a relay."""


@_command(relay)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen (127.0.0.1:7441).")
@click.option("--data", metavar="DIR", help="Where the relay keeps its database.")
@click.option("--tls-cert", metavar="FILE", help="TLS certificate chain, PEM.")
@click.option("--tls-key", metavar="FILE", help="Its private key, PEM.")
@click.option("--name", "names", multiple=True, metavar="HOST[:PORT]", help="How clients call it.")
@click.option("--open-registration", is_flag=True, help="Let anybody take a name, without invite.")
@click.option("--settings", "path", metavar="FILE", help="Settings in TOML; options win over it.")
def serve(
    run: _Invocation, path: str | None, names: tuple[str, ...], open_registration: bool, **more: Any
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


@_command(invite)
@click.option("--data", metavar="DIR", required=True, help="The relay's directory.")
@click.option("--uses", type=int, default=1, show_default=True, help="For how many accounts.")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True)
def new(run: _Invocation, data: str, uses: int, days: int) -> int:
    """Make an invite, also beside the running relay, and print its code."""
    from pathlib import Path

    from restante.relay import commands

    code = commands.invite_new(Path(data), uses=uses, expires_s=days * 86400)
    run.out.data({"type": "invite", "code": code, "uses": uses, "days": days}, code)
    return ExitCode.OK


for _made in (send, history, verify, timer):
    cli.commands[_made.__name__].epilog = _CONVERSATION


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
    invocation = _Invocation()
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
