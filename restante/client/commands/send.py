"""`restante send`: put a text in the outbox, and see how far it comes.

Rule: what is said about a message at the end is true of it at that moment; whoever is told 7 must
not send it again, whoever is told 3 or 130 may. Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import message_record
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

MAX_TEXT_BYTES = 50_000
"""What a message holds: the engine's limit, known here so that no more is read from stdin."""

_REACHED = {
    "queued": {"queued", "awaiting acceptance", "relayed", "delivered", "read"},
    "relayed": {"relayed", "delivered", "read"},
    "delivered": {"delivered", "read"},
}
_IN_OUTBOX = {"queued", "awaiting acceptance"}
_CHECK_TIMEOUT_S = 5.0
_COPIES_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent: the engine's method, and what it is given beside conversation and id."""

    method: str
    parameters: dict[str, Any]


def what_to_send(
    text: str | None, location: str | None, reply: str | None = None, *, live: str | None = None
) -> Sent:
    """Read what the command line says is to be sent. UserError: no text, no place, no time."""
    said = None if text is None else text_argument(text)
    if location is None:
        return Sent(method="send", parameters={"text": said, "quote": reply})
    place = {**place_argument(location), "label": (said or "").strip()}
    if live is not None:
        from restante.client.commands.changes import seconds  # noqa: PLC0415  (seldom wanted)

        place["live_s"] = seconds(live)
    return Sent(method="send_location", parameters=place)


def card_of(caller: Caller, contact: str) -> Sent:
    """Return the card of a contact. UserError: there is none so called."""
    key = caller.call("resolve", text=contact)
    return Sent(method="send_contact", parameters={"contact": key})


def place_argument(location: str) -> dict[str, Any]:
    """Read a place, LAT,LON in degrees. UserError: it is none."""
    try:
        latitude, longitude = map(float, location.split(","))
    except ValueError:
        raise UserError(
            f"{location!r} is no place. Write latitude and longitude in degrees: -34.9,-56.17"
        ) from None
    return {"latitude": latitude, "longitude": longitude}


def send(
    out: Output, caller: Caller, conversation: str, what: Sent, *, wait: str, timeout_s: float
) -> ExitCode:
    """Send something and wait until it is `queued`, `relayed` or `delivered`, or time is up."""
    deadline = time.monotonic() + timeout_s
    key = find_conversation(caller, conversation)
    message_id = os.urandom(16).hex()  # ours to choose: asked twice, it is still one message
    try:
        caller.subscribe()
        message = caller.call(
            what.method, conversation=key, message_id=message_id, **what.parameters
        )
        message = _wait(caller, message, wait, deadline)
    except KeyboardInterrupt:
        return _interrupted(out, caller, message_id)
    return _report(out, caller, message, wait)


def text_argument(text: str) -> str:
    """Take the text of the command line, or of stdin for `-`. UserError: it is no text."""
    if text == "-":
        return text_of_stdin(lambda: sys.stdin.buffer.read(MAX_TEXT_BYTES + 1))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserError(
            f"The text is not in this terminal's character set, from character {error.start} on. "
            "Nothing was sent."
        ) from None
    return text


def text_of_stdin(read: Callable[[], bytes]) -> str:
    """Read a text as UTF-8, exactly as it is. UserError names the first wrong byte's offset."""
    if sys.stdin is None or sys.stdin.closed:
        raise UserError("There is nothing on stdin. Nothing was sent.")
    data = read()
    if len(data) > MAX_TEXT_BYTES:
        raise UserError(
            f"The text on stdin has more than the {MAX_TEXT_BYTES} bytes that a message holds. "
            "Nothing was sent; send it in parts."
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"The text on stdin is not UTF-8: byte {data[error.start]:#04x} at offset "
            f"{error.start}. Nothing was sent."
        ) from None


