"""`restante ls`, `mark`, and what is chosen for a conversation: muted, pinned, archived, read.

Rule: what is chosen holds on all the user's devices and is nobody else's business; only reading is
told, if the user lets that be said. Spec: docs/cli.md, sections "ls", "contact" and "mark".
"""

from __future__ import annotations

import time
from typing import Any

from restante.client.commands.changes import seconds, told
from restante.client.commands.output import Output
from restante.client.commands.records import (
    MUTED_FOR_GOOD,
    conversation_record,
    conversation_text,
    message_record,
    message_text,
)
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

_PAGE = 64
_NO_MENTIONS = "Nobody has named you or answered you yet."


def choose(out: Output, caller: Caller, method: str, conversation: str, **choice: Any) -> ExitCode:
    """Choose something for a conversation, print it, and have one's other devices hear of it."""
    key = caller.call("resolve", text=conversation)
    _print(out, caller.call(method, conversation=key, **choice))
    return told(out, caller)


def ls(out: Output, caller: Caller, *, only_unread: bool, with_archived: bool) -> ExitCode:
    """Print the conversations, the one with the newest message first."""
    for each in caller.call("conversations"):
        is_unread = each["unread_count"] or each["marked_unread"]
        if (with_archived or not each["archived"]) and (is_unread or not only_unread):
            _print(out, each)
    return ExitCode.OK


def mentions(out: Output, caller: Caller, *, only_unread: bool) -> ExitCode:
    """Print what names the user or answers them: what is unread first, each the newest first."""
    titles = {each["key"]: each["title"] for each in caller.call("conversations")}
    count = 0
    for unread in (True,) if only_unread else (True, False):
        past = None
        while True:
            page = caller.call("mentions", unread=unread, past=past, limit=_PAGE)
            for message in page:
                title = titles.get(message["conversation"])
                sign = "* " if unread else "  "
                place = f"{sign}[{title}] " if title else sign
                out.data(message_record(message), place + message_text(message))
            count += len(page)
            if len(page) < _PAGE:
                break
            past = page[-1]["id"]
    if not count:
        out.note("Nothing unread names you or answers you." if only_unread else _NO_MENTIONS)
    return ExitCode.OK


def muted_until(duration: str | None) -> str:
    """Return the end of a time such as 8h from now; without one, no end. UserError: it is none."""
    if duration is None:
        return MUTED_FOR_GOOD
    until = time.gmtime(time.time() + seconds(duration))
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", until)


def mark_read(out: Output, caller: Caller, conversation: str, *, up_to: str | None) -> ExitCode:
    """Mark a conversation as read, up to a message or to its end."""
    key = caller.call("resolve", text=conversation)
    if up_to is not None and caller.call("message", message_id=up_to)["conversation"] != key:
        raise UserError("This message is in another conversation.")
    caller.call("mark_read", conversation=key, up_to=up_to)
    _print(out, _conversation(caller, key))
    return told(out, caller)


def _conversation(caller: Caller, key: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = caller.call("conversations")
    for each in found:
        if each["key"] == key:
            return each
    raise UserError("Nothing was said in this conversation yet.")


def _print(out: Output, conversation: dict[str, Any]) -> None:
    out.data(conversation_record(conversation), conversation_text(conversation))
