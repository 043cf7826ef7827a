"""People: codes, requests, names, and who they are.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

from typing import Any, Final

import click

from restante.client.verbs.invocation import CONVERSATION, DRY_RUN, Invocation, command

verbs = click.Group()

AS_PRINTED: Final = "as printed"


@verbs.group()
def contact() -> None:
    """People: their codes, requests and names."""


@command(contact)
@click.option("--qr", is_flag=True, help="Draw it as a QR code too.")
def code(run: Invocation, qr: bool) -> int:
    """Print your contact code, for others to add you."""
    from restante.client.commands import contact as bodies

    with run.caller() as caller:
        return bodies.code(run.out, caller, qr=qr)


@command(contact)
@click.argument("code_or_address", metavar="CODE|ADDRESS", required=False)
@click.option("--card", metavar="MESSAGE", help="Add whom the contact card in MESSAGE names.")
@click.option("--name", help="Your own name for them.")
def add(run: Invocation, code_or_address: str | None, card: str | None, name: str | None) -> int:
    """Add a person, by contact code or address. A code verifies them."""
    from restante.client.commands import contact as bodies

    if (code_or_address is None) == (card is None):
        raise click.UsageError("One of CODE|ADDRESS and --card.")
    with run.caller() as caller:
        if code_or_address is not None:
            return bodies.add(run.out, caller, code_or_address, name=name)
        return bodies.add_card(run.out, caller, str(card), name=name)


@command(contact)
def ls(run: Invocation) -> int:
    """List contacts and requests."""
    from restante.client.commands import contact as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


def _settle(run: Invocation, method: str, conversation: str, **more: Any) -> int:
    from restante.client.commands.contact import settle

    with run.caller() as caller:
        return settle(run.out, caller, method, conversation, **more)


@command(contact)
@click.argument("conversation")
def accept(run: Invocation, conversation: str) -> int:
    """Accept a request. Its messages are yours, and they learn how to reach you."""
    return _settle(run, "contact_accept", conversation, is_told=True)


@command(contact)
@click.argument("conversation")
@DRY_RUN
def block(run: Invocation, conversation: str, dry_run: bool) -> int:
    """Block a person: nothing more is shown, and they can't tell."""
    if dry_run:
        from restante.client.commands import trying

        with run.caller() as caller:
            return trying.block(run.out, caller, conversation)
    return _settle(run, "contact_block", conversation, is_told=True)


@command(contact)
@click.argument("conversation")
def reset(run: Invocation, conversation: str) -> int:
    """Begin new sessions with a person's devices.

    For when what they send can't be opened again and again; `self` is your own other devices.
    Nothing of the history is lost, and what is missing is asked for.
    """
    return _settle(run, "contact_reset", conversation, is_told=True)


def _choose(run: Invocation, method: str, conversation: str, **choice: Any) -> int:
    from restante.client.commands.chats import choose

    with run.caller() as caller:
        return choose(run.out, caller, method, conversation, **choice)


@command(contact)
@click.argument("conversation")
@click.argument("duration", metavar="[TIME]", required=False)
def mute(run: Invocation, conversation: str, duration: str | None) -> int:
    """Keep quiet about a conversation: 1h, 8h, 1w, or for good."""
    from restante.client.commands.chats import muted_until

    return _choose(run, "set_muted", conversation, until=muted_until(duration))


@command(contact)
@click.argument("conversation")
def unmute(run: Invocation, conversation: str) -> int:
    """Say again when something comes."""
    return _choose(run, "set_muted", conversation, until=None)


@command(contact)
@click.argument("conversation")
@click.argument("level", type=click.Choice(["all", "mentions", "none"]))
def alerts(run: Invocation, conversation: str, level: str) -> int:
    """Say which messages of a conversation call you."""
    return _choose(run, "set_alerts", conversation, level=level)


@command(contact)
@click.argument("conversation")
@click.option("--undo", is_flag=True, help="Take it out again.")
def archive(run: Invocation, conversation: str, undo: bool) -> int:
    """Put a conversation away, on all your devices."""
    return _choose(run, "set_archived", conversation, archived=not undo)


@command(contact)
@click.argument("conversation")
@click.option("--undo", is_flag=True, help="Take that back.")
def pin(run: Invocation, conversation: str, undo: bool) -> int:
    """Keep a conversation at the top of the list."""
    return _choose(run, "set_chat_pinned", conversation, pinned=not undo)


@command(contact, "accept-key")
@click.argument("conversation")
def accept_key(run: Invocation, conversation: str) -> int:
    """Go on with a changed security key. What was paused is sent to it."""
    return _settle(run, "accept_key", conversation, is_told=True)


@command(contact)
@click.argument("conversation")
@click.argument("name")
def rename(run: Invocation, conversation: str, name: str) -> int:
    """Give a contact your own NAME; an empty one takes it back."""
    return _settle(run, "contact_rename", conversation, is_told=False, petname=name)


@command(verbs)
@click.argument("conversation")
@click.option("--qr", is_flag=True, help="Draw it as a QR code too.")
@click.option("--scanned", metavar="DIGITS", help="Compare with DIGITS, read off their screen.")
@click.option(
    "--confirm",
    is_flag=False,
    flag_value=AS_PRINTED,
    metavar="[DIGITS]",
    help="Record that both have the number that was printed.",
)
@click.option("--undo", is_flag=True, help="Take that back.")
def verify(run: Invocation, conversation: str, *, qr: bool, **said: Any) -> int:
    """Print the safety number to compare with a person."""
    from restante.client.commands import verify as bodies

    if sum(value not in {None, False} for value in said.values()) > 1:
        raise click.UsageError("One of --scanned, --confirm and --undo.")
    with run.caller() as caller:
        if said["scanned"] is not None:
            return bodies.compare(run.out, caller, conversation, said["scanned"])
        if said["confirm"] is not None:
            digits = None if said["confirm"] == AS_PRINTED else said["confirm"]
            return bodies.confirm(run.out, caller, conversation, digits)
        if said["undo"]:
            return bodies.undo(run.out, caller, conversation)
        return bodies.show(run.out, caller, conversation, qr=qr)


verbs.commands["verify"].epilog = CONVERSATION