def find_conversation(caller: Caller, text: str) -> str:
    """Find a conversation; an address that is not known yet is looked up at its relay."""
    try:
        key: str = caller.call("resolve", text=text)
    except UserError:
        if "@" not in text:
            raise
        contact = caller.call("contact_add", code_or_address=text, petname=None)
        key = contact["key"]
    return key


def _wait(caller: Caller, message: dict[str, Any], wait: str, deadline: float) -> dict[str, Any]:
    message_id = message["id"]
    while message["state"] in _IN_OUTBOX | {"relayed"} - _REACHED[wait]:
        if message["state"] in _REACHED[wait] or message["state"] == "awaiting acceptance":
            break  # accepting can take its person days: that is nothing to wait for
        left_s = deadline - time.monotonic()
        event = caller.next_event(timeout_s=left_s) if left_s > 0 else None
        if event is None:
            return _now(caller, message_id)
        if event["type"] == "message_changed" and event["message"]["id"] == message_id:
            message = event["message"]
        elif event["type"] == "conversation_changed" and _is_paused(event["conversation"], message):
            return _now(caller, message_id)  # a decision can take its time, too
        elif event["type"] == "resync":
            message = _now(caller, message_id)
    return message


def _is_paused(conversation: dict[str, Any], message: dict[str, Any]) -> bool:
    is_its = bool(conversation["key"] == message["conversation"])
    return is_its and conversation["trust"] == "changed"


def _now(caller: Caller, message_id: str) -> dict[str, Any]:
    message: dict[str, Any] = caller.call("message", message_id=message_id)
    return message


def _interrupted(out: Output, caller: Caller, message_id: str) -> ExitCode:
    caller.reconnect()
    try:
        message: dict[str, Any] = caller.call(
            "message", message_id=message_id, answer_within_s=_CHECK_TIMEOUT_S
        )
    except UserError:
        return out.failed(ExitCode.INTERRUPTED, "Interrupted before anything was queued.")
    except TimeoutError:
        return out.failed(
            ExitCode.QUEUED, "Interrupted; the message may be queued. See: restante history"
        )
    if message["state"] in _IN_OUTBOX:
        return _report(out, caller, message, "relayed")
    out.data(message_record(message), None)
    return out.failed(ExitCode.INTERRUPTED, f"Interrupted; the message is {message['state']}.")


def _report(out: Output, caller: Caller, message: dict[str, Any], wait: str) -> ExitCode:
    out.data(message_record(message), None)
    state = message["state"]
    if state in _REACHED[wait]:
        if wait != "queued":  # its copies go to one's other devices right behind it
            caller.call("flush", timeout_s=_COPIES_TIMEOUT_S)
        out.detail(f"{state.capitalize()}: {message['id']}")
        return ExitCode.OK
    because = f" {message['error']}" if message["error"] else ""
    match state:
        case "awaiting acceptance":
            return out.failed(
                ExitCode.QUEUED,
                "Queued until they accept your first messages; it is sent by itself then. "
                "Do not send it again.",
            )
        case "queued":
            return _report_queued(out, caller, message)
        case "relayed":
            return out.failed(
                ExitCode.WAIT_TIMED_OUT,
                "Relayed, but not delivered within the time given. Do not send it again.",
            )
        case "expired":
            return out.failed(
                ExitCode.UNAVAILABLE,
                f"Not sent: it expired before it could be delivered.{because}",
            )
        case _:
            return out.failed(ExitCode.FIXABLE, f"Not sent.{because}")


def _report_queued(out: Output, caller: Caller, message: dict[str, Any]) -> ExitCode:
    key = message["conversation"]
    if any(one["key"] == key and one["trust"] == "changed" for one in caller.call("contacts")):
        return out.failed(ExitCode.UNTRUSTED, message["error"] or "Paused: a key has changed.")
    reason = caller.call("status")["error"]
    because = f" {reason or message['error'] or ''}".rstrip()
    return out.failed(
        ExitCode.QUEUED,
        f"Queued, not yet relayed. Do not send it again.{because} It goes out when Restante runs "
        "next: restante daemon, chat or tail --once.",
    )
