"""Answering GET requests on a listener of its own: one a connection, few at a time, soon or never.

Rule: whatever a peer sends costs bounded memory and time, and no exception leaves a connection.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import h11
import trio

MAX_CONNECTIONS: Final = 32
"""At a time: who watches a relay is one or two."""

REQUEST_S: Final = 10.0
"""For a whole request and its answer."""

MAX_REQUEST_BYTES: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a path is answered with."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: bytes


Respond = Callable[[str], Awaitable[Answer | None]]
"""Takes a path, without its query; None: there is no such."""

NOT_FOUND: Final = Answer(status=404, body=b"There is nothing here.\n")
ONLY_GET: Final = Answer(status=405, body=b"Only GET is answered here.\n")
BAD_REQUEST: Final = Answer(status=400, body=b"That is no HTTP request.\n")
FAILED: Final = Answer(status=500, body=b"That failed; the log says why.\n")


class Answering:
    """The connections of one listener. `on_fault` is told of exceptions that `respond` raises."""

    def __init__(self, respond: Respond, *, on_fault: Callable[[Exception], None]) -> None:
        self._respond = respond
        self._on_fault = on_fault
        self._count = 0

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection. Never raises."""
        if self._count >= MAX_CONNECTIONS:
            await trio.aclose_forcefully(stream)
            return
        self._count += 1
        try:
            with trio.move_on_after(REQUEST_S):
                await self._talk(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            pass  # the peer went away
        finally:
            self._count -= 1
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)

    async def _talk(self, stream: trio.abc.Stream) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_REQUEST_BYTES)
        is_head = False
        try:
            request = await _read_request(connection, stream)
            if request is None:
                return
            is_head = request.method == b"HEAD"
            answer = await self._answer(request)
        except h11.RemoteProtocolError:
            answer = BAD_REQUEST
        await stream.send_all(_written(connection, answer, is_head=is_head))

    async def _answer(self, request: h11.Request) -> Answer:
        if request.method not in {b"GET", b"HEAD"}:
            return ONLY_GET
        path = request.target.decode("ascii", "replace").partition("?")[0]
        try:
            return await self._respond(path) or NOT_FOUND
        except Exception as error:  # the boundary: who watches must not end what is watched
            self._on_fault(error)
            return FAILED


async def _read_request(connection: h11.Connection, stream: trio.abc.Stream) -> h11.Request | None:
    """Read up to the end of a request's head. None: the peer left. Raises h11's error."""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        connection.receive_data(bytes(await stream.receive_some(MAX_REQUEST_BYTES)))


def _written(connection: h11.Connection, answer: Answer, *, is_head: bool) -> bytes:
    if connection.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
        return b""
    head = h11.Response(
        status_code=answer.status,
        headers=[
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ],
    )
    data = connection.send(head) or b""
    if not is_head:
        data += connection.send(h11.Data(data=answer.body)) or b""
    return data
