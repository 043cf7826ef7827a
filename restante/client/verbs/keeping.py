"""What is kept outside the profile, and what comes from there: backups, exports, imports.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

from typing import Any

import click

from restante.client.verbs.invocation import Invocation, command, protect_option

verbs = click.Group()

_WORDS = click.option("--words", is_flag=True, help="Read the backup's 24 words from stdin.")
_NO_INPUT = click.option("--no-input", is_flag=True, help="Take stdin as it is; never ask.")


@verbs.group()
def backup() -> None:
    """Your history as one encrypted file."""


@command(backup)
@click.argument("file", required=False)
@click.option("--no-files", is_flag=True, help="Without the files that messages carry.")
@click.option("--new-key", is_flag=True, help="With a new key, and new words, from now on.")
def create(run: Invocation, *, file: str | None, no_files: bool, new_key: bool) -> int:
    """Write a backup to FILE, or where the schedule says. The first one shows its 24 words."""
    from restante.client.commands import backup as bodies

    with run.caller() as caller:
        return bodies.create(run.out, caller, file, new_key=new_key, files=not no_files)


@command(backup)
@click.argument("file")
@_WORDS
@_NO_INPUT
def verify(run: Invocation, file: str, words: bool, no_input: bool) -> int:
    """Prove that FILE restores: in a sandbox, compared row by row."""
    from restante.client.commands import backup as bodies

    asks = words, not no_input
    return bodies.verify(run.out, run.profile, run.caller, file, asks=asks)


@command(backup)
@click.argument("file")
@_WORDS
@click.option("--older", is_flag=True, help="Though a newer backup is known here.")
@click.option("--dry-run", is_flag=True, help="Only prove that it restores.")
@_NO_INPUT
@protect_option
def restore(
    run: Invocation,
    *,
    file: str,
    words: bool,
    older: bool,
    dry_run: bool,
    no_input: bool,
    protect: str,
) -> int:
    """Take FILE in. An empty profile becomes your account's only device, by the recovery kit."""
    from restante.client.commands import backup as bodies

    asks = words, not no_input
    if dry_run:
        return bodies.verify(run.out, run.profile, run.caller, file, asks=asks)
    profile, kept_key = run.profile, run.kept_key(protect)
    return bodies.restore(run.out, profile, run.caller, kept_key, file, asks=asks, older=older)


@command(backup, "ls")
def _ls_backups(run: Invocation) -> int:
    """List the backups that were made here, and whether they are there."""
    from restante.client.commands import backup as bodies

    with run.caller() as caller:
        return bodies.ls(run.out, caller)


@command(backup)
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--every", metavar="TIME", default="1d", show_default=True, help="6h, 1d, 1w.")
@click.option(
    "--keep",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=7,
    show_default=True,
    help="How many stay; older ones are deleted.",
)
@click.option("--no-files", is_flag=True, help="Without the files that messages carry.")
@click.option("--off", is_flag=True, help="Make none by itself any more.")
@click.option("--print", "system", type=click.Choice(["cron", "systemd"]), help="A timer for it.")
def schedule(
    run: Invocation,
    *,
    directory: str | None,
    every: str,
    keep: int,
    no_files: bool,
    off: bool,
    system: str | None,
) -> int:
    """Have backups made in DIR by themselves, while Restante runs."""
    from restante.client.commands import backup as bodies

    if off and directory is not None:
        raise click.UsageError("One of DIR and --off.")
    if system is not None:
        return bodies.print_timer(run.out, run.profile, system)
    with run.caller() as caller:
        if directory is None and not off:
            return bodies.schedule_now(run.out, caller)
        return bodies.schedule(
            run.out, caller, directory, every=every, keep=keep, files=not no_files
        )


@command(verbs)
@click.argument("conversations", metavar="[CONVERSATION...]", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "markdown", "html"]),
    default="jsonl",
    show_default=True,
    help="For programs, or for people.",
)
@click.option("--output", metavar="FILE", help="A new file, not stdout.")
def export(run: Invocation, conversations: tuple[str, ...], form: str, output: str | None) -> int:
    """Write conversations, or all, for others than Restante."""
    from restante.client.commands.exporting import export as body

    with run.caller() as caller:
        return body(run.out, caller, conversations, form=form, output=output)


@command(verbs, "import")
@click.argument("file")
@click.option("--chat", metavar="CONVERSATION", help="Into which; an export's own unless.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "whatsapp"]), help="By its first line unless."
)
@click.option("--me", metavar="NAME", help="Of WhatsApp's: which name in it is you.")
@click.option(
    "--date-order", "order", type=click.Choice(["dmy", "mdy", "ymd"]), help="Of WhatsApp's."
)
@click.option("--list-left-out", "lists", is_flag=True, help="Each line not taken, and why.")
@click.option("--dry-run", is_flag=True, help="Say what would be imported, and change nothing.")
def _import(
    run: Invocation,
    *,
    file: str,
    chat: str | None,
    form: str | None,
    me: str | None,
    order: Any,
    lists: bool,
    dry_run: bool,
) -> int:
    """Take in an export, or WhatsApp's text export. What is there already stays."""
    from restante.client.commands.importing import import_ as body

    with run.caller() as caller:
        return body(
            run.out,
            caller,
            file,
            chat=chat,
            form=form,
            me=me,
            order=order,
            lists=lists,
            dry_run=dry_run,
        )


@verbs.group()
def bundle() -> None:
    """Messages as a file, for days without a network."""


@command(bundle, "export")
@click.argument("file")
@click.option("--to", metavar="CONVERSATION", help="Only what is for them.")
def _export_bundle(run: Invocation, file: str, to: str | None) -> int:
    """Write what waits to be sent to FILE, sealed. It stays in the outbox."""
    from restante.client.commands import bundle as bodies

    with run.caller() as caller:
        return bodies.export(run.out, caller, file, to=to)


@command(bundle, "import")
@click.argument("file")
def _import_bundle(run: Invocation, file: str) -> int:
    """Take in what is for this device in FILE."""
    from restante.client.commands import bundle as bodies

    with run.caller() as caller:
        return bodies.import_(run.out, caller, file)
