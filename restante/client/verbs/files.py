"""Files that messages carry: listed, fetched, removed from this device.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import CONVERSATION, Invocation, command

verbs = click.Group()


@verbs.group("file")
def file() -> None:
    """Files that were sent and received."""


@command(file, "ls")
@click.argument("conversation", required=False)
def _ls(run: Invocation, conversation: str | None) -> int:
    """List the files of CONVERSATION, or of all, the newest first."""
    from restante.client.commands import files as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller, conversation)


@command(file)
@click.argument("message")
@click.option("--output", metavar="DIR", help="Where to write it; here, unless you say.")
@click.option("--archive", is_flag=True, help="A folder: leave it the archive that it came as.")
def get(run: Invocation, message: str, *, output: str | None, archive: bool) -> int:
    """Fetch the file of MESSAGE, and write it. Nothing that is there is written over."""
    from restante.client.commands import files as bodies

    with run.caller() as caller:
        return bodies.get(run.out, caller, message, output=output, as_archive=archive)


@command(file)
@click.argument("message")
def drop(run: Invocation, message: str) -> int:
    """Remove the file of MESSAGE from this device. The message stays."""
    from restante.client.commands import files as bodies

    with run.caller() as caller:
        return bodies.drop(run.out, caller, message)


@command(file)
def usage(run: Invocation) -> int:
    """Say what files take on this device, by conversation."""
    from restante.client.commands import files as bodies

    with run.caller() as caller:
        return bodies.usage(run.out, caller)


file.commands["ls"].epilog = CONVERSATION
