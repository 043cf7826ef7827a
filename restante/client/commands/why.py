"""`restante why`: what became of a message, device by device, what it means, and what to do.

Spec: docs/cli.md, section "why".
"""

from __future__ import annotations

from restante.client.commands.output import Output
from restante.client.commands.records import message_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode

_DEVICE_CHARS = 8
"""Of a device's id: as much as tells two of somebody's devices apart."""


def why(out: Output, caller: Caller, message_id: str) -> ExitCode:
    """Print the message, then a line for each thing that happened to it, then what it means."""
    found = caller.call("why", message_id=message_id)
    message, says = found["message"], found["says"]
    text = [message_text(message, shows_state=True)]
    for line in found["lines"]:
        device = "" if line["device"] is None else f"  device {line['device'][:_DEVICE_CHARS]}"
        detail = "" if line["detail"] is None else f"  {line['detail']}"
        text.append(f"  {line['at']}  {line['event']}{device}{detail}")
    named = {name: message[name] for name in ("id", "conversation", "state")}
    out.data(
        {"type": "why", **named, "lines": found["lines"], "says": says}, "\n".join([*text, says])
    )
    return ExitCode.OK
