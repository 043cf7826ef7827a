"""`restante poll`: a question, and what everybody answers.

Rule: prints polls as the engine says they are; a vote is kept before it is sent, like any change.
Spec: docs/cli.md, section "poll".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from restante.client.commands.changes import told
from restante.client.commands.moments import moment
from restante.client.commands.output import Output
from restante.client.commands.records import message_record, poll_text
from restante.client.commands.send import Sent, send
from restante.client.commands.trying import would
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

_TIMEOUT_S = 30.0


def poll_to_send(
    question: str, options: Sequence[str], *, is_multiple: bool, until: str | None
) -> Sent:
    """Read what the command line says is to be asked. UserError: no time."""
    end = None if until is None else moment(until, datetime.now())  # noqa: DTZ005  (one's own zone)
    return Sent(
        method="send_poll",
        parameters={
            "question": question,
            "options": list(options),
            "multiple": is_multiple,
            "closes_at": end,
        },
    )


def new(out: Output, caller: Caller, conversation: str, what: Sent) -> ExitCode:
    """Ask, and see the question relayed."""
    return send(out, caller, [conversation], what, wait="relayed", timeout_s=_TIMEOUT_S)


def vote(out: Output, caller: Caller, message_id: str, numbers: Sequence[int]) -> ExitCode:
    """Choose options, or none, and print how the poll stands now."""
    _print(out, caller.call("vote", message_id=message_id, choices=list(numbers)))
    return told(out, caller)


def show(out: Output, caller: Caller, message_id: str) -> ExitCode:
    """Print a poll. UserError: the message is none."""
    message = caller.call("message", message_id=message_id)
    if message["poll"] is None:
        raise UserError("This message is no poll.")
    return _print(out, message)


def close(out: Output, caller: Caller, message_id: str, *, is_dry: bool) -> ExitCode:
    """End a poll of one's own, or say that it would be."""
    if is_dry:
        message = caller.call("message", message_id=message_id)
        if message["poll"] is None:
            raise UserError("This message is no poll.")
        return would(out, "Would end the poll for everybody; nobody could vote in it any more.")
    _print(out, caller.call("close_poll", message_id=message_id))
    return told(out, caller)


def _print(out: Output, message: dict[str, Any]) -> ExitCode:
    out.data(message_record(message), poll_text(message["poll"], with_names=True))
    return ExitCode.OK
