"""`restante send`: put a text or files in the outbox, and see how far they come.

Rule: with several recipients, either all are known or nothing is sent to anybody.
Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from restante.client.commands.outcomes import (
    IN_OUTBOX,
    all_of,
    is_settled,
    outcome_of,
)
from restante.client.commands.output import Output
from restante.client.commands.progress import ProgressLine, show_file
from restante.client.commands.records import message_record
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError
from restante.values import dataclass

MAX_TEXT_BYTES = 50_000
"""What a message holds: the engine's limit, known here so that no more is read from stdin."""

_WORTH_SHOWING_BYTES = 1_000_000
_CHECK_TIMEOUT_S = 5.0
_COPIES_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent: the engine's method, and what it is given beside conversation and id."""

    method: str
    parameters: dict[str, Any]
    hand_in: Callable[[Caller], dict[str, Any]] | None = None
    """Hands in what is too long for one call, once, and returns what names it then."""


def what_to_send(
    text: str | None,
    location: str | None = None,
    reply: str | None = None,
    idempotency_key: str | None = None,
    *,
    live: str | None = None,
) -> Sent:
    """Read what the command line says is to be sent. UserError: no text, no place, no time."""
    if text == "-" and location is None and idempotency_key is None:
        return stdin_text(reply)
    said = None if text is None else text_argument(text)
    if location is None:
        more = {} if idempotency_key is None else {"idempotency_key": idempotency_key}
        return Sent(method="send", parameters={"text": said, "quote": reply, **more})
    place = {**place_argument(location), "label": (said or "").strip()}
    if live is not None:
        from restante.client.commands.changes import seconds  # noqa: PLC0415  (seldom wanted)

        place["live_s"] = seconds(live)
    return Sent(method="send_location", parameters=place)


def stdin_text(reply: str | None) -> Sent:
    """Read a text from stdin; one that is too long for a message is handed in as a file."""
    data = _read_stdin(MAX_TEXT_BYTES + 1)
    if len(data) <= MAX_TEXT_BYTES:
        return Sent(method="send", parameters={"text": text_of_stdin(lambda: data), "quote": reply})
    from restante.client.commands.handing_in import long_text_of_stdin  # noqa: PLC0415  (seldom)

    return long_text_of_stdin(data, reply)


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
    out: Output,
    caller: Caller,
    recipients: Sequence[str],
    *what: Sent,
    wait: str,
    timeout_s: float,
    ids: Sequence[str] | None = None,
) -> ExitCode:
    """Send all of it to each recipient, and wait until all is as far as `wait`, or time is up.

    Time is up when nothing has come further for `timeout_s`. `ids`: of the messages, where the
    caller goes on with them.
    """
    patience = Patience(out, timeout_s)
    keys = list(dict.fromkeys(find_conversation(caller, each) for each in recipients))
    if len(keys) > 1 and any(each.hand_in for each in what):
        raise UserError("What is read from stdin as a file goes to one conversation at a time.")
    wanted = [(key, each) for key in keys for each in what]
    # Ours to choose: asked twice, it is still one message.
    ids = ids or [os.urandom(16).hex() for _ in wanted]
    under_way: list[dict[str, Any]] = []
    codes: list[ExitCode] = []
    try:
        caller.subscribe()
        for (key, each), message_id in zip(wanted, ids, strict=True):
            try:
                under_way.append(put_in_outbox(caller, key, message_id, each))
            except UserError as error:
                if len(wanted) == 1:
                    raise
                codes.append(out.failed(error.exit_code, str(error)))
        settled: list[dict[str, Any]] = []
        for message in under_way:
            # Events about a later one may have passed while an earlier one was waited for.
            current = _now(caller, message["id"]) if settled else message
            settled.append(_wait(caller, current, wait, patience))
    except KeyboardInterrupt:
        return _interrupted(out, caller, ids)
    finally:
        patience.end()
    codes += [_report(out, caller, message, wait) for message in settled]
    if wait != "queued" and ExitCode.OK in codes:
        flush_copies(caller)
    return all_of(codes)


def put_in_outbox(caller: Caller, conversation: str, message_id: str, what: Sent) -> dict[str, Any]:
    """Have the engine keep a message, under an id of ours; it is queued then. UserError."""
    more = {} if what.hand_in is None else what.hand_in(caller)
    message: dict[str, Any] = caller.call(
        what.method, conversation=conversation, message_id=message_id, **what.parameters, **more
    )
    return message


def flush_copies(caller: Caller) -> None:
    """Let the copies for one's other devices go out right behind what was sent."""
    caller.call("flush", timeout_s=_COPIES_TIMEOUT_S)


def text_argument(text: str) -> str:
    """Take the text of the command line, or of stdin for `-`. UserError: it is no text."""
    if text == "-":
        return text_of_stdin(lambda: _read_stdin(MAX_TEXT_BYTES + 1))
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


def _read_stdin(size_bytes: int) -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise UserError("There is nothing on stdin. Nothing was sent.")
    return sys.stdin.buffer.read(size_bytes)


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


class Patience:
    """How long is waited: as long as something comes further."""

    def __init__(self, out: Output, timeout_s: float) -> None:
        self._out = out
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._reached: dict[str, int] = {}
        self._line: ProgressLine | None = None

    @property
    def left_s(self) -> float:
        """How long is left."""
        return self._deadline - time.monotonic()

    def moved(self, event: dict[str, Any], what: str) -> None:
        """Note how far a file is, and show it."""
        done, total = event["done_bytes"], event["total_bytes"]
        if done > self._reached.get(event["message"], -1):
            self._reached[event["message"]] = done
            self._deadline = time.monotonic() + self._timeout_s
        if total < _WORTH_SHOWING_BYTES:
            return
        self._line = self._line or ProgressLine(self._out)
        show_file(self._line, event, what)

    def end(self) -> None:
        """Show no more."""
        if self._line is not None:
            self._line.end()


def _wait(caller: Caller, message: dict[str, Any], wait: str, patience: Patience) -> dict[str, Any]:
    message_id = message["id"]
    while not is_settled(message, wait):
        left_s = patience.left_s
        event = caller.next_event(timeout_s=left_s) if left_s > 0 else None
        if event is None:
            return _now(caller, message_id)
        if event["type"] == "message_changed" and event["message"]["id"] == message_id:
            message = event["message"]
        elif event["type"] == "file" and event["direction"] == "out":
            patience.moved(event, "Sending")
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


def _interrupted(out: Output, caller: Caller, ids: Sequence[str]) -> ExitCode:
    caller.reconnect()
    found = []
    for message_id in ids:
        try:
            found.append(
                caller.call("message", message_id=message_id, answer_within_s=_CHECK_TIMEOUT_S)
            )
        except UserError:
            continue
        except TimeoutError:
            return out.failed(
                ExitCode.QUEUED, "Interrupted; the message may be queued. See: restante history"
            )
    if not found:
        return out.failed(ExitCode.INTERRUPTED, "Interrupted before anything was queued.")
    if any(message["state"] in IN_OUTBOX for message in found):
        return all_of([_report(out, caller, message, "relayed") for message in found])
    for message in found:
        out.data(message_record(message), None)
    states = ", ".join(sorted({message["state"] for message in found}))
    return out.failed(ExitCode.INTERRUPTED, f"Interrupted; the message is {states}.")


def _report(out: Output, caller: Caller, message: dict[str, Any], wait: str) -> ExitCode:
    out.data(message_record(message), None)
    code, sentence = outcome_of(caller, message, wait)
    if sentence is not None:
        return out.failed(code, sentence)
    out.detail(f"{message['state'].capitalize()}: {message['id']}")
    return code
