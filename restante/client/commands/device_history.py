"""`restante device history`: how the history stands here, brought on, and asked for again.

Rule: it ends when all is here, or when it is up to another device; what is left comes by itself
whenever Restante runs on both. Spec: docs/cli.md, section "device".
"""

from __future__ import annotations

from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.progress import follow_history
from restante.client.oneshot import Caller
from restante.errors import ExitCode

_TELL_TIMEOUT_S = 10.0

_SAID = {
    "whole": "The history is whole, as far as this device knows.",
    "coming": "The history is still coming.",
    "incomplete": "Some of the history is missing.",
}


def history(
    out: Output, caller: Caller, *, again: bool, device: str | None, dismiss: bool
) -> ExitCode:
    """Ask again or dismiss if told to, bring the history on, and print how it stands then."""
    caller.subscribe()
    if again:
        caller.call("history_ask", device=device)
    if dismiss:
        caller.call("history_dismiss")
    is_reached = caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S)
    if caller.call("history_state")["state"] == "coming" and is_reached:
        follow_history(out, caller, direction="in")
        caller.call("flush", timeout_s=_TELL_TIMEOUT_S)  # the other waits to hear what came
    now = caller.call("history_state")
    out.data(history_record(now), _SAID[now["state"]])
    match now["state"]:
        case "coming":
            return out.failed(
                ExitCode.WAIT_TIMED_OUT,
                "The rest comes while Restante runs here and on your other device."
                if is_reached
                else "The relay can't be reached. The rest comes when it can.",
            )
        case "incomplete":
            return out.failed(ExitCode.FIXABLE, now["error"])
        case _:
            return ExitCode.OK


def history_record(state: dict[str, Any]) -> dict[str, Any]:
    """Make the object of how a history stands."""
    return {"type": "history", **state}
