"""One's own account: made, recovered, moved, deleted.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import sys

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, command, protect_option

verbs = click.Group()


@command(verbs)
@click.option("--address", metavar="NAME@HOST[:PORT]", help="Your name at your relay.")
@click.option("--invite", metavar="CODE", help="The invite that the relay's operator gave you.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
@protect_option
def init(
    run: Invocation, address: str | None, invite: str | None, no_input: bool, protect: str
) -> int:
    """Create a profile and its account at a relay."""
    from restante.client.commands.init import init as body

    if not address:
        if no_input or not sys.stdin.isatty():
            raise click.UsageError("Missing option '--address'.")
        address = click.prompt("Your address (NAME@HOST)", err=True)
        invite = invite or click.prompt("Invite (empty if none)", default="", err=True) or None
    profile, kept_key = run.profile, run.kept_key(protect)
    return body(run.out, profile, run.caller, kept_key, address=address, invite=invite)


@command(verbs)
@click.argument("address", metavar="NAME@HOST[:PORT]")
@click.option("--no-input", is_flag=True, help="Take stdin as it is; never ask.")
@click.option("--stay", is_flag=True, help="At this relay, if the one it moved on to is gone.")
@protect_option
@DRY_RUN
def recover(
    run: Invocation, address: str, *, no_input: bool, stay: bool, protect: str, dry_run: bool
) -> int:
    """Bring an account back, with its kit's 24 words. They are asked for, or read from stdin."""
    from restante.client.commands import recovery as bodies

    if dry_run:
        from restante.client.commands import trying

        return trying.recover(run.out, run.profile, run.caller, address)
    profile, kept_key, may_ask = run.profile, run.kept_key(protect), not no_input
    return bodies.recover(
        run.out, profile, run.caller, kept_key, address=address, may_ask=may_ask, stays=stay
    )


@verbs.group()
def recovery() -> None:
    """The recovery kit: your account as 24 words on paper."""


@command(recovery)
@click.option("--output", metavar="FILE", help="Write a page to print (HTML), not to stdout.")
@click.option("--text", is_flag=True, help="With --output: plain text.")
def kit(run: Invocation, output: str | None, text: bool) -> int:
    """Print the kit: 24 words, and what to do with them."""
    from restante.client.commands import recovery as bodies

    with run.caller() as caller:
        return bodies.kit(run.out, caller, output=output, is_text=text)


@command(recovery)
@DRY_RUN
def confirm(run: Invocation, dry_run: bool) -> int:
    """Name three words of the kit; then it is erased from this machine."""
    from restante.client.commands import recovery as bodies

    if dry_run:
        from restante.client.commands import trying

        with run.caller() as caller:
            return trying.confirm(run.out, caller)
    if not run.may_ask:
        raise click.UsageError("It asks for three words of the kit: not with --no-input.")
    with run.caller() as caller:
        return bodies.confirm(run.out, caller, lambda text: str(click.prompt(text, err=True)))


@verbs.group()
def account() -> None:
    """Your account as a whole: moving it, and leaving."""


@command(account)
@click.argument("address", metavar="NAME@HOST[:PORT]")
@click.option("--invite", metavar="CODE", help="The invite that the relay's operator gave you.")
@click.option("--no-input", is_flag=True, help="Take the kit's words from stdin; never ask.")
@DRY_RUN
def move(
    run: Invocation, *, address: str, invite: str | None, no_input: bool, dry_run: bool
) -> int:
    """Take the account to another relay or name; contacts follow."""
    from restante.client.commands import trying
    from restante.client.commands.account import move as body

    with run.caller() as caller:
        if dry_run:
            return trying.move(run.out, caller, address)
        return body(run.out, caller, address=address, invite=invite, may_ask=not no_input)


@command(account, "delete")
@click.option("--confirm", metavar="ADDRESS", help="Your address: you mean it.")
@DRY_RUN
def delete_account(run: Invocation, confirm: str | None, dry_run: bool) -> int:
    """Delete the account for good. Contacts are told; its relay and this profile forget it."""
    from restante.client.commands import trying
    from restante.client.commands.account import delete as body

    if not confirm:
        if not run.asks():
            raise click.UsageError("Missing option '--confirm'.")
        confirm = click.prompt("There is no way back. Type your address to go on", err=True)
    if dry_run:
        with run.caller() as caller:
            return trying.delete_account(run.out, caller, str(confirm))
    return body(run.out, run.profile, run.caller(), address=str(confirm))
