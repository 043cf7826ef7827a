"""`restante bundle`: what waits to be sent, in a file, and what comes in one.

Rule: neither needs a network, and nobody who finds a file can read it. Spec: docs/cli.md, section
"bundle".
"""

from __future__ import annotations

import os
from pathlib import Path

from restante.client.commands.output import Output
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def export(out: Output, caller: Caller, file: str, *, to: str | None) -> ExitCode:
    """Write what waits to a file."""
    key = None if to is None else caller.call("resolve", text=to)
    found = caller.call("bundle_export", path=_whole(file), conversation=key)
    text = f"{found['path']}\n{found['messages']} messages in {found['envelopes']} envelopes."
    out.data({"type": "bundle_made", **found}, text)
    if found["without_session"]:
        names = ", ".join(found["without_session"])
        return out.failed(
            ExitCode.PARTIAL,
            f"Not in it: what is for {names}. There is no session yet, which takes a relay once.",
        )
    return ExitCode.OK


def import_(out: Output, caller: Caller, file: str) -> ExitCode:
    """Take in what is for this device in a file."""
    found = caller.call("bundle_import", path=_whole(file))
    text = f"{found['taken']} envelopes taken in."
    if found["known"]:
        text += f" {found['known']} had come before."
    if found["others"]:
        text += f" {found['others']} are for somebody else, or another device."
    out.data({"type": "bundle_taken", **found}, text)
    if found["unopened"]:
        out.note(
            f"{found['unopened']} don't open: they were damaged on the way, or something before "
            "them hasn't come yet. What was sent still comes, by a relay or in another bundle."
        )
    if not found["is_whole"]:
        return out.failed(
            ExitCode.FIXABLE,
            "The bundle is cut off: its end is missing. Ask for another copy of it; what came "
            "before the end is taken in.",
        )
    return ExitCode.OK


def _whole(file: str) -> str:
    return os.path.abspath(Path(file).expanduser())
