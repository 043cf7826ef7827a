"""The errors of Restante: one small tree, told apart by whose fault it is.

    RestanteError
    ├── LocalProtocolError    our bug: we tried to send what the protocol forbids
    ├── RemoteProtocolError   theirs: what arrived is not allowed; carries a wire code
    ├── CryptoError           a key, signature or ciphertext was refused; deliberately vague
    ├── StoreError            the database or the disk refused
    └── UserError             the person can fix it: a sentence that says what to do next

Rule: code branches on the type, on `code` or on `exit_code`, never on a message's text.
Knows no other module of the package.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; the one table that scripts rely on."""

    OK = 0
    """Reached what was asked."""
    FIXABLE = 1
    """Something the user can fix; the sentence on stderr says how."""
    USAGE = 2
    """The command line itself was wrong."""
    UNAVAILABLE = 3
    """Relay or I/O failed, and nothing of the request remains in the outbox."""
    UNTRUSTED = 4
    """A key is untrusted or has changed."""
    LIMITED = 5
    """A rate limit or a quota."""
    LOCKED = 6
    """The profile is locked."""
    QUEUED = 7
    """Accepted locally, not yet relayed; do not send it again."""
    WAIT_TIMED_OUT = 8
    """`--wait` ran out of time."""
    PARTIAL = 9
    """Some recipients failed."""
    BUG = 70
    """A bug in Restante."""
    INTERRUPTED = 130
    """Ctrl-C."""


class WireCode(IntEnum):
    """Why a peer closed or refused, as sent on the wire (docs/protocol/relay.md, section 8)."""

    BAD_FRAME = 1
    """The bytes are no frame of this version."""
    BAD_STATE = 2
    """A frame that is not allowed in the connection's state."""
    UNSUPPORTED_VERSION = 3
    UNAUTHENTICATED = 4
    """The signature over the challenge does not hold, or the device is not listed any more."""
    FORBIDDEN = 5
    """Not allowed for this connection (also: no such mailbox, to a stranger)."""
    NOT_FOUND = 6
    """No such name, code or prekeys."""
    NAME_TAKEN = 7
    INVITE_REQUIRED = 8
    """Registration is closed and the invite is missing, used up, expired or unknown."""
    CONFLICT = 9
    """The manifest does not extend what the relay holds."""
    TOO_LARGE = 10
    FULL = 11
    """A quota of the mailbox, the account or the relay's disk is used up."""
    SLOW_DOWN = 12
    """A rate limit; comes with `retry_after_s`."""
    FENCED = 13
    """A newer connection of the same device took over."""
    GOING_AWAY = 14
    """The relay is stopping; reconnect after a pause."""
    INTERNAL = 15
    """The relay failed; nothing of the request was stored unless a result said so."""
    TIMED_OUT = 16
    """The peer was silent past a deadline."""
    BLOCKED = 17
    """The relay's operator has blocked the account."""


class RestanteError(Exception):
    """Base of every error that Restante raises on purpose."""


class LocalProtocolError(RestanteError):
    """We tried to do what the protocol forbids: a bug of ours."""


class RemoteProtocolError(RestanteError):
    """What arrived is not allowed by the protocol: the peer's fault."""

    def __init__(self, reason: str, *, code: WireCode = WireCode.BAD_FRAME) -> None:
        super().__init__(reason)
        self.code = code


class CryptoError(RestanteError):
    """A key, signature or ciphertext was refused. Says no more than that to the peer."""


class StoreError(RestanteError):
    """The database or the disk refused; nothing of the transaction was kept."""


class UserError(RestanteError):
    """Something a person can fix; the text is one sentence that says what to do next."""

    def __init__(self, sentence: str, *, exit_code: ExitCode = ExitCode.FIXABLE) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
