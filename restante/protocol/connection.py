"""The state machine of a connection, for both roles: bytes in, frames out. No sockets, no time.

The whole law is in the tables below; docs/protocol/relay.md, section 3 is drawn from them.
Rule: a frame that the tables don't allow never gets through, in either direction: from the peer it
is a RemoteProtocolError, from us a LocalProtocolError.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from msgspec import Struct

from restante.errors import LocalProtocolError, RemoteProtocolError, WireCode
from restante.protocol import frames as f
from restante.protocol.codec import decode_tagged, encode
from restante.protocol.limits import MAX_FRAME_BYTES, MAX_PENDING_REQUESTS


class Role(Enum):
    """Which end of the connection we are."""

    RELAY = "relay"
    CLIENT = "client"


class State(Enum):
    """Where a connection stands."""

    OPENED = "opened"
    """Nothing was sent yet."""
    CHALLENGED = "challenged"
    """The relay has sent its challenge."""
    GREETED_ANONYMOUS = "greeted, anonymous"
    GREETED_DEVICE = "greeted, device"
    """The client has chosen; the relay has not answered yet."""
    ANONYMOUS = "anonymous"
    DEVICE = "device"
    SUBSCRIBED = "subscribed"
    CLOSED = "closed"


_DEVICE_REQUESTS: tuple[type[f.Frame], ...] = (
    f.Register,
    f.PublishManifest,
    f.PublishPrekeys,
    f.PublishTokens,
    f.PublishCode,
    f.PublishHeartbeat,
    f.PublishMoved,
    f.SetWake,
    f.FetchPrekeyState,
    f.OpenBlob,
    f.PutBlob,
    f.DeleteBlob,
    f.DeleteAccount,
    f.FetchHoldings,
)
_ANONYMOUS_REQUESTS: tuple[type[f.Frame], ...] = (
    f.FetchManifest,
    f.FetchPrekeys,
    f.FetchCode,
    f.Deposit,
    f.PutSlot,
    f.FetchSlot,
    f.FetchBlob,
)

_ANSWERS: dict[type[f.Frame], type[f.Frame]] = {
    f.Register: f.Done,
    f.PublishManifest: f.Done,
    f.PublishPrekeys: f.Done,
    f.PublishTokens: f.Done,
    f.PublishCode: f.Done,
    f.PublishHeartbeat: f.Done,
    f.PublishMoved: f.Done,
    f.SetWake: f.Done,
    f.FetchPrekeyState: f.PrekeyState,
    f.Subscribe: f.Done,
    f.FetchManifest: f.ManifestFound,
    f.FetchPrekeys: f.BundlesFound,
    f.FetchCode: f.CodeFound,
    f.Deposit: f.Deposited,
    f.PutSlot: f.Done,
    f.FetchSlot: f.SlotFound,
    f.FetchBlob: f.BlobPart,
    f.OpenBlob: f.BlobState,
    f.PutBlob: f.BlobState,
    f.DeleteBlob: f.Done,
    f.DeleteAccount: f.Done,
    f.FetchHoldings: f.Holdings,
}
"""What answers each request, besides Refused."""

_ANSWER_TYPES: tuple[type[f.Frame], ...] = (*dict.fromkeys(_ANSWERS.values()), f.Refused)

_Table = dict[State, dict[type[f.Frame], State]]

S = State
CLIENT_MAY_SEND: _Table = {
    S.CHALLENGED: {f.Anonymous: S.GREETED_ANONYMOUS, f.Authenticate: S.GREETED_DEVICE},
    S.ANONYMOUS: dict.fromkeys(_ANONYMOUS_REQUESTS, S.ANONYMOUS),
    S.DEVICE: {
        **dict.fromkeys(_DEVICE_REQUESTS, S.DEVICE),
        f.Subscribe: S.SUBSCRIBED,
        f.Ack: S.DEVICE,
    },
    S.SUBSCRIBED: {**dict.fromkeys(_DEVICE_REQUESTS, S.SUBSCRIBED), f.Ack: S.SUBSCRIBED},
}
RELAY_MAY_SEND: _Table = {
    S.OPENED: {f.Challenge: S.CHALLENGED, f.Close: S.CLOSED},
    S.CHALLENGED: {f.Close: S.CLOSED},
    S.GREETED_ANONYMOUS: {f.Welcome: S.ANONYMOUS, f.Close: S.CLOSED},
    S.GREETED_DEVICE: {f.Welcome: S.DEVICE, f.Close: S.CLOSED},
    S.ANONYMOUS: {**dict.fromkeys(_ANSWER_TYPES, S.ANONYMOUS), f.Close: S.CLOSED},
    S.DEVICE: {**dict.fromkeys(_ANSWER_TYPES, S.DEVICE), f.Close: S.CLOSED},
    S.SUBSCRIBED: {
        **dict.fromkeys(_ANSWER_TYPES, S.SUBSCRIBED),
        f.Deliver: S.SUBSCRIBED,
        f.Drained: S.SUBSCRIBED,
        f.Close: S.CLOSED,
    },
}

AFTER_REFUSAL: dict[type[f.Frame], State] = {f.Subscribe: S.DEVICE}
"""Where Refused leads instead, by what it refuses: who may not subscribe may try again."""

_CLIENT_FRAMES: dict[int, type[f.Frame]] = f.by_tag(f.ClientFrame)
_RELAY_FRAMES: dict[int, type[f.Frame]] = f.by_tag(f.RelayFrame)

_Fault = type[RemoteProtocolError] | type[LocalProtocolError]


class _Asked(Struct, frozen=True, gc=False):
    """An unanswered request: its type, and for a deposit how many targets each item has."""

    kind: type[f.Frame]
    shape: tuple[int, ...] | None


class Connection:
    """One connection as one end sees it. `receive` and `send` raise; nothing else does.

    What raises has no effect: the state is as it was, so that a relay can still send its Close.
    Who gets a RemoteProtocolError ends the connection and reads no further.
    """

    def __init__(self, role: Role) -> None:
        self._role = role
        self._state = State.OPENED
        self._pending: dict[int, _Asked] = {}

    @property
    def state(self) -> State:
        """Where the connection stands after the last frame either way."""
        return self._state

    @property
    def pending_requests(self) -> int:
        """How many requests wait for their answers."""
        return len(self._pending)

    def receive(self, data: bytes) -> Any:
        """Take one message from the peer and return its frame.

        Raises RemoteProtocolError: no frame, not allowed now, a request number in use or unknown,
        an answer of the wrong kind or shape, or too many unanswered requests.
        """
        if self._role is Role.RELAY:
            frame = decode_tagged(data, _CLIENT_FRAMES)
            self._pass_client_frame(frame, RemoteProtocolError)
        else:
            frame = decode_tagged(data, _RELAY_FRAMES)
            self._pass_relay_frame(frame, RemoteProtocolError)
        return frame

    def send(self, frame: f.Frame) -> bytes:
        """Return the bytes of a frame of ours.

        Raises LocalProtocolError: not allowed now, as for `receive`, or longer than a frame may be.
        """
        data = encode(frame)
        if len(data) > MAX_FRAME_BYTES:
            raise LocalProtocolError(f"a {type(frame).__name__} of {len(data)} bytes")
        if self._role is Role.RELAY:
            self._pass_relay_frame(frame, LocalProtocolError)
        else:
            self._pass_client_frame(frame, LocalProtocolError)
        return data

    def _following(self, frame: f.Frame, table: _Table, fault: _Fault) -> State:
        following = table.get(self._state, {}).get(type(frame))
        if following is None:
            raise _error(fault, f"{type(frame).__name__} while {self._state.value}")
        return following

    def _pass_client_frame(self, frame: f.Frame, fault: _Fault) -> None:
        following = self._following(frame, CLIENT_MAY_SEND, fault)
        if type(frame) in _ANSWERS:
            number: int = frame.request  # type: ignore[attr-defined]  # every key of _ANSWERS has it
            if number in self._pending:
                raise _error(fault, f"request {number} is still unanswered")
            if len(self._pending) >= MAX_PENDING_REQUESTS:
                raise _error(fault, f"more than {MAX_PENDING_REQUESTS} unanswered requests")
            self._pending[number] = _Asked(type(frame), _shape(frame))
        self._state = following

    def _pass_relay_frame(self, frame: f.Frame, fault: _Fault) -> None:
        following = self._following(frame, RELAY_MAY_SEND, fault)
        if isinstance(frame, _ANSWER_TYPES):
            number: int = frame.request  # type: ignore[attr-defined]  # every answer has it
            asked = self._pending.get(number)
            if asked is None:
                raise _error(fault, f"an answer to request {number}, which nobody asked")
            if isinstance(frame, f.Refused):
                following = AFTER_REFUSAL.get(asked.kind, following)
            elif not isinstance(frame, _ANSWERS[asked.kind]):
                raise _error(fault, f"{type(frame).__name__} answers {asked.kind.__name__}")
            elif _shape(frame) != asked.shape:
                raise _error(fault, "a deposit's results are not one for each target")
            del self._pending[number]
        self._state = following


def _shape(frame: f.Frame) -> tuple[int, ...] | None:
    """Count the targets of each item of a deposit, or the results of each in its answer."""
    if isinstance(frame, f.Deposit):
        return tuple([len(item.targets) for item in frame.items])
    if isinstance(frame, f.Deposited):
        return tuple([len(outcomes) for outcomes in frame.results])
    return None


def _error(fault: _Fault, reason: str) -> RemoteProtocolError | LocalProtocolError:
    if fault is RemoteProtocolError:
        return RemoteProtocolError(reason, code=WireCode.BAD_STATE)
    return LocalProtocolError(reason)
