"""How a relay does, and sending everybody away before it ends.

Rule: parses and hands on; what a command does is imported when it runs. Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from restante.errors import ExitCode, UserError
from restante.relay.verbs.asking import ask
from restante.relay.verbs.run import Run, data_option, dry_run_option, verb
from restante.relay.verbs.units import size_text

verbs = click.Group()


@verb(verbs)
@data_option
def stats(run: Run, data: Path) -> int:
    """Say how much a relay holds and does. Names nobody."""
    found = ask(data, "stats")
    state = f"running for {found['uptime_s']} s" if found["running"] else "stopped"
    free = size_text(found["disk_free_bytes"])
    rows = {
        "relay": f"{found['address']}, {state}, Restante {found['program']}",
        "accounts": f"{found['accounts']}: {found['blocked']} blocked, {found['awaited']} awaited",
        "devices": f"{found['devices']}, {found['receiving']} receiving now",
        "connections": found["connections"],
        "envelopes": f"{found['envelopes']} waiting",
        "blobs": f"{found['blobs']}, {size_text(found['blob_bytes'])}",
        "invites": found["invites"],
        "database": f"{size_text(found['database_bytes'])}, {free} free on the disk",
    }
    lines = [f"{name:<12} {value}" for name, value in rows.items()]
    run.out.data({"type": "relay_stats", **found}, "\n".join(lines))
    return ExitCode.OK


@verb(verbs, "wake-key")
@data_option
def wake_key(run: Run, data: Path) -> int:
    """Print the key that wakings are signed with (VAPID).

    Who subscribes at a browser's push service names it there, as applicationServerKey.
    """
    from restante.relay.waking.vapid import wake_key_of

    public = wake_key_of(data)
    run.out.data({"type": "wake_key", "key": public}, public)
    return ExitCode.OK


@verb(verbs)
@data_option
@click.option("--over", metavar="SECONDS", type=click.IntRange(0, 3600), default=10)
@dry_run_option
def drain(run: Run, data: Path, over: int, dry_run: bool) -> int:
    """Send everybody away, and end the relay. It takes SECONDS (10)."""
    from restante.relay.ops.asking import connected

    with connected(data) as asked:
        if asked is None:
            raise UserError(f"No relay runs in {data}, so there is nothing to drain.")
        if dry_run:
            count = asked.call("stats")["connections"]
            return run.would(
                f"Would send {count} connections away within {over} s, and end the relay."
            )
        found = asked.call("drain", over_s=over)
        run.out.note(f"{found['connections']} connections are sent away within {over} s.")
        if not asked.wait_for_the_end(timeout_s=over + 120):
            raise UserError("The relay hasn't ended yet. Look at its log, or stop it.")
    run.out.data({"type": "drained", **found}, None)
    return ExitCode.OK
