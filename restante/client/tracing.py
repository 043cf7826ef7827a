"""What became of a message, device by device: noted as it happens, told when somebody asks why.

Rule: a line is noted in the transaction that makes it true, and holds no text of anybody's. Inside
the caller's transaction. Spec: docs/engine.md, section 10.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from restante.client.clock import rfc3339
from restante.client.interface import MessageState, TraceLine, Why
from restante.protocol.limits import DEFAULT_TTL_S
from restante.store.client_trace import TraceRow, add_trace, delete_traces_before, trace_of

if TYPE_CHECKING:
    from restante.client.interface import Message
    from restante.store.client_rows import Rows

KEPT_S: Final = 2 * DEFAULT_TTL_S
"""Nothing happens to a message any more when no envelope and no receipt of it can still arrive."""


class Event(StrEnum):
    """What can happen to a message. Words of the engine's interface."""

    QUEUED = "queued"
    SEALED = "sealed"
    RELAYED = "relayed"
    WAITING = "waiting"
    DELIVERED = "delivered"
    READ = "read"
    EXPIRED = "expired"
    TAKEN_BACK = "taken back"
    SENT_AGAIN = "sent again"
    FETCHED = "fetched"
    """From the relay, by this device."""
    DECRYPTED = "decrypted"
    NOT_DECRYPTED = "not decrypted"
    REPAIRED = "repaired"
    """It was missing here, and came when it was asked for."""
    ASKED_FOR = "asked for"
    GONE = "gone"
    """Of what is missing here: its device says that it can't be sent any more."""


_SAYS: Final = {
    MessageState.QUEUED: "It is kept here and goes out as soon as the relay can be reached.",
    MessageState.AWAITING_ACCEPTANCE: (
        "They don't know you yet: it goes out as soon as they accept. There is nothing to do."
    ),
    MessageState.RELAYED: (
        "Their relay keeps it until one of their devices comes for it. There is nothing to do."
    ),
    MessageState.DELIVERED: "It has arrived. Whether it was read, nobody has said yet.",
    MessageState.READ: "It has arrived and was read.",
    MessageState.EXPIRED: "No device of theirs came for it in time. Send it again.",
    MessageState.FAILED: "It was not sent. The reason stands above; send it again once it is gone.",
}
_WAITS: Final = "It is kept here and tried again by itself. Why it waits stands above."
_RECEIVED: Final = "It has arrived here and could be read."
_GAP: Final = (
    "It was sent and has not come here: the relay or the network lost it. Only the device that "
    "sent it can send it again; that one is asked, and answers when it is on. There is nothing to "
    "do; if the device is gone for good, ask them to write it once more."
)
_UNREADABLE: Final = "No key was harmed by it."


def note(
    rows: Rows,
    message_id: bytes | None,
    event: Event,
    *,
    now_ms: int,
    device_id: bytes | None = None,
    detail: str | None = None,
) -> None:
    """Note what happens to a message; nothing if there is no message to note it of."""
    if message_id is not None:
        row = TraceRow(
            message_id=message_id, device_id=device_id, event=event, at_ms=now_ms, detail=detail
        )
        add_trace(rows, row)


def note_opened(
    rows: Rows, message_id: bytes, device_id: bytes, *, arrived_ms: int, now_ms: int
) -> None:
    """Note that a message of a device was fetched from the relay, and then decrypted."""
    note(rows, message_id, Event.FETCHED, now_ms=arrived_ms, device_id=device_id)
    note(rows, message_id, Event.DECRYPTED, now_ms=now_ms, device_id=device_id)


def until(expires_at_ms: int) -> str:
    """Say until when a relay keeps something."""
    return f"kept until {rfc3339(expires_at_ms)}"


def why(rows: Rows, message: Message) -> Why:
    """Tell what became of a message, what that means, and what to do."""
    lines = [
        TraceLine(
            at=rfc3339(row.at_ms),
            event=row.event,
            device=None if row.device_id is None else row.device_id.hex(),
            detail=row.detail,
        )
        for row in trace_of(rows, bytes.fromhex(message.id))
    ]
    return Why(message=message, lines=lines, says=_says(message))


def forget_old(rows: Rows, now_ms: int) -> None:
    """Forget what happened to messages so long ago that nothing more can."""
    delete_traces_before(rows, now_ms - KEPT_S * 1000)


def _says(message: Message) -> str:
    if message.kind == "gap":
        return _GAP
    if message.kind == "undecryptable":
        return f"{message.error} {_UNREADABLE}"
    if not message.sender.is_me:
        return _RECEIVED
    if message.state is MessageState.QUEUED and message.error:
        return _WAITS
    return _SAYS[message.state]
