"""Groups: who is in them, and who may do what.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

from typing import Any, Final

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, Seconds, command

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
    """Print who is in a group, how it is kept, and who changed what."""
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
@click.argument("file", required=False)
@click.option("--none", "is_none", is_flag=True, help="Take it away.")
def picture(run: Invocation, conversation: str, file: str | None, is_none: bool) -> int:
    """Show everybody in a group the picture FILE, as a few cells."""
    from restante.client.commands.groups import picture_of

    return _change(run, "group_set", conversation, picture=picture_of(file, is_none=is_none))


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("role", type=_ROLE)
def posting(run: Invocation, conversation: str, role: str) -> int:
    """Let only those write who have ROLE, or more."""
    return _change(run, "group_set", conversation, may_post=role)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("role", type=_ROLE)
def calling(run: Invocation, conversation: str, role: str) -> int:
    """Let only those call everybody with @all who have ROLE, or more."""
    return _change(run, "group_set", conversation, may_mention_all=role)


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


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.option("--expires", metavar="TIME", default="1w", show_default=True, help="8h, 1d; off.")
@click.option("--uses", type=click.IntRange(0, 4096), default=0, help="For so many people; 0: any.")
@click.option("--approve", is_flag=True, help="Ask an admin about everybody who comes by it.")
def invite(run: Invocation, conversation: str, expires: str, uses: int, approve: bool) -> int:
    """Make an invite: a link by which people come into a group."""
    from restante.client.commands import group_invites as bodies

    with run.caller() as caller:
        return bodies.invite(
            run.out, caller, conversation, expires=expires, uses=uses, approve=approve
        )


@command(group)
@click.argument("conversation", metavar="GROUP")
def invites(run: Invocation, conversation: str) -> int:
    """List a group's invites; the links of your own are shown again."""
    from restante.client.commands import group_invites as bodies

    with run.caller() as caller:
        return bodies.invites(run.out, caller, conversation)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("invite")
@DRY_RUN
def uninvite(run: Invocation, conversation: str, invite: str, dry_run: bool) -> int:
    """Revoke an INVITE, named by its link or the start of its id."""
    from restante.client.commands import group_invites as bodies

    with run.caller() as caller:
        return bodies.uninvite(run.out, caller, conversation, invite, is_dry=dry_run)


@command(group)
@click.argument("link")
@click.option("--wait", "wait_s", type=Seconds(), default=20.0, help="Seconds for an answer.")
def join(run: Invocation, link: str, wait_s: float) -> int:
    """Follow an invite; you are in once an admin is online."""
    from restante.client.commands import group_invites as bodies

    with run.caller() as caller:
        return bodies.join(run.out, caller, link, wait_s=wait_s)


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("members", metavar="WHO...", nargs=-1, required=True)
def admit(run: Invocation, conversation: str, members: tuple[str, ...]) -> int:
    """Let in who asks to be let in (`group show` lists them)."""
    return _change(run, "group_admit", conversation, members=list(members))


@command(group)
@click.argument("conversation", metavar="GROUP")
@click.argument("members", metavar="WHO...", nargs=-1, required=True)
def refuse(run: Invocation, conversation: str, members: tuple[str, ...]) -> int:
    """Say no to who asks to be let in."""
    return _change(run, "group_refuse", conversation, members=list(members))
