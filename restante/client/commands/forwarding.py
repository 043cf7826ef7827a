"""`restante forward`: what a message says, said again elsewhere.

Rule: sent as anything else is. Spec: docs/cli.md, section "forward".
"""

from __future__ import annotations

from collections.abc import Sequence

from restante.client.commands.output import Output
from restante.client.commands.send import Sent, send
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def question(caller: Caller, message_id: str) -> str:
    """Return what is to be asked before a message is forwarded; empty: nothing."""
    if not caller.call("message", message_id=message_id)["timer_s"]:
        return ""
    return "This message disappears where it was said. Forward it all the same?"


def forward(
    out: Output,
    caller: Caller,
    message_id: str,
    recipients: Sequence[str],
    *,
    stays: bool,
    timeout_s: float,
) -> ExitCode:
    """Send a message's words to each recipient as one's own, and see them relayed."""
    what = Sent(method="forward", parameters={"source": message_id, "stays": stays})
    return send(out, caller, recipients, what, wait="relayed", timeout_s=timeout_s)
