"""What arrives, for people and for programs: printed, handed to a program, put aside.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, Seconds, command

verbs = click.Group()

_TRIES = click.option(
    "--tries",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    metavar="N",
    help="How often a program is run for one thing before that is put aside.",
)


@command(verbs)
@click.argument("argv", metavar="[COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--once", is_flag=True, help="Print what has arrived, then end.")
@click.option("--consumer", metavar="NAME", help="Whose place to go on from; each has its own.")
@click.option("--ack", is_flag=True, help="With --consumer: acknowledge what was printed.")
@click.option("--mark-read", is_flag=True, help="What is printed has been read: timers start.")
@click.option("--chat", metavar="CONVERSATION", help="Only what is said there.")
@click.option("--since", metavar="TIME", help="What came since; moves no place. -2h, 2026-11-21.")
@click.option("--exec", "runs", is_flag=True, help="Run COMMAND for each; 0 acknowledges it.")
@_TRIES
@click.option(
    "--timeout",
    type=Seconds(),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="With --once: how long to wait for the relay.",
)
def tail(
    run: Invocation,
    *,
    argv: tuple[str, ...],
    once: bool,
    consumer: str | None,
    ack: bool,
    mark_read: bool,
    chat: str | None,
    since: str | None,
    runs: bool,
    tries: int,
    timeout: float,
) -> int:
    """Print what arrives, each thing once."""
    if runs != bool(argv):
        raise click.UsageError("--exec and COMMAND belong together.")
    if runs and (consumer is None or ack or mark_read or since is not None):
        raise click.UsageError("--exec needs --consumer, and goes with --chat and --once alone.")
    if since is not None and (consumer is not None or mark_read):
        raise click.UsageError("--since goes on from nobody's place: without --consumer.")
    if chat is not None and consumer is None and since is None:
        raise click.UsageError("--chat needs --consumer or --since: your own place is for all.")
    if runs:
        from restante.client.commands.executing import Executing, Program

        program = Program(argv=argv, tries=tries, consumer=str(consumer))
        with run.caller() as caller:
            of = None if chat is None else caller.call("resolve", text=chat)
            executing = Executing(out=run.out, caller=caller, program=program, conversation=of)
            return executing.once(timeout_s=timeout) if once else executing.follow()
    from restante.client.commands.tail import DEFAULT_CONSUMER, Tail

    start = None if since is None else _past(since)
    with run.caller() as caller:
        printing = Tail(
            out=run.out,
            caller=caller,
            consumer=consumer or DEFAULT_CONSUMER,
            acknowledges=since is None and (ack or consumer is None),
            marks_read=mark_read,
            conversation=None if chat is None else caller.call("resolve", text=chat),
            since=start,
        )
        return printing.once(timeout_s=timeout) if once else printing.follow()


def _past(text: str) -> str:
    from datetime import datetime

    from restante.client.commands.moments import past_moment

    return past_moment(text, datetime.now())  # noqa: DTZ005  (the person's own zone)


@verbs.group()
def hook() -> None:
    """Programs that take what arrives (tail --exec)."""


@command(hook)
def ls(run: Invocation) -> int:
    """List consumers, and how much waits for each."""
    from restante.client.commands import hooks as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@command(hook)
@click.argument("consumer")
@DRY_RUN
def forget(run: Invocation, consumer: str, dry_run: bool) -> int:
    """Forget CONSUMER; under that name everything comes again."""
    from restante.client.commands import hooks as bodies
    from restante.client.commands import trying

    with run.caller() as caller:
        if dry_run:
            return trying.forget(run.out, caller, consumer)
        return bodies.forget(run.out, caller, consumer)


@hook.group()
def dead() -> None:
    """What a program would not take."""


@command(dead, "ls")
def dead_ls(run: Invocation) -> int:
    """List what was put aside."""
    from restante.client.commands import hooks as bodies

    with run.caller() as caller:
        return bodies.dead_ls(run.out, caller)


@command(dead)
@click.argument("argv", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--consumer", metavar="NAME", help="Only what was put aside for NAME.")
@_TRIES
def retry(run: Invocation, argv: tuple[str, ...], consumer: str | None, tries: int) -> int:
    """Run COMMAND for what was put aside; 0 takes it off the list."""
    from restante.client.commands.executing import retry as body

    with run.caller() as caller:
        return body(run.out, caller, argv, consumer=consumer, tries=tries)


@command(dead)
@click.argument("consumer")
@click.argument("cursor", type=int)
@DRY_RUN
def drop(run: Invocation, consumer: str, cursor: int, dry_run: bool) -> int:
    """Give up what was put aside for CONSUMER under CURSOR."""
    from restante.client.commands import hooks as bodies
    from restante.client.commands import trying

    with run.caller() as caller:
        if dry_run:
            return trying.dead_drop(run.out, caller, consumer, cursor)
        return bodies.dead_drop(run.out, caller, consumer, cursor)


for _made in (verbs.commands["tail"], dead.commands["retry"]):
    _made.allow_interspersed_args = False  # what follows COMMAND is its own
