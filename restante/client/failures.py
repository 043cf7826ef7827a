"""Why a relay couldn't be used, as sentences for people and types for code.

    UserError
    └── RelayError            which relay, and how long it asked us to wait
        ├── UnreachableError      no connection, or it broke: try again later
        ├── UntrustedRelayError   TLS or pin: whoever answers there can't be trusted
        ├── WrongServiceError     something answers, but it isn't a relay of this version
        └── RefusedError          the relay said no; `code` says why

Rule: code branches on the type or the code; the sentence is for people.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from restante.errors import ExitCode, UserError, WireCode

if TYPE_CHECKING:
    from restante.protocol.address import RelayAddress


class RelayError(UserError):
    """A relay couldn't be used. `retry_after_s` is 0 unless the relay named a time."""

    def __init__(
        self,
        sentence: str,
        *,
        exit_code: ExitCode = ExitCode.UNAVAILABLE,
        retry_after_s: int = 0,
    ) -> None:
        super().__init__(sentence, exit_code=exit_code)
        self.retry_after_s = retry_after_s


class UnreachableError(RelayError):
    """There is no connection, or it broke."""


class UntrustedRelayError(RelayError):
    """The TLS key or certificate is not the right one."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, exit_code=ExitCode.UNTRUSTED)


class WrongServiceError(RelayError):
    """What answers is no relay, or none that speaks this version."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, exit_code=ExitCode.FIXABLE)


class RefusedError(RelayError):
    """The relay refused a request or closed the connection, and said why."""

    def __init__(
        self, code: WireCode, relay: RelayAddress, *, retry_after_s: int = 0, reason: str = ""
    ) -> None:
        sentence, exit_code = _REFUSALS.get(code, _UNEXPLAINED)
        limit = limit_named(reason)
        named = f" Its limit is called {limit}." if limit else ""
        wait = f" Try again in {retry_after_s} s." if retry_after_s else ""
        super().__init__(
            sentence.format(relay=relay.authority) + named + wait,
            exit_code=exit_code,
            retry_after_s=retry_after_s,
        )
        self.code = code
        self.limit = limit
        """The name of the relay's limit that was met, or an empty text."""


_LIMIT: Final = re.compile(r"\(([a-z][a-z0-9_]{1,39})\)\Z")


def limit_named(reason: str) -> str:
    """Return the name of a limit with which a relay's reason ends. No more of it is ever shown."""
    found = _LIMIT.search(reason)
    return found[1] if found else ""


_UNEXPLAINED = (
    "The relay {relay} refused what this version of Restante asked. Update Restante.",
    ExitCode.UNAVAILABLE,
)

_REFUSALS: dict[WireCode, tuple[str, ExitCode]] = {
    WireCode.UNSUPPORTED_VERSION: (
        "The relay {relay} doesn't speak this version of the protocol. Update Restante.",
        ExitCode.FIXABLE,
    ),
    WireCode.UNAUTHENTICATED: (
        (
            "The relay {relay} doesn't accept this device's key. Was the device revoked, or is the "
            "relay reached under another name than its own?"
        ),
        ExitCode.UNTRUSTED,
    ),
    WireCode.FORBIDDEN: ("The relay {relay} doesn't allow that.", ExitCode.FIXABLE),
    WireCode.NOT_FOUND: (
        "The relay {relay} knows nobody of that name or code. Check it for a typing error.",
        ExitCode.FIXABLE,
    ),
    WireCode.NAME_TAKEN: (
        "The name is taken at {relay}. Choose another one.",
        ExitCode.FIXABLE,
    ),
    WireCode.INVITE_REQUIRED: (
        (
            "The relay {relay} needs an invite, and this one is missing, used up or expired. "
            "Ask its operator for a new one."
        ),
        ExitCode.FIXABLE,
    ),
    WireCode.CONFLICT: (
        (
            "The relay {relay} holds a newer list of this account's devices. Was it recovered "
            "elsewhere?"
        ),
        ExitCode.UNTRUSTED,
    ),
    WireCode.TOO_LARGE: (
        "That is larger than the relay {relay} takes. Send less, or ask its operator.",
        ExitCode.FIXABLE,
    ),
    WireCode.FULL: (
        "A quota at {relay} is used up. Wait until there is room, or ask its operator for more.",
        ExitCode.LIMITED,
    ),
    WireCode.SLOW_DOWN: ("The relay {relay} asks to slow down.", ExitCode.LIMITED),
    WireCode.FENCED: (
        (
            "This device is connected to {relay} from another place, and stays offline here. End "
            "the copy of the profile that runs there, then try again."
        ),
        ExitCode.FIXABLE,
    ),
    WireCode.GOING_AWAY: ("The relay {relay} is restarting.", ExitCode.UNAVAILABLE),
    WireCode.INTERNAL: ("The relay {relay} has a fault of its own.", ExitCode.UNAVAILABLE),
    WireCode.BLOCKED: (
        "The operator of {relay} has blocked this account. Ask them why; your history is safe.",
        ExitCode.FIXABLE,
    ),
    WireCode.TIMED_OUT: ("The connection to {relay} was too slow.", ExitCode.UNAVAILABLE),
}


def wire_code(number: int) -> WireCode:
    """Read a code off the wire; one that this version doesn't know counts as INTERNAL."""
    try:
        return WireCode(number)
    except ValueError:
        return WireCode.INTERNAL
