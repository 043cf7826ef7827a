"""The accounts of a relay, as its operator sees them.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from restante.errors import ExitCode
from restante.relay.verbs.asking import ask
from restante.relay.verbs.run import Run, data_option, dry_run_option, verb
from restante.relay.verbs.units import day_text, size_text

verbs = click.Group()


@verbs.group()
def accounts() -> None:
    """Who has a name at a relay: list, block, delete."""


@verb(accounts)
@data_option
def ls(run: Run, data: Path) -> int:
    """List the accounts."""
    after = ""
    while page := ask(data, "accounts", after=after):
        for line in page:
            run.out.data(_record(line), _text(line))
        after = page[-1]["name"]
    return ExitCode.OK


@verb(accounts)
@click.argument("name")
@data_option
def show(run: Run, name: str, data: Path) -> int:
    """Show one account with its devices."""
    found = ask(data, "account", name=name)
    listed = found.pop("listed")
    lines = [_text(found)]
    lines += [
        f"  {each['device']}  {each['envelopes']} waiting, {size_text(each['size_bytes'])}, "
        f"{each['prekeys']} prekeys"
        for each in listed
    ]
    run.out.data(_record(found) | {"listed": listed}, "\n".join(lines))
    return ExitCode.OK


@verb(accounts)
@click.argument("name")
@data_option
@dry_run_option
def block(run: Run, name: str, data: Path, dry_run: bool) -> int:
    """Let an account neither log in nor receive."""
    if dry_run:
        ask(data, "account", name=name)
        return run.would(f"Would block {name}: it could neither log in nor receive.")
    return _changed(run, ask(data, "block", name=name), "Blocked.")


@verb(accounts)
@click.argument("name")
@data_option
def unblock(run: Run, name: str, data: Path) -> int:
    """Let a blocked account be again."""
    return _changed(run, ask(data, "unblock", name=name), "Unblocked.")


@verb(accounts)
@click.argument("name")
@data_option
@click.option("--yes", is_flag=True, help="Don't ask whether you mean it.")
@dry_run_option
def delete(run: Run, *, name: str, data: Path, yes: bool, dry_run: bool) -> int:
    """Delete an account for good. Nobody gets its name again."""
    if dry_run:
        found = ask(data, "account", name=name)
        waiting, blobs = found["envelopes"], found["blobs"]
        return run.would(f"Would delete {name}, {waiting} envelopes and {blobs} blobs, for good.")
    if not yes:
        if not run.asks():
            raise click.UsageError("Missing option '--yes'.")
        click.confirm(f"Delete {name} with all that waits for it, for good?", abort=True, err=True)
    return _changed(run, {**ask(data, "delete", name=name), "is_deleted": True}, "Deleted.")


def _changed(run: Run, result: dict[str, Any], sentence: str) -> int:
    run.out.data({"type": "account_changed", **result}, None)
    run.out.note(sentence)
    return ExitCode.OK


def _record(line: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in line.items() if key != "seen_day"}
    return {"type": "relay_account", **rest, "seen_on": day_text(line["seen_day"])}


def _text(line: dict[str, Any]) -> str:
    quota = line["quota_bytes"]
    parts = [
        line["name"],
        f"{line['devices']} devices",
        f"{line['envelopes']} waiting",
        f"{line['blobs']} blobs, {size_text(line['blob_bytes'])}",
        *([f"quota {size_text(quota)}"] if quota else []),
        *([f"seen on {seen}"] if (seen := day_text(line["seen_day"])) else []),
        *(["blocked"] if line["is_blocked"] else []),
        *(["not back since the restore"] if line["is_awaited"] else []),
    ]
    return "  ".join(parts)
