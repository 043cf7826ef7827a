"""Polls: asked, answered, looked at, closed.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import CONVERSATION, DRY_RUN, Invocation, command

verbs = click.Group()


@verbs.group()
def poll() -> None:
    """Polls: a question to everybody in a conversation. Votes are by name."""


@command(poll)
@click.argument("conversation")
@click.argument("question")
@click.argument("options", metavar="OPTION...", nargs=-1, required=True)
@click.option("--multiple", is_flag=True, help="Several options may be chosen.")
@click.option("--until", metavar="TIME", help="The end: +90m, 08:00, or 2026-11-22 08:00.")
def new(
    run: Invocation,
    *,
    conversation: str,
    question: str,
    options: tuple[str, ...],
    multiple: bool,
    until: str | None,
) -> int:
    """Ask QUESTION in a conversation, with two to twelve OPTIONs."""
    from restante.client.commands import polls as bodies

    what = bodies.poll_to_send(question, options, is_multiple=multiple, until=until)
    with run.caller() as caller:
        return bodies.new(run.out, caller, conversation, what)


@command(poll)
@click.argument("message")
@click.argument("numbers", metavar="[N]...", nargs=-1, type=click.IntRange(min=1))
@click.option("--undo", is_flag=True, help="Take your vote back.")
def vote(run: Invocation, message: str, numbers: tuple[int, ...], undo: bool) -> int:
    """Choose options of the poll MESSAGE by number. It takes your earlier vote's place."""
    from restante.client.commands import polls as bodies

    if undo == bool(numbers):
        raise click.UsageError("One of N and --undo.")
    with run.caller() as caller:
        return bodies.vote(run.out, caller, message, numbers)


@command(poll)
@click.argument("message")
def show(run: Invocation, message: str) -> int:
    """Print what the poll MESSAGE asks, and who has answered what."""
    from restante.client.commands import polls as bodies

    with run.caller() as caller:
        return bodies.show(run.out, caller, message)


@command(poll)
@click.argument("message")
@DRY_RUN
def close(run: Invocation, message: str, dry_run: bool) -> int:
    """End the poll MESSAGE, which is yours: votes don't count from here on."""
    from restante.client.commands import polls as bodies

    with run.caller() as caller:
        return bodies.close(run.out, caller, message, is_dry=dry_run)


poll.commands["new"].epilog = CONVERSATION
