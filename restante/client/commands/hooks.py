"""`restante hook`: consumers of the feed, and what their programs would not take.

Spec: docs/cli.md, section "hook".
"""

from __future__ import annotations

from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import local_time, message_record, received_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print every consumer and how much waits for it."""
    for each in caller.call("consumers"):
        out.data({"type": "consumer", **each}, f"{each['name']}: {each['waiting']} waiting")
    return ExitCode.OK


def forget(out: Output, caller: Caller, name: str) -> ExitCode:
    """Forget a consumer; under its name everything comes again."""
    caller.call("consumer_forget", consumer=name)
    out.data({"type": "consumer_forgotten", "name": name}, None)
    return ExitCode.OK


def dead_ls(out: Output, caller: Caller) -> ExitCode:
    """Print what was put aside."""
    for each in caller.call("dead_letters"):
        head = f"{each['consumer']} {each['received']['cursor']} ({each['error']})"
        text = f"{head} {local_time(each['died_at'])}\n    {received_text(each['received'])}"
        out.data(dead_letter_record(each), text)
    return ExitCode.OK


def dead_drop(out: Output, caller: Caller, consumer: str, cursor: int) -> ExitCode:
    """Take one off the list, as given up."""
    caller.call("dead_letter_drop", consumer=consumer, cursor=cursor)
    out.data({"type": "dead_letter_dropped", "consumer": consumer, "cursor": cursor}, None)
    return ExitCode.OK


def dead_letter_record(letter: dict[str, Any]) -> dict[str, Any]:
    """Make the object of a dead letter."""
    received = letter["received"]
    return {
        "type": "dead_letter",
        "consumer": letter["consumer"],
        "cursor": received["cursor"],
        "error": letter["error"],
        "died_at": letter["died_at"],
        "received": message_record(received["message"], received["type"]),
    }
