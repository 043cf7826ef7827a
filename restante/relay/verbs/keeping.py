"""Backups of a relay, and its upgrades.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from restante.errors import ExitCode
from restante.relay.verbs.run import Run, data_option, dry_run_option, verb

verbs = click.Group()


@verb(verbs)
@click.argument("target", metavar="FILE|DIR", type=click.Path(path_type=Path))
@data_option
@click.option("--blobs", is_flag=True, help="With the files of blobs: what people transfer.")
def backup(run: Run, target: Path, data: Path, blobs: bool) -> int:
    """Write a backup, also while the relay runs. In DIR it gets a name with the date."""
    from restante.relay import commands

    path, contents = commands.backup(data, target, with_blobs=blobs)
    facts = contents.facts
    run.out.data(
        {
            "type": "backup",
            "file": str(path),
            "accounts": facts.accounts,
            "envelopes": facts.envelopes,
            "has_blobs": contents.has_blobs,
            "size_bytes": path.stat().st_size,
        },
        str(path),
    )
    run.out.note(
        f"Backed up: {facts.accounts} accounts, {facts.envelopes} envelopes. Keep it as safe as "
        f"the relay. Try it out: restante relay restore {path} --verify"
    )
    return ExitCode.OK


@verb(verbs)
@click.argument("path", metavar="FILE", required=False, type=click.Path(path_type=Path))
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Where to restore it.")
@click.option(
    "--verify",
    "--dry-run",
    is_flag=True,
    help="Only try it out, in a directory that goes again.",
)
@click.option(
    "--settings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="No FILE, but the database on a server, which pg_restore has brought back.",
)
def restore(
    run: Run, path: Path | None, data: Path | None, verify: bool, settings: Path | None
) -> int:
    """Make a backup a relay's directory again. It begins a new epoch."""
    from restante.relay import commands

    if path is None and settings is not None and not verify:
        from restante.relay.settings import read_settings

        place = None if data is None else str(data)
        epoch = commands.begin_epoch(read_settings(settings, data=place))
        run.out.data({"type": "epoch", "epoch": epoch}, None)
        run.out.note("A new epoch has begun. Start the relays.")
        return ExitCode.OK
    if path is None or settings is not None or verify == (data is not None):
        raise click.UsageError("Give FILE with either --data DIR or --verify; or --settings alone.")
    facts = commands.restore(path, data).facts
    run.out.data(
        {
            "type": "restored",
            "verified_only": verify,
            "accounts": facts.accounts,
            "envelopes": facts.envelopes,
            "schema": facts.schema,
        },
        None,
    )
    what = f"{facts.accounts} accounts, {facts.envelopes} envelopes"
    run.out.note(
        f"Sound: {what}, and a relay starts on them."
        if verify
        else f"Restored: {what}. Start the relay; what people write to an account waits with them "
        "until one of its devices has been here."
    )
    return ExitCode.OK


@verb(verbs)
@data_option
@click.option("--check", is_flag=True, help="Only say whether there is anything to do.")
@dry_run_option
def upgrade(run: Run, data: Path, check: bool, dry_run: bool) -> int:
    """Bring a stopped relay's database up to date. `serve` does the same by itself."""
    from restante.relay import commands

    found = commands.upgrade(data, only_look=check or dry_run)
    if dry_run and not check:
        if found.schema == found.known:
            return run.would(f"Would do nothing: the database is of schema {found.known} already.")
        return run.would(
            f"Would copy the database to {found.path}.schema-{found.schema}, and bring it from "
            f"schema {found.schema} to {found.known}."
        )
    run.out.data(
        {"type": "upgrade", "schema": found.schema, "known": found.known, "copy": found.copy},
        f"schema {found.schema}, this version knows {found.known}",
    )
    if found.schema < found.known:
        run.out.note(
            "An upgrade is due: it happens when the relay starts, or by restante relay upgrade."
        )
        return ExitCode.FIXABLE
    return ExitCode.OK
