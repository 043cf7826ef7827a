"""Invites to a relay.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from restante.errors import ExitCode
from restante.relay.verbs.asking import ask
from restante.relay.verbs.run import Run, data_option, dry_run_option, verb
from restante.relay.verbs.units import Size, size_text, time_text

verbs = click.Group()


@verbs.group()
def invite() -> None:
    """Codes that let people take a name at a relay."""


@verb(invite)
@data_option
@click.option("--uses", type=int, default=1, show_default=True, help="For how many accounts.")
@click.option(
    "--days", "--expires", "days", type=click.IntRange(1, 3650), default=7, show_default=True
)
@click.option("--quota", type=Size(), help="What each of the accounts may use, as 2G.")
def new(run: Run, data: Path, uses: int, days: int, quota: int | None) -> int:
    """Make an invite, also beside the running relay, and print its code."""
    made = ask(data, "invite", uses=uses, expires_s=days * 86_400, quota_bytes=quota)
    record: dict[str, Any] = {"type": "invite", "code": made["code"], "uses": uses, "days": days}
    run.out.data(record | {"quota_bytes": quota}, made["code"])
    return ExitCode.OK


@verb(invite)
@data_option
def ls(run: Run, data: Path) -> int:
    """List the invites that are good. Their codes are kept nowhere."""
    for line in ask(data, "invites"):
        expires_at = time_text(line.pop("expires_at_s"))
        quota = line["quota_bytes"]
        text = f"{line['invite']}  {line['uses_left']} left  until {expires_at}"
        run.out.data(
            {"type": "open_invite", **line, "expires_at": expires_at},
            text + (f"  quota {size_text(quota)}" if quota else ""),
        )
    return ExitCode.OK


@verb(invite)
@click.argument("which", metavar="CODE|ID")
@data_option
@dry_run_option
def revoke(run: Run, which: str, data: Path, dry_run: bool) -> int:
    """Make an invite worthless. Who used it stays."""
    found = ask(data, "revoke", invite=which, is_dry_run=dry_run)
    if dry_run:
        return run.would(
            f"Would revoke the invite {found['invite']}, which is good for {found['uses_left']} "
            "more."
        )
    run.out.data({"type": "invite_revoked", **found}, None)
    run.out.note("Revoked.")
    return ExitCode.OK
