"""`restante send --at` and `restante scheduled`: texts that wait for their time.

Spec: docs/cli.md, sections "send" and "scheduled".
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import local_time
from restante.client.commands.send import find_conversation
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def schedule(
    out: Output,
    caller: Caller,
    recipients: Sequence[str],
    text: str,
    *,
    at: str,
    reply: str | None,
) -> ExitCode:
    """Keep a text for its time; `at` is RFC 3339."""
    keys = list(dict.fromkeys(find_conversation(caller, each) for each in recipients))
    for key in keys:
        kept = caller.call(
            "schedule",
            conversation=key,
            text=text,
            at=at,
            quote=reply,
            message_id=os.urandom(16).hex(),
        )
        out.data(scheduled_record(kept), f"{kept['id']} {local_time(kept['at'])}")
    if caller.is_host:
        out.note(
            "No engine runs here now, and one has to when it is time: restante daemon, or the chat."
        )
    return ExitCode.OK


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print what waits, the next one first."""
    names = {one["key"]: one["petname"] or one["address"] for one in caller.call("contacts")}
    for each in caller.call("scheduled"):
        to = names.get(each["conversation"], each["conversation"])
        said = " ".join(each["text"].split())[:60]
        error = f" ({each['error']})" if each["error"] else ""
        text = f"{each['id']} {local_time(each['at'])} {to}: {said}{error}"
        out.data(scheduled_record(each), text)
    return ExitCode.OK


def cancel(out: Output, caller: Caller, message: str) -> ExitCode:
    """Take one back."""
    caller.call("unschedule", message_id=message)
    out.data({"type": "unscheduled", "id": message}, None)
    out.note("Taken back; nothing was sent.")
    return ExitCode.OK


def scheduled_record(scheduled: dict[str, Any]) -> dict[str, Any]:
    """Make the object of a text that waits."""
    return {"type": "scheduled", **scheduled}
