"""`restante history`: print a conversation, oldest first, in pages; what is pinned; a thread.

Rule: memory stays flat however long the conversation is. Spec: docs/cli.md, section "history".
"""

from __future__ import annotations

from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import local_time, message_record, message_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

_PAGE = 64


def history(
    out: Output, caller: Caller, conversation: str, *, last: int | None, versions: bool = False
) -> ExitCode:
    """Print all of a conversation, or its `last` so many messages; with what they said before."""
    key = caller.call("resolve", text=conversation)
    start = 0
    if last is not None:
        lines = caller.call("conversations")
        count = next((one["message_count"] for one in lines if one["key"] == key), 0)
        start = max(0, count - last)
    while True:
        page = caller.call("messages", conversation=key, start=start, count=_PAGE)
        for message in page:
            _print(out, message)
            if versions and message["edited"]:
                _print_versions(out, caller, message["id"])
        if len(page) < _PAGE:
            return ExitCode.OK
        start += _PAGE


def thread(out: Output, caller: Caller, conversation: str, message: str) -> ExitCode:
    """Print the thread that a message is in: what it began with, then the answers in order."""
    key = caller.call("resolve", text=conversation)
    if caller.call("message", message_id=message)["conversation"] != key:
        raise UserError("This message is in another conversation.")
    start = 0
    while True:
        page = caller.call("thread", message_id=message, start=start, count=_PAGE)
        for each in page["messages"]:
            _print(out, each)
        start += _PAGE
        if start >= page["count"]:
            return ExitCode.OK


def pinned(out: Output, caller: Caller, conversation: str) -> ExitCode:
    """Print the pinned messages of a conversation, oldest first."""
    key = caller.call("resolve", text=conversation)
    for message in caller.call("pinned", conversation=key):
        _print(out, message)
    return ExitCode.OK


def _print(out: Output, message: dict[str, Any]) -> None:
    out.data(message_record(message), message_text(message, shows_state=True))


def _print_versions(out: Output, caller: Caller, message_id: str) -> None:
    """Print what a message said before: it says the last of them now."""
    for version in caller.call("edits", message_id=message_id)[:-1]:
        body = version["body"].replace("\n", "\n    ")
        out.data(
            {"type": "version", "message": message_id, **version},
            f"    before {local_time(version['at'])}: {body}",
        )
