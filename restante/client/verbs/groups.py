"""Groups: who is in them, and who may do what.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

from typing import Any, Final

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, command

verbs = click.Group()

_ROLE: Final = click.Choice(["reader", "member", "admin", "owner"])
_MANY: Final = "[CONTACT]..."


@verbs.group()
def group() -> None:
    """Groups: conversations of many, and who may do what in them."""


def _change(run: Invocation, method: str, conversation: str, **more: Any) -> int:
    from restante.client.commands.groups import change

    with run.caller() as caller:
        return change(run.out, caller, method, conversation, **more)


@command(group)
@click.argument("name")
@click.argument("contacts", metavar=_MANY, nargs=-1)
def new(run: Invocation, name: str, contacts: tuple[str, ...]) -> int:
    """Begin a group called NAME, with these contacts in it."""
    from restante.client.commands import groups as bodies

    with run.caller() as caller:
        return bodies.new(run.out, caller, name, contacts)


@command(group)
def ls(run: Invocation) -> int:
    """List your groups."""
    from restante.client.commands import groups as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@command(group)
@click.argument("conversation", metavar="GROUP")
def show(run: Invocation, conversation: str) -> int:
    """Print who is in a group, with which role, and how it is kept."""
    from restante.client.commands import groups as bodies

    with run.caller() as caller:
        return bodies.show(run.out, caller, conversation)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("contacts", metavar="CONTACT...", nargs=-1, required=True)
@click.option("--role", type=_ROLE, default="member", show_default=True, help="What they may do.")
def add(run: Invocation, conversation: str, contacts: tuple[str, ...], role: str) -> int:
    """Let contacts into a group."""
    return _change(run, "group_add", conversation, members=list(contacts), role=role)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("members", metavar="MEMBER...", nargs=-1, required=True)
@DRY_RUN
def remove(run: Invocation, conversation: str, members: tuple[str, ...], dry_run: bool) -> int:
    """Take members out: what is said from then on they can't read."""
    if dry_run:
        from restante.client.commands import trying

        with run.caller() as caller:
            return trying.remove(run.out, caller, conversation, members)
    return _change(run, "group_remove", conversation, members=list(members))


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("member")
@click.argument("role", type=_ROLE)
def role(run: Invocation, conversation: str, member: str, role: str) -> int:
    """Say what MEMBER may do: read, write, decide, or all."""
    return _change(run, "group_role", conversation, member=member, role=role)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("name")
def rename(run: Invocation, conversation: str, name: str) -> int:
    """Give a group another NAME, for everybody."""
    return _change(run, "group_set", conversation, name=name)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("description")
def describe(run: Invocation, conversation: str, description: str) -> int:
    """Say what a group is for; an empty text takes that away."""
    return _change(run, "group_set", conversation, description=description)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("role", type=_ROLE)
def posting(run: Invocation, conversation: str, role: str) -> int:
    """Let only those write who have ROLE, or more."""
    return _change(run, "group_set", conversation, may_post=role)


@command(group)
@click.argument("conversation", metavar="GROUP")
@DRY_RUN
def leave(run: Invocation, conversation: str, dry_run: bool) -> int:
    """Leave a group; its history stays here."""
    if dry_run:
        from restante.client.commands import trying

        with run.caller() as caller:
            return trying.leave(run.out, caller, conversation)
    return _change(run, "group_leave", conversation)
