"""The engine of another process, as if it were here: `Engine` over its socket, in trio.

Rule: nothing is written by hand for a single method; answers are checked against the interface's
types. When the engine ends, every call and every stream raises EngineGoneError: whoever holds this
decides what comes next. Spec: docs/rpc.md.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import msgspec
import trio
from msgspec import Raw, Struct

from restante.client.attach import MISUSED, OTHER_VERSION, EngineGoneError
from restante.client.interface import Engine, Event, Resync
from restante.client.log import log_bug
from restante.client.methods import METHODS, Method
from restante.client.profile import Profile
from restante.client.rpc import Fault, Lines
from restante.errors import ExitCode, UserError

MAX_HELD_EVENTS = 1024


_NOTHING = Raw(b"null")


class _Answer(Struct, frozen=True):
    """What the engine's side writes: an answer to `id`, or a notification."""

    id: int | None = None
    result: Raw = _NOTHING
    error: Fault | None = None
    method: str | None = None
    params: Raw = _NOTHING


class _Notified(Struct, frozen=True):
    subscription: int
    event: Event


class _Subscribed(Struct, frozen=True):
    subscription: int


class RemoteEngine:
    """One connection to an engine. Made by `connect_remote`.

    Has every method of `Engine`, through the table; `engine` is the same object, so typed.
    """

    def __init__(
        self, stream: trio.SocketStream, *, max_held_events: int = MAX_HELD_EVENTS
    ) -> None:
        self._stream = stream
        self._max_held_events = max_held_events
        self._write_turn = trio.Lock()
        self._last_id = 0
        self._waiting: dict[int, Callable[[_Answer], None]] = {}
        self._streams: dict[int, RemoteStream] = {}
        self.gone = trio.Event()
        """Set when the engine has ended."""

    @property
    def engine(self) -> Engine:
        """This, as the interface."""
        return cast(Engine, self)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = METHODS.get(name)
        if method is None:
            raise AttributeError(name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._call(method, method.named(args, kwargs))

        return call

    def subscribe(self) -> RemoteStream:
        """Watch events from when the stream is entered, or first read, on."""
        return RemoteStream(self, max_held_events=self._max_held_events)

    async def read_answers(self) -> None:
        """Take what the engine writes, until it ends; then let everybody know."""
        try:
            async for line in Lines(self._stream):
                self._take(msgspec.json.decode(line, type=_Answer))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except msgspec.DecodeError as error:
            log_bug(error)  # what writes there is no engine, or none that can be understood
        finally:
            self.gone.set()
            for take in list(self._waiting.values()):
                take(_GONE)
            for stream in list(self._streams.values()):
                stream.end()

    async def ask(self, method: str, params: object, *, stream: RemoteStream | None = None) -> Raw:
        """Send a request and wait for its answer. Raises UserError, EngineGoneError.

        With `stream`, the request is a subscription, and its events go there.
        """
        self._last_id += 1
        request_id = self._last_id
        request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        answered = trio.Event()
        answers: list[_Answer] = []

        def take(answer: _Answer) -> None:
            answers.append(answer)
            answered.set()
            if stream is not None and answer.result != _NOTHING:
                # At once: the next line that is read can be the first event.
                number = _decoded(answer.result, _Subscribed).subscription
                stream.number = number
                self._streams[number] = stream

        self._waiting[request_id] = take
        try:
            await self._write(msgspec.json.encode(request) + b"\n")
            await answered.wait()
        finally:
            del self._waiting[request_id]
        if answers[0] is _GONE:
            raise EngineGoneError
        if answers[0].error is not None:
            raise _as_user_error(answers[0].error)
        return answers[0].result

    async def leave(self, number: int) -> None:
        """End a subscription."""
        self._streams.pop(number, None)
        with contextlib.suppress(EngineGoneError):
            await self.ask("unsubscribe", {"subscription": number})

    async def _call(self, method: Method, params: dict[str, Any]) -> Any:
        result = await self.ask(method.name, params)
        return None if method.result in (None, type(None)) else _decoded(result, method.result)

    async def _write(self, line: bytes) -> None:
        # Shielded: a cancelled call must not leave half a line before the next one's.
        async with self._write_turn:
            with trio.CancelScope(shield=True):
                if self.gone.is_set():
                    raise EngineGoneError
                try:
                    await self._stream.send_all(line)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    raise EngineGoneError from None

    def _take(self, answer: _Answer) -> None:
        if answer.method == "event":
            try:
                notified = msgspec.json.decode(answer.params, type=_Notified)
            except msgspec.ValidationError:
                return  # an event of a newer engine, which this version can't show anyway
            if stream := self._streams.get(notified.subscription):
                stream.offer(notified.event)
        elif (take := self._waiting.get(answer.id or 0)) is not None:
            take(answer)


_GONE = _Answer()
"""Stands for the answer that never comes."""


class RemoteStream:
    """A subscription at another process's engine. Bounded: see Resync."""

    def __init__(self, remote: RemoteEngine, *, max_held_events: int) -> None:
        self._remote = remote
        self._max_held_events = max_held_events
        self.number: int | None = None
        """The subscription's number, once it is one."""
        self._events: deque[Event] = deque()
        self._news = trio.Event()
        self._ended = False

    def offer(self, event: Event) -> None:
        """Queue an event, or one Resync in the place of all if there are too many."""
        if len(self._events) >= self._max_held_events:
            self._events.clear()
            event = Resync()
        self._events.append(event)
        self._news.set()

    def end(self) -> None:
        """Say that the engine is gone."""
        self._ended = True
        self._news.set()

    async def __aenter__(self) -> RemoteStream:
        if self.number is None:
            await self._remote.ask("subscribe", {}, stream=self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.number is not None:
            number, self.number = self.number, None
            await self._remote.leave(number)

    def __aiter__(self) -> RemoteStream:
        return self

    async def __anext__(self) -> Event:
        await self.__aenter__()
        while not self._events:
            if self._ended:
                raise EngineGoneError
            self._news = trio.Event()
            await self._news.wait()
        return self._events.popleft()


@contextlib.asynccontextmanager
async def connect_remote(
    profile: Profile, *, max_held_events: int = MAX_HELD_EVENTS
) -> AsyncIterator[RemoteEngine | None]:
    """Connect to the profile's engine for the length of the block; None if none answers."""
    try:
        stream = await _open_stream(profile)
    except (ConnectionError, FileNotFoundError, BlockingIOError):
        yield None
        return
    async with stream, trio.open_nursery() as nursery:
        remote = RemoteEngine(stream, max_held_events=max_held_events)
        nursery.start_soon(remote.read_answers)
        yield remote
        nursery.cancel_scope.cancel()


async def _open_stream(profile: Profile) -> trio.SocketStream:
    # Not trio.open_unix_socket: it wraps the error in one without an errno.
    connection = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
    try:
        await connection.connect(os.fspath(profile.socket_path))
    except BaseException:
        connection.close()
        raise
    return trio.SocketStream(connection)


def _decoded(raw: Raw, wanted: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=wanted)
    except msgspec.ValidationError as error:
        raise UserError(OTHER_VERSION) from error


def _as_user_error(fault: Fault) -> UserError:
    if fault.code in MISUSED:
        return UserError(OTHER_VERSION)
    code = ExitCode(fault.code) if fault.code in set(ExitCode) else ExitCode.BUG
    return UserError(fault.message, exit_code=code)
