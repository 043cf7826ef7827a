"""Voice notes: recorded and sent, fetched and played.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import CONVERSATION, Invocation, Seconds, command

verbs = click.Group()


@verbs.group("voice")
def voice() -> None:
    """Voice notes, with the extra restante[voice]."""


@command(voice)
@click.argument("conversation")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0.5, max=300),
    metavar="SECONDS",
    help="Record for so long; else until Enter.",
)
def record(run: Invocation, conversation: str, *, seconds: float | None) -> int:
    """Record a voice note and send it to CONVERSATION. Ctrl-C discards it."""
    from restante.client.commands import voice as bodies

    return bodies.record_and_send(run.out, run.caller, conversation, seconds=seconds)


@command(voice)
@click.argument("message")
@click.option(
    "--speed", type=click.FloatRange(min=0.5, max=2), default=1.0, help="Half to twice as fast."
)
@click.option(
    "--from",
    "from_s",
    type=Seconds(),
    default=0.0,
    metavar="SECONDS",
    help="Begin there.",
)
def play(run: Invocation, message: str, *, speed: float, from_s: float) -> int:
    """Play the voice note of MESSAGE; fetch it first, if it isn't here."""
    from restante.client.commands import voice as bodies

    with run.caller() as caller:
        return bodies.play(run.out, caller, message, speed=speed, from_s=from_s)


voice.commands["record"].epilog = CONVERSATION
