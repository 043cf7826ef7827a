"""`restante history`: print a conversation, oldest first, in a stream of pages.

Rule: memory stays flat however long the conversation is. Spec: docs/cli.md, section "history".
"""

from __future__ import annotations

from restante.client.commands.output import Output
from restante.client.commands.records import message_record, message_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode

_PAGE = 64


def history(out: Output, caller: Caller, conversation: str, *, last: int | None) -> ExitCode:
    """Print all of a conversation, or its `last` so many messages."""
    key = caller.call("resolve", text=conversation)
    start = 0
    if last is not None:
        lines = caller.call("conversations")
        count = next((one["message_count"] for one in lines if one["key"] == key), 0)
        start = max(0, count - last)
    while True:
        page = caller.call("messages", conversation=key, start=start, count=_PAGE)
        for message in page:
            out.data(message_record(message), message_text(message, shows_state=True))
        if len(page) < _PAGE:
            return ExitCode.OK
        start += _PAGE
