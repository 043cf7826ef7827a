"""`restante search`: print the messages that are as asked for, the newest first.

Rule: it reads page by page, so that a reader that has enough (`| head`) costs no more than that.
Spec: docs/cli.md, section "search".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from restante.client.commands.moments import past_moment
from restante.client.commands.output import Output
from restante.client.commands.records import message_record, message_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode

_PAGE = 64


def search(
    out: Output,
    caller: Caller,
    words: str,
    *,
    chat: str | None,
    sender: str | None,
    since: str | None,
    before: str | None,
    type_: str | None,
    limit: int | None,
) -> ExitCode:
    """Print what is found."""
    now = datetime.now().astimezone().replace(tzinfo=None)
    wanted: dict[str, Any] = {
        "words": words,
        "conversation": None if chat is None else caller.call("resolve", text=chat),
        "sender": None if sender is None else caller.call("resolve", text=_whom(sender)),
        "since": None if since is None else past_moment(since, now),
        "before": None if before is None else past_moment(before, now),
        "type": type_,
    }
    titles: dict[str, str] = {}
    if chat is None and not out.is_json:
        titles = {each["key"]: each["title"] for each in caller.call("conversations")}
    past, count = None, 0
    while limit is None or count < limit:
        size = _PAGE if limit is None else min(_PAGE, limit - count)
        page = caller.call("search", **wanted, past=past, limit=size)
        for message in page:
            title = titles.get(message["conversation"])
            place = f"[{title}] " if title else ""
            out.data(message_record(message), place + message_text(message, shows_state=True))
        count += len(page)
        if len(page) < size:
            break
        past = page[-1]["id"]
    if not count:
        out.note("No match.")
    return ExitCode.OK


def _whom(sender: str) -> str:
    """`me` is oneself, as the chat calls it."""
    return "self" if sender.casefold() == "me" else sender
