"""What became of a message that a command sent, as an exit code and a sentence.

Rule: what is said is true of the message at that moment; whoever is told 7 must not send it again,
whoever is told 3 or 130 may. Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from restante.client.oneshot import Caller
from restante.errors import ExitCode

REACHED: Final = {
    "queued": {"queued", "awaiting acceptance", "relayed", "delivered", "read"},
    "relayed": {"relayed", "delivered", "read"},
    "delivered": {"delivered", "read"},
    "read": {"read"},
}
"""The states that fulfil each `--wait`."""

IN_OUTBOX: Final = {"queued", "awaiting acceptance"}
AWAITING: Final = (
    "Queued until they accept your first messages; it is sent by itself then. Do not send it again."
)
_FURTHER: Final = ("queued", "relayed", "delivered")


def is_settled(message: dict[str, Any], wait: str) -> bool:
    """Whether waiting on would be for nothing: reached, failed, or up to its person.

    Accepting a request can take its person days: that is nothing to wait for.
    """
    state = message["state"]
    return state in REACHED[wait] or state not in _FURTHER


def outcome_of(
    caller: Caller, message: dict[str, Any], wait: str, *, paused: frozenset[str] | None = None
) -> tuple[ExitCode, str | None]:
    """Return the code for a message as it stands, and the sentence if it isn't 0.

    `paused`: keys of the conversations whose security key has changed, if they are known already.
    """
    state = message["state"]
    because = f" {message['error']}" if message["error"] else ""
    if state in REACHED[wait]:
        return ExitCode.OK, None
    match state:
        case "awaiting acceptance":
            return (
                ExitCode.QUEUED,
                AWAITING,
            )
        case "queued":
            return _still_queued(caller, message, paused)
        case "relayed" | "delivered":
            missing = "delivered" if state == "relayed" else "read"
            return (
                ExitCode.WAIT_TIMED_OUT,
                f"{state.capitalize()}, not {missing} in the time given. Do not send it again.",
            )
        case "expired":
            return (
                ExitCode.UNAVAILABLE,
                f"Not sent: it expired before it could be delivered.{because}",
            )
        case _:
            return ExitCode.FIXABLE, f"Not sent.{because}"


def all_of(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the one code for several recipients: theirs if it is the same for all, else 9."""
    different = set(codes)
    return different.pop() if len(different) == 1 else ExitCode.PARTIAL


def paused_conversations(caller: Caller) -> frozenset[str]:
    """Return the keys of conversations in which nothing is sent until the user has decided."""
    found = caller.call("contacts")
    return frozenset(one["key"] for one in found if one["trust"] == "changed")


def _still_queued(
    caller: Caller, message: dict[str, Any], paused: frozenset[str] | None
) -> tuple[ExitCode, str]:
    if message["conversation"] in (paused_conversations(caller) if paused is None else paused):
        return ExitCode.UNTRUSTED, message["error"] or "Paused: a key has changed."
    reason = caller.call("status")["error"]
    because = f" {reason or message['error'] or ''}".rstrip()
    sentence = (
        f"Queued, not yet relayed. Do not send it again.{because} It goes out when Restante runs "
        "next: restante daemon, chat or tail --once."
    )
    return ExitCode.QUEUED, sentence
