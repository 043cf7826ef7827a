"""`restante file drop`: files removed from this device, one or all that fit a description.

Rule: what isn't here, or is on its way, is left alone; what would go can be seen before it does.
Spec: docs/cli.md, section "file".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from restante.client.commands.changes import seconds
from restante.client.commands.files import PAGE, file_text
from restante.client.commands.records import message_record
from restante.client.commands.trying import would
from restante.client.sizes import size_text
from restante.errors import ExitCode, UserError
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restante.client.commands.output import Output
    from restante.client.oneshot import Caller

_SIZE: Final = re.compile(r"(\d+)(B|kB|KB|MB|GB)?")
_UNITS: Final = {None: 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which files are meant: of a conversation, from before a moment, larger than so much."""

    conversation: str | None
    before: datetime | None
    larger_bytes: int

    def fits(self, message: dict[str, Any]) -> bool:
        """Whether a message's file is here, and meant."""
        file = message["file"]
        if file is None or file["state"] != "here" or file["size_bytes"] <= self.larger_bytes:
            return False
        return self.before is None or datetime.fromisoformat(message["sent_at"]) < self.before


def which(
    caller: Caller, chat: str | None, older_than: str | None, larger_than: str | None
) -> Which:
    """Read a description. UserError: there is no such conversation, time or size."""
    before = None
    if older_than is not None:
        before = datetime.now(UTC) - timedelta(seconds=seconds(older_than))
    return Which(
        conversation=None if chat is None else caller.call("resolve", text=chat),
        before=before,
        larger_bytes=-1 if larger_than is None else _size(larger_than),
    )


def drop(out: Output, caller: Caller, message_id: str, *, is_trial: bool) -> ExitCode:
    """Remove the file of a message from this device."""
    if is_trial:
        message = caller.call("message", message_id=message_id)
        if message["file"] is None:
            raise UserError("This message carries no file.")
        return would(out, f"Would remove from this device: {file_text(message)}")
    message = caller.call("file_drop", message_id=message_id)
    out.data(message_record(message), file_text(message))
    return ExitCode.OK


def drop_all(out: Output, caller: Caller, wanted: Which, *, is_trial: bool) -> ExitCode:
    """Remove all files that fit, the newest first; a trial lists them."""
    count = size_bytes = 0
    for message in list(_fitting(caller, wanted)):
        if not is_trial:
            message = caller.call("file_drop", message_id=message["id"])  # noqa: PLW2901  (as it is now)
        count += 1
        size_bytes += message["file"]["size_bytes"]
        out.data(message_record(message), file_text(message))
    what = f"{count} file{'s' * (count != 1)}, {size_text(size_bytes)}"
    if is_trial:
        return would(out, f"Would remove {what} from this device; the messages stay.")
    out.note(f"Removed {what}. What a relay still keeps can be fetched again.")
    return ExitCode.OK


def _fitting(caller: Caller, wanted: Which) -> Iterator[dict[str, Any]]:
    start = 0
    while found := caller.call("files", conversation=wanted.conversation, start=start, count=PAGE):
        yield from filter(wanted.fits, found)
        start += len(found)


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UserError(f"{text!r} is no size. Write 500kB, 10MB or 1GB.")
    return int(match[1]) * _UNITS[match[2]]
