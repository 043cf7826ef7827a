"""Spaces: groups that hold channels.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, command

verbs = click.Group()


@verbs.group()
def space() -> None:
    """Spaces: many channels for the same people, by category."""


@command(space)
@click.argument("name")
@click.argument("contacts", metavar="[CONTACT]...", nargs=-1)
def new(run: Invocation, name: str, contacts: tuple[str, ...]) -> int:
    """Begin a space called NAME, with these contacts in it."""
    from restante.client.commands import spaces as bodies

    with run.caller() as caller:
        return bodies.new(run.out, caller, name, contacts)


@command(space)
def ls(run: Invocation) -> int:
    """List your spaces with their channels."""
    from restante.client.commands import spaces as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@command(space)
@click.argument("space")
def show(run: Invocation, space: str) -> int:
    """Print a space's channels, by category."""
    from restante.client.commands import spaces as bodies

    with run.caller() as caller:
        return bodies.show(run.out, caller, space)


@command(space)
@click.argument("space")
@click.argument("name")
@click.option("--category", default="", metavar="TEXT", help="Where in the list it stands.")
@click.option(
    "--posting",
    type=click.Choice(["reader", "member", "admin", "owner"]),
    help="Who may write, at the least; admin: a channel for news.",
)
def add(run: Invocation, space: str, name: str, category: str, posting: str | None) -> int:
    """Begin a channel called NAME in a space, for all its members."""
    from restante.client.commands import spaces as bodies

    with run.caller() as caller:
        return bodies.add(run.out, caller, space, name, category=category, posting=posting)


@command(space)
@click.argument("space")
@click.argument("channel")
@click.option("--category", default="", metavar="TEXT", help="Its new place; without: at the top.")
def place(run: Invocation, space: str, channel: str, category: str) -> int:
    """Put a channel into a category, or list a group of yours as it is."""
    from restante.client.commands import spaces as bodies

    with run.caller() as caller:
        return bodies.place(run.out, caller, space, channel, category=category)


@command(space)
@click.argument("space")
@click.argument("channel")
@DRY_RUN
def remove(run: Invocation, space: str, channel: str, dry_run: bool) -> int:
    """Take a channel off a space's list; it stays a group."""
    from restante.client.commands import spaces as bodies

    with run.caller() as caller:
        return bodies.remove(run.out, caller, space, channel, is_dry=dry_run)
