"""The keeping of a profile: locked, unlocked, under which passphrase, and whether it is well.

Rule: parses and hands on; what a command does stands in client/commands, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

import sys

import click

from restante.client.verbs.invocation import DRY_RUN, Invocation, command

verbs = click.Group()

_new_fd = click.option(
    "--new-passphrase-fd", type=int, metavar="N", help="Read the new passphrase there."
)


@command(verbs)
def lock(run: Invocation) -> int:
    """Close the profile, and forget its keys."""
    from restante.client.commands.locking import lock as body

    return body(run.out, run.profile)


@command(verbs)
def unlock(run: Invocation) -> int:
    """Open a locked profile with its passphrase."""
    from restante.client.commands.locking import unlock as body

    return body(run.out, run.profile, run.passphrase, run.ask)


@verbs.group()
def passphrase() -> None:
    """The passphrase that the profile's key is under."""


@command(passphrase, "set")
@_new_fd
def set_passphrase(run: Invocation, new_passphrase_fd: int | None) -> int:
    """Put the profile under a passphrase."""
    from restante.client.commands import locking as bodies

    def new() -> str:
        given = run.new_passphrase(new_passphrase_fd) or run.passphrase()
        return given or run.ask_new_passphrase()

    return bodies.set_first(run.out, run.profile, new)


@command(passphrase)
@_new_fd
def change(run: Invocation, new_passphrase_fd: int | None) -> int:
    """Take another passphrase."""
    from restante.client.commands import locking as bodies

    return bodies.change(
        run.out,
        run.profile,
        lambda: run.passphrase() or run.ask("Present passphrase"),
        lambda: run.new_passphrase(new_passphrase_fd) or run.ask_new_passphrase(),
    )


@command(passphrase)
@click.option("--to", "how", type=click.Choice(["file", "keyring"]), default="file",
              help="Where the key is kept from then on.")  # fmt: skip
@DRY_RUN
def remove(run: Invocation, how: str, dry_run: bool) -> int:
    """Keep the key without a passphrase."""
    from restante.client.commands import locking as bodies

    if dry_run:
        return run.would(bodies.would_remove(run.profile, how))
    return bodies.remove(
        run.out, run.profile, lambda: run.passphrase() or run.ask("Present passphrase"), how
    )


@command(verbs)
@click.option("--dry-run", is_flag=True, help="Say what would be destroyed, and destroy nothing.")
@click.option("--confirm", metavar="NAME", help="The profile's name: you mean it.")
def panic(run: Invocation, dry_run: bool, confirm: str | None) -> int:
    """Destroy the profile on this machine, its key first."""
    from restante.client.commands.panic import panic as body

    def ask(prompt: str) -> str:
        if not sys.stdin.isatty():
            raise click.UsageError("Missing option '--confirm'.")
        return str(click.prompt(prompt, err=True))

    return body(run.out, run.profile, confirm, ask, is_dry=dry_run)


@command(verbs)
@click.option("--thorough", is_flag=True, help="Read a large database through, too.")
def doctor(run: Invocation, thorough: bool) -> int:
    """Look for what is wrong here, and say what to do."""
    from restante.client.commands.doctor import doctor as body

    return body(run.out, run.profile, run.caller(), is_thorough=thorough)
