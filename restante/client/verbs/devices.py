"""The devices of one's account.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import sys

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, command, protect_option

verbs = click.Group()


@verbs.group()
def device() -> None:
    """Your devices: link a new one, list, rename and revoke them."""


@command(device)
@click.argument("address", metavar="NAME@HOST[:PORT]")
@click.option("--name", help="What to call this device; its host name unless you say.")
@click.option("--no-qr", is_flag=True, help="Don't draw the code as a QR code.")
@protect_option
def link(run: Invocation, address: str, name: str | None, no_qr: bool, protect: str) -> int:
    """Make this profile a new device of your account. The first one approves it."""
    from restante.client.commands import device as bodies

    draws = sys.stdout.isatty() and not no_qr
    profile, kept_key = run.profile, run.kept_key(protect)
    return bodies.link(
        run.out, profile, run.caller, kept_key, address=address, name=name, draws=draws
    )


@command(device)
@click.argument("code")
@click.option("--digits", help="What the new device shows, once it has been asked for.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
def approve(run: Invocation, code: str, digits: str | None, no_input: bool) -> int:
    """Let a new device in. CODE is what it shows; then its six digits are asked for."""
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


@command(device, "ls")
def _ls_devices(run: Invocation) -> int:
    """List your devices."""
    from restante.client.commands import device as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@command(device)
@click.option("--again", is_flag=True, help="Ask another of your devices for all of it again.")
@click.option("--from", "source", metavar="DEVICE", help="With --again: whom; the first unless.")
@click.option("--dismiss", is_flag=True, help="Leave it at what is here.")
def history(run: Invocation, again: bool, source: str | None, dismiss: bool) -> int:
    """Say how your history stands here, and take in what has come."""
    from restante.client.commands.device_history import history as body

    if again and dismiss:
        raise click.UsageError("One of --again and --dismiss.")
    if source is not None and not again:
        raise click.UsageError("--from goes with --again.")
    with run.caller() as caller:
        return body(run.out, caller, again=again, device=source, dismiss=dismiss)


@command(device, "rename")
@click.argument("device_name", metavar="DEVICE")
@click.argument("name")
def _rename_device(run: Invocation, device_name: str, name: str) -> int:
    """Call a device by another NAME. DEVICE is its name, or the start of its id."""
    from restante.client.commands import device as bodies

    with run.caller() as caller:
        return bodies.rename(run.out, caller, device_name, name)


@command(device)
@click.argument("url", required=False)
@click.option("--off", is_flag=True, help="Wake it no more.")
def wake(run: Invocation, url: str | None, off: bool) -> int:
    """Have the relay wake this device through a push service. URL is what that gave you."""
    from restante.client.commands import device as bodies

    if off == (url is not None):
        raise click.UsageError("Give a URL or --off.")
    with run.caller() as caller:
        return bodies.wake(run.out, caller, url)


@command(device)
@click.argument("device_name", metavar="DEVICE")
@click.option("--yes", is_flag=True, help="Don't ask whether you mean it.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
@DRY_RUN
def revoke(run: Invocation, device_name: str, yes: bool, no_input: bool, dry_run: bool) -> int:
    """Take a device off your account. Nothing more reaches it, for good."""
    from restante.client.commands import device as bodies
    from restante.client.commands import trying

    if dry_run:
        with run.caller() as caller:
            return trying.revoke(run.out, caller, device_name)
    if not yes and (no_input or not sys.stdin.isatty()):
        raise click.UsageError("Missing option '--yes'.")

    def ask(which: str) -> bool:
        return click.confirm(f"Revoke {which} for good?", err=True)

    with run.caller() as caller:
        return bodies.revoke(run.out, caller, device_name, ask=None if yes else ask)


@device.group()
def grant() -> None:
    """Capability keys: what a script may send without a profile."""


@command(grant, "new")
@click.option("--to", required=True, metavar="CONVERSATION", help="Whom it may write to.")
@click.option(
    "--messages", required=True, type=click.IntRange(min=1), metavar="N", help="How often."
)
@click.option("--until", required=True, metavar="TIME", help="Until when: +30d, or 2026-12-31.")
@click.option("--name", help="What to call it in the list of devices.")
def _new_grant(run: Invocation, to: str, messages: int, until: str, name: str | None) -> int:
    """Make a key that sends to one conversation, and print it.

    The secret that is printed is shown this once.
    """
    from datetime import datetime

    from restante.client.commands import keys as bodies
    from restante.client.commands.moments import moment

    ends = moment(until, datetime.now())  # noqa: DTZ005  (the person's own zone)
    with run.caller() as caller:
        return bodies.new(run.out, caller, to, messages=messages, until=ends, name=name)


@command(grant, "ls")
def _ls_grants(run: Invocation) -> int:
    """List the keys, with how often each was used. `device revoke` ends one."""
    from restante.client.commands import keys as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)
