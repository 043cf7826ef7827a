"""The engine's socket: newline-delimited JSON-RPC 2.0 over every method of the engine.

Rule: whatever a client sends, it gets an answer or is closed; it never harms the engine or
another client. Everything is bounded: a line, the requests of a connection, the connections, what
waits to be written. Knows no method by name. Spec: docs/rpc.md.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import socket
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
import trio
from msgspec import UNSET, Raw, Struct, UnsetType

from restante.client.explain import explain
from restante.client.interface import Engine
from restante.client.log import log_bug
from restante.client.methods import METHODS
from restante.client.profile import Profile
from restante.errors import ExitCode

MAX_REQUEST_BYTES = 1_048_576
"""The longest text of a message, with every character escaped, fits with room."""

MAX_REQUESTS = 16
"""Requests of one connection that are worked on at a time; the next is not read before one ends."""

MAX_CONNECTIONS = 64
MAX_SUBSCRIPTIONS = 8
_WRITE_BACKLOG = 16
_CHUNK_BYTES = 65536

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602

_log = logging.getLogger("restante.client.rpc")


class Request(Struct, frozen=True):
    """A request; without an id it is a notification, which gets no answer."""

    jsonrpc: Literal["2.0"]
    method: str
    id: int | str | UnsetType | None = UNSET
    params: Raw = Raw(b"{}")


class Fault(Struct, frozen=True):
    """Why a request failed. `code` is an exit code, or one that JSON-RPC reserves (negative)."""

    code: int
    message: str


class RefusedError(Exception):
    """A request that isn't one."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(code, message)


@contextlib.asynccontextmanager
async def listening(profile: Profile) -> AsyncIterator[trio.SocketListener]:
    """Bind the profile's socket, 0600. Only for the holder of the lock: an old socket is replaced.

    The socket gets its name only when it listens, so nobody ever meets a half-made one.
    """
    path = profile.socket_path
    profile.socket_directory()
    making = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(making)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(os.fspath(making))
        os.chmod(making, 0o600)
        bound.listen(MAX_CONNECTIONS)
        os.rename(making, path)
    except BaseException:
        bound.close()
        raise
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(bound))
    try:
        yield listener
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        bound.close()


async def serve(engine: Engine, listener: trio.SocketListener) -> None:
    """Answer everyone who connects, until cancelled."""
    places = trio.CapacityLimiter(MAX_CONNECTIONS)
    async with trio.open_nursery() as nursery:
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:  # out of descriptors: those in use will be given back
                _log.warning("accept failed: errno %s", error.errno)
                await trio.sleep(0.1)
                continue
            nursery.start_soon(_serve_one, engine, stream, places)


async def _serve_one(
    engine: Engine, stream: trio.SocketStream, places: trio.CapacityLimiter
) -> None:
    async with places:
        try:
            await _Connection(engine, stream).run()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client left
        except Exception as error:  # one client's fault must not stop the others' engine
            log_bug(error)
        finally:
            await trio.aclose_forcefully(stream)


class _Connection:
    """One client."""

    def __init__(self, engine: Engine, stream: trio.SocketStream) -> None:
        self._engine = engine
        self._stream = stream
        self._requests = trio.Semaphore(MAX_REQUESTS)
        self._outgoing, self._to_write = trio.open_memory_channel[bytes](_WRITE_BACKLOG)
        self._subscriptions: dict[int, trio.CancelScope] = {}
        self._subscription_count = 0

    async def run(self) -> None:
        """Serve until the client has closed its side and has its answers."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                async with trio.open_nursery() as requests:
                    async for line in Lines(self._stream, max_bytes=MAX_REQUEST_BYTES):
                        await self._requests.acquire()
                        requests.start_soon(self._answer, line, requests)
                    for scope in self._subscriptions.values():
                        scope.cancel()
                self._outgoing.close()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client left

    async def _write(self) -> None:
        # The only writer: cancelling an answer or a subscription never cuts a line in two.
        async for line in self._to_write:
            await self._stream.send_all(line)

    async def _answer(self, line: bytes, nursery: trio.Nursery) -> None:
        request_id: int | str | UnsetType | None = None
        try:
            try:
                request = _parse(line)
                request_id = request.id
                outcome: dict[str, Any] = {"result": await self._result(request, nursery)}
            except RefusedError as refused:
                outcome = {"error": refused.fault}
            except Exception as error:
                outcome = {"error": _fault(error)}
        finally:
            self._requests.release()
        if request_id is not UNSET:
            await self._send({"jsonrpc": "2.0", "id": request_id, **outcome})

    async def _result(self, request: Request, nursery: trio.Nursery) -> object:
        match request.method:
            case "subscribe":
                return await self._subscribe(nursery)
            case "unsubscribe":
                which = _checked(request.params, _Unsubscribe).subscription
                if scope := self._subscriptions.get(which):
                    scope.cancel()
                return scope is not None
        method = METHODS.get(request.method)
        if method is None:
            raise RefusedError(METHOD_NOT_FOUND, f"There is no method {request.method[:80]!r}.")
        return await method.call(self._engine, _checked(request.params, method.parameters))

    async def _subscribe(self, nursery: trio.Nursery) -> dict[str, int]:
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise RefusedError(
                INVALID_REQUEST, f"A connection has at most {MAX_SUBSCRIPTIONS} of them."
            )
        self._subscription_count += 1
        number = self._subscription_count
        self._subscriptions[number] = trio.CancelScope()
        await nursery.start(self._notify, number)
        return {"subscription": number}

    async def _notify(self, number: int, *, task_status: trio.TaskStatus[None]) -> None:
        try:
            with self._subscriptions[number]:
                async with self._engine.subscribe() as events:
                    task_status.started()
                    # A slow reader blocks here, and the stream tells it of what it missed.
                    async for event in events:
                        await self._send(
                            {
                                "jsonrpc": "2.0",
                                "method": "event",
                                "params": {"subscription": number, "event": event},
                            }
                        )
        finally:
            del self._subscriptions[number]

    async def _send(self, value: object) -> None:
        await self._outgoing.send(msgspec.json.encode(value) + b"\n")


class _Unsubscribe(Struct, frozen=True, forbid_unknown_fields=True):
    subscription: int


def _parse(line: bytes) -> Request:
    try:
        return msgspec.json.decode(line, type=Request)
    except msgspec.ValidationError as error:
        raise RefusedError(INVALID_REQUEST, f"This is no request: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(PARSE_ERROR, f"This line is no JSON: {error}") from None


def _checked(params: Raw, wanted: type[Any]) -> Any:
    try:
        return msgspec.json.decode(params, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(
            INVALID_PARAMS, f"The parameters are not as they should be: {error}"
        ) from None


def _fault(error: Exception) -> Fault:
    known = explain(error)
    if known is None:
        log_bug(error)
        return Fault(ExitCode.BUG, "This is a bug in Restante; the log file says where.")
    return Fault(known.exit_code, str(known))


class Lines:
    """Splits what arrives into lines, without their ends; empty ones are left out.

    Iterating raises BrokenResourceError for a line over the limit, and as the stream does.
    """

    def __init__(self, stream: trio.abc.ReceiveStream, *, max_bytes: float = math.inf) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> bytes:
        while True:
            while (end := self._buffer.find(b"\n", self._searched)) >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._searched = 0
                if line.strip():
                    return line
            self._searched = len(self._buffer)
            if self._searched > self._max_bytes:
                raise trio.BrokenResourceError(f"a line of more than {self._max_bytes} bytes")
            chunk = await self._stream.receive_some(_CHUNK_BYTES)
            if not chunk:
                raise StopAsyncIteration
            self._buffer += chunk
