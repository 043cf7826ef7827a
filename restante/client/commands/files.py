"""`restante file`: what files there are, one of them fetched and written, what they take here.

Rule: a file is written where the user says, beside what is there, and never before it is whole.
Spec: docs/cli.md, section "file".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from restante.client.commands.output import Output
from restante.client.commands.progress import ProgressLine, show_file
from restante.client.commands.records import local_time, message_record
from restante.client.oneshot import Caller
from restante.client.sizes import size_text
from restante.errors import ExitCode, UserError

PAGE: Final = 256
PATIENCE_S: Final = 60.0
"""Without any progress for so long: the relay can't be reached, and it is fetched when it can."""

_UNDER_WAY: Final = {"fetching"}


def ls(out: Output, caller: Caller, conversation: str | None) -> ExitCode:
    """Print the files of a conversation, or of all, the newest first."""
    key = None if conversation is None else caller.call("resolve", text=conversation)
    start = 0
    while found := caller.call("files", conversation=key, start=start, count=PAGE):
        for message in found:
            out.data(message_record(message), file_text(message))
        start += len(found)
    return ExitCode.OK


def get(
    out: Output, caller: Caller, message_id: str, *, output: str | None, as_archive: bool
) -> ExitCode:
    """Fetch the file of a message if it isn't here, write it, and print where it is."""
    directory = Path(output or ".").absolute()
    if not directory.is_dir():
        raise UserError(f"{directory} is no directory. Make it, or name another.")
    caller.subscribe()
    message = fetched(out, caller, message_id)
    file = message["file"]
    if file["state"] != "here" and file["state"] != "sending":
        if file["state"] == "fetching":
            return out.failed(
                ExitCode.WAIT_TIMED_OUT,
                "The file isn't here yet. It comes while Restante runs; try again later.",
            )
        return out.failed(ExitCode.FIXABLE, file["error"] or "The file can't be had.")
    path = caller.call(
        "file_save", message_id=message_id, directory=str(directory), unpacks=not as_archive
    )
    out.data({"type": "file", "message": message_id, "path": path}, path)
    return ExitCode.OK


def usage(out: Output, caller: Caller) -> ExitCode:
    """Print what files take on this device, by conversation."""
    total = 0
    for each in caller.call("storage"):
        total += each["size_bytes"]
        count = f"{each['count']} file{'s' * (each['count'] != 1)}"
        line = f"{size_text(each['size_bytes']):>9}  {count:>9}  {each['title']}"
        out.data({"type": "storage", **each}, line)
    out.note(f"{size_text(total)} in all, encrypted.")
    return ExitCode.OK


def file_text(message: dict[str, Any]) -> str:
    """Write a file for people: one line."""
    file, sender = message["file"], message["sender"]
    if file is None:
        return f"{message['id']}  (a file that can't be read)"
    name = "me" if sender["is_me"] else sender["name"]
    stands = file["state"]
    if stands == "offered" and file["expires_at"] is not None:
        stands = f"at the relay until {local_time(file['expires_at'])}"
    size = size_text(file["size_bytes"])
    when = local_time(message["sent_at"])
    return f"{message['id']}  {when}  {name}: {file['name']} ({size}, {stands})"


def fetched(out: Output, caller: Caller, message_id: str) -> dict[str, Any]:
    """Have a file fetched, and return its message when it is here, or won't be."""
    message: dict[str, Any] = caller.call("message", message_id=message_id)
    if message["file"] is None:
        raise UserError("This message carries no file.")
    if message["file"]["state"] in {"here", "sending"}:
        return message
    line = ProgressLine(out)
    try:
        message = caller.call("file_fetch", message_id=message_id)
        while message["file"] is not None and message["file"]["state"] in _UNDER_WAY:
            event = caller.next_event(timeout_s=PATIENCE_S)
            if event is None:
                return message
            if event["type"] == "file" and event["message"] == message_id:
                show_file(line, event, "Fetching")
            elif event["type"] in {"message_changed", "resync"}:
                message = caller.call("message", message_id=message_id)
    except KeyboardInterrupt:
        caller.reconnect()
        raise
    finally:
        line.end()
    return message
