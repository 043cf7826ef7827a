"""`restante export`: conversations as lines of JSON, Markdown or one page of HTML.

Rule: memory stays flat however long a conversation is; what disappears is not exported, nor what
repeats it; a file is its owner's alone, replaces no other, and is there whole or not at all.
Spec: docs/cli.md, section "export".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from restante.client.commands.output import VERSION, Output, write_line
from restante.client.commands.records import message_record
from restante.client.new_file import new_file
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

PAGE: Final = 256

Write = Callable[[str], object]

_TOLD: Final = "Not exported: {count} messages that disappear."


class Pages:
    """The messages of a conversation, all of them once, though it changes meanwhile."""

    def __init__(self, caller: Caller, key: str) -> None:
        self._caller = caller
        self._key = key
        self.left_out = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield what lasts."""
        start, last = 0, ""
        while True:
            page = self._caller.call("messages", conversation=self._key, start=start, count=PAGE)
            if last and (not page or page[0]["id"] != last):
                start = self._found_again(last, start)
                page = self._caller.call(
                    "messages", conversation=self._key, start=start, count=PAGE
                )
            fresh = page[1:] if last and page and page[0]["id"] == last else page
            if not fresh:
                return
            for message in fresh:
                if message["timer_s"] or message["gone_at"] is not None:
                    self.left_out += 1
                    continue
                yield self._without_what_goes(message)
            start += len(page) - 1
            last = page[-1]["id"]

    def _found_again(self, last: str, start: int) -> int:
        """Return where the last message stands now; if it is gone, what follows stands there."""
        with suppress(UserError):
            return int(self._caller.call("message", message_id=last)["position"])
        return start

    def _without_what_goes(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return a message without what it repeats of one that disappears, or isn't here."""
        quote = message["quote"]
        if not quote or not quote["excerpt"]:
            return message
        try:
            quoted = self._caller.call("message", message_id=quote["message"])
            stays = not quoted["timer_s"] and quoted["gone_at"] is None
        except UserError:
            stays = False
        return message if stays else {**message, "quote": {**quote, "excerpt": ""}}


def export(
    out: Output,
    caller: Caller,
    conversations: tuple[str, ...],
    *,
    form: str,
    output: str | None,
) -> ExitCode:
    """Export conversations, or all of them."""
    status = caller.call("status")
    lines = {each["key"]: each for each in caller.call("conversations")}
    keys = [caller.call("resolve", text=each) for each in conversations]
    chosen = [lines[key] for key in keys if key in lines] if keys else list(lines.values())
    if output is None:
        count, left_out = _write_all(_to_stdout, caller, status, chosen, form)
    else:
        count, left_out = _write_file(output, caller, status, chosen, form)
        record = {"path": output, "format": form, "messages": count, "disappearing": left_out}
        out.data({"type": "exported", **record}, output)
        out.note(f"{count} messages of {len(chosen)} conversations.")
    if left_out:
        out.note(_TOLD.format(count=left_out))
    return ExitCode.OK


def _write_all(
    write: Write,
    caller: Caller,
    status: dict[str, Any],
    chosen: list[dict[str, Any]],
    form: str,
) -> tuple[int, int]:
    """Write conversations; return how many messages those are, and how many were left out."""
    # JSON lines are read again by `restante import`; the others are for people.
    return (_json_lines if form == "jsonl" else _page)(write, caller, status, chosen, form)


def _json_lines(
    write: Write, caller: Caller, status: dict[str, Any], chosen: list[dict[str, Any]], _: str
) -> tuple[int, int]:
    count = left_out = 0
    head = {"type": "export", "address": status["address"], "conversations": len(chosen)}
    write(_line(head))
    for conversation in chosen:
        named = ("key", "title", "address")
        write(_line({"type": "export_conversation", **{n: conversation[n] for n in named}}))
        pages = Pages(caller, conversation["key"])
        for message in pages:
            write(_line(message_record(message)))
            count += 1
        left_out += pages.left_out
    write(_line({"type": "export_end", "messages": count, "disappearing": left_out}))
    return count, left_out


def _page(
    write: Write,
    caller: Caller,
    status: dict[str, Any],
    chosen: list[dict[str, Any]],
    form: str,
) -> tuple[int, int]:
    from datetime import UTC, datetime  # noqa: PLC0415  (only here)

    from restante.client.archives.pages import Html, Markdown  # noqa: PLC0415

    page = Html() if form == "html" else Markdown()
    count = left_out = 0
    made_at = datetime.now(UTC).isoformat()

    def put(pieces: Iterator[str]) -> None:
        for piece in pieces:
            write(piece)

    put(page.begin(str(status["address"]), made_at))
    for conversation in chosen:
        put(page.conversation(conversation["title"], conversation["address"]))
        pages = Pages(caller, conversation["key"])
        for message in pages:
            put(page.message(message))
            count += 1
        left_out += pages.left_out
    told = f"{count} messages."
    put(page.end(f"{told} {_TOLD.format(count=left_out)}" if left_out else told))
    return count, left_out


def _write_file(
    output: str,
    caller: Caller,
    status: dict[str, Any],
    chosen: list[dict[str, Any]],
    form: str,
) -> tuple[int, int]:
    with new_file(Path(output), "The export") as file:
        return _write_all(
            lambda text: file.write(text.encode("utf-8", "replace")), caller, status, chosen, form
        )


def _to_stdout(text: str) -> None:
    """Write a piece; BrokenPipeError: nobody reads any more."""
    if text.endswith("\n"):
        write_line(text[:-1])
    else:
        sys.stdout.write(text)


def _line(record: dict[str, Any]) -> str:
    return json.dumps({"v": VERSION, **record}, ensure_ascii=False, separators=(",", ":")) + "\n"
