"""Invites to a relay.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from restante.errors import ExitCode
from restante.relay.verbs.run import Run, data_option, verb

verbs = click.Group()


@verbs.group()
def invite() -> None:
    """Codes that let people take a name at a relay."""


@verb(invite)
@data_option
@click.option("--uses", type=int, default=1, show_default=True, help="For how many accounts.")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True)
def new(run: Run, data: Path, uses: int, days: int) -> int:
    """Make an invite, also beside the running relay, and print its code."""
    from restante.relay import commands

    code = commands.invite_new(data, uses=uses, expires_s=days * 86400)
    run.out.data({"type": "invite", "code": code, "uses": uses, "days": days}, code)
    return ExitCode.OK
