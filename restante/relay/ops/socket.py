"""The admin socket: a line of JSON-RPC 2.0 asks, a line answers.

Rule: who can open the socket may do everything, so it is its owner's alone; whatever comes, it is
answered or hung up on, and never harms the relay. Everything is bounded: a line, the connections,
how long one is silent. Knows no method. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import trio
from msgspec import Raw, Struct

from restante.errors import ExitCode, StoreError, UserError
from restante.relay import log
from restante.relay.ops.place import MAX_LINE_BYTES, SOCKET_FILE, reachable

if TYPE_CHECKING:
    from restante.relay.ops.administration import Administration

MAX_CONNECTIONS: Final = 16
SILENT_S: Final = 600.0
"""How long a connection may say nothing: who drains waits on one for the end."""

_CHUNK_BYTES: Final = 65_536


class _Request(Struct, frozen=True):
    method: str
    id: int | str | None = None
    params: Raw = Raw(b"{}")


@asynccontextmanager
async def admin_socket(data: Path) -> AsyncIterator[trio.SocketListener]:
    """Bind the socket of a directory, 0600, for the length of the block.

    An old socket is replaced; of several relays over one server that share a directory, the one
    that started last is asked. It gets its name when it listens, so nobody meets a half-made one.
    Raises UserError.
    """
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(data) as place:
            making = place / (SOCKET_FILE + ".new")
            with suppress(FileNotFoundError):
                os.unlink(making)
            bound.bind(os.fspath(making))
            os.chmod(making, 0o600)
            bound.listen(MAX_CONNECTIONS)
            made = os.lstat(making).st_ino
            os.rename(making, place / SOCKET_FILE)
    except OSError as error:
        bound.close()
        why = (error.strerror or "failed").lower()
        raise UserError(f"The socket {data / SOCKET_FILE} can't be made: {why}.") from error
    try:
        yield trio.SocketListener(trio.socket.from_stdlib_socket(bound))
    finally:
        with suppress(OSError):
            if os.lstat(data / SOCKET_FILE).st_ino == made:  # else a later relay's, beside this one
                os.unlink(data / SOCKET_FILE)
        bound.close()


async def serve(administration: Administration, listener: trio.SocketListener) -> None:
    """Answer who connects, until cancelled."""
    places = trio.CapacityLimiter(MAX_CONNECTIONS)
    async with trio.open_nursery() as nursery:
        while True:
            try:
                stream = await listener.accept()
            except OSError:  # out of descriptors: those in use will be given back
                await trio.sleep(0.1)
                continue
            nursery.start_soon(_serve_one, administration, stream, places)


async def _serve_one(
    administration: Administration, stream: trio.SocketStream, places: trio.CapacityLimiter
) -> None:
    async with places:
        try:
            await _talk(administration, stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            pass  # who asked has left
        except Exception as error:  # the boundary: an operator's request stops no relay
            log.bug("admin request failed", error)
        finally:
            await trio.aclose_forcefully(stream)


async def _talk(administration: Administration, stream: trio.SocketStream) -> None:
    buffer = bytearray()
    while True:
        with trio.fail_after(SILENT_S):
            chunk = await stream.receive_some(_CHUNK_BYTES)
        buffer += chunk
        if not chunk or len(buffer) > MAX_LINE_BYTES:
            return
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            await stream.send_all(await _answered(administration, line) + b"\n")


async def _answered(administration: Administration, line: bytes) -> bytes:
    number: int | str | None = None
    outcome: dict[str, Any]
    try:
        request = msgspec.json.decode(line, type=_Request)
        number = request.id
        outcome = {"result": await administration.call(request.method, bytes(request.params))}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        outcome = _fault(ExitCode.USAGE, f"This line is no request: {error}")
    except UserError as error:
        outcome = _fault(error.exit_code, str(error))
    except StoreError as error:
        outcome = _fault(ExitCode.UNAVAILABLE, str(error))
    return msgspec.json.encode({"jsonrpc": "2.0", "id": number, **outcome})


def _fault(code: ExitCode, message: str) -> dict[str, Any]:
    return {"error": {"code": int(code), "message": message}}
