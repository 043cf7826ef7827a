"""Files that messages carry: listed, fetched, removed from this device.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import click

from restante.client.verbs.invocation import CONVERSATION, DRY_RUN, Invocation, command

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
@click.argument("message", required=False)
@click.option("--chat", metavar="CONVERSATION", help="Those of a conversation.")
@click.option("--older-than", metavar="TIME", help="Those from before so long: 30d, 4w.")
@click.option("--larger-than", metavar="SIZE", help="Those that are larger: 500kB, 10MB, 1GB.")
@DRY_RUN
def drop(
    run: Invocation,
    message: str | None,
    *,
    chat: str | None,
    older_than: str | None,
    larger_than: str | None,
    dry_run: bool,
) -> int:
    """Remove files from this device: that of MESSAGE, or all that fit. The messages stay."""
    from restante.client.commands import dropping as bodies

    is_many = bool(chat or older_than or larger_than)
    if is_many == (message is not None):
        raise click.UsageError("Name one MESSAGE, or say which: --chat, --older-than, ...")
    with run.caller() as caller:
        if message is not None:
            return bodies.drop(run.out, caller, message, is_trial=dry_run)
        which = bodies.which(caller, chat, older_than, larger_than)
        return bodies.drop_all(run.out, caller, which, is_trial=dry_run)


@command(file)
def usage(run: Invocation) -> int:
    """Say what files take on this device, by conversation."""
    from restante.client.commands import files as bodies

    with run.caller() as caller:
        return bodies.usage(run.out, caller)


file.commands["ls"].epilog = CONVERSATION
