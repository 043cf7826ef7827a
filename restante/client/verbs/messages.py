"""Messages: sent, changed, printed, and what became of them.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import CONVERSATION, Invocation, command

verbs = click.Group()


@command(verbs)
@click.argument("conversation")
@click.argument("text", metavar="TEXT|-", required=False)
@click.option("--reply", metavar="MESSAGE", help="Answer MESSAGE, which is quoted.")
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
    run: Invocation,
    *,
    conversation: str,
    text: str | None,
    reply: str | None,
    location: str | None,
    wait: str,
    timeout: float,
) -> int:
    """Send TEXT, or with - what is on stdin (UTF-8, taken as it is)."""
    from restante.client.commands import send as bodies

    if text is None and location is None:
        raise click.UsageError("Missing argument 'TEXT|-'.")
    if reply is not None and location is not None:
        raise click.UsageError("One of --reply and --location.")
    profile = run.profile
    what = bodies.what_to_send(text, location, reply)
    with run.caller(profile) as caller:
        return bodies.send(run.out, caller, conversation, what, wait=wait, timeout_s=timeout)


@command(verbs)
@click.argument("message")
@click.argument("text", metavar="TEXT|-")
def edit(run: Invocation, message: str, text: str) -> int:
    """Change what MESSAGE, a text of yours, says. What it said before stays to be seen."""
    from restante.client.commands import changes as bodies
    from restante.client.commands.send import text_argument

    text = text_argument(text)
    with run.caller() as caller:
        return bodies.change(run.out, caller, "edit", message, text=text)


@command(verbs)
@click.argument("message")
@click.option("--for-everyone", is_flag=True, help="Also with the others; only your own messages.")
def delete(run: Invocation, message: str, for_everyone: bool) -> int:
    """Delete MESSAGE from your devices."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.delete(run.out, caller, message, for_everyone=for_everyone)


@command(verbs)
@click.argument("message")
@click.argument("emoji")
def react(run: Invocation, message: str, emoji: str) -> int:
    """Put an EMOJI on MESSAGE. It takes your earlier one's place; an empty one takes it back."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.change(run.out, caller, "react", message, emoji=emoji)


@command(verbs)
@click.argument("message")
@click.option("--undo", is_flag=True, help="Take that back.")
def pin(run: Invocation, message: str, undo: bool) -> int:
    """Pin MESSAGE for everybody in its conversation."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.change(run.out, caller, "pin", message, pinned=not undo)


@command(verbs)
@click.argument("conversation")
@click.argument("time", metavar="[TIME|off]", required=False)
def timer(run: Invocation, conversation: str, time: str | None) -> int:
    """Say, or set, how long messages stay once read. For everybody: 30s, 5m, 8h, 1d, 4w, off."""
    from restante.client.commands import changes as bodies

    with run.caller() as caller:
        return bodies.timer(run.out, caller, conversation, time)


@command(verbs)
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
def tail(run: Invocation, once: bool, consumer: str | None, ack: bool, timeout: float) -> int:
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


@command(verbs)
@click.argument("conversation")
@click.option("--last", type=click.IntRange(min=0), metavar="N", help="Only the last N.")
def history(run: Invocation, conversation: str, last: int | None) -> int:
    """Print a conversation, oldest first."""
    from restante.client.commands.history import history as body

    with run.caller() as caller:
        return body(run.out, caller, conversation, last=last)


@command(verbs)
@click.argument("message")
def why(run: Invocation, message: str) -> int:
    """Say what became of MESSAGE, device by device. MESSAGE is its id, as --json prints it."""
    from restante.client.commands.why import why as body

    with run.caller() as caller:
        return body(run.out, caller, message)


for _made in ("send", "history", "timer"):
    verbs.commands[_made].epilog = CONVERSATION
