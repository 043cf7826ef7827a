"""One POST without content, over TLS; its answer's status and nothing else.

Rule: no redirect is followed, no content is read, no header beyond 8 KiB; the caller has chosen
what is connected to, and the certificate has to be that of the host's name. Everything within one
deadline.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import h11
import trio

MAX_HEAD_BYTES: Final = 8192
MAX_WAIT_S: Final = 3600


class AskingError(Exception):
    """No answer: the reason is a word for a counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer's head."""

    status: int
    retry_after_s: int


async def post_nothing(
    open_stream: Callable[[], Awaitable[trio.abc.Stream]],
    *,
    host: str,
    authority: str,
    target: str,
    headers: list[tuple[str, str]],
    tls: ssl.SSLContext,
    deadline_s: float,
) -> Said:
    """Ask, over a stream that `open_stream` connects. Raises AskingError."""
    try:
        with trio.fail_after(deadline_s):
            plain = await open_stream()
            stream = trio.SSLStream(plain, tls, server_hostname=host, https_compatible=True)
            try:
                return await _exchange(stream, authority, target, headers)
            finally:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(stream)
    except trio.TooSlowError:
        raise AskingError("too slow") from None
    except ssl.SSLError:
        raise AskingError("certificate") from None
    except trio.BrokenResourceError as error:
        is_tls = isinstance(error.__cause__, ssl.SSLError)
        raise AskingError("certificate" if is_tls else "hung up") from None
    except OSError:
        raise AskingError("unreachable") from None
    except h11.RemoteProtocolError:
        raise AskingError("no http") from None


async def _exchange(
    stream: trio.SSLStream[trio.abc.Stream],
    authority: str,
    target: str,
    headers: list[tuple[str, str]],
) -> Said:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    request = h11.Request(
        method="POST",
        target=target,
        headers=[
            ("Host", authority),
            ("Content-Length", "0"),
            ("Connection", "close"),
            *headers,
        ],
    )
    data = (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")
    await stream.send_all(data)
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            return Said(status=event.status_code, retry_after_s=_retry_after(event))
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some(MAX_HEAD_BYTES)))


def _retry_after(response: h11.Response) -> int:
    for name, value in response.headers:
        if name == b"retry-after" and value.isdigit() and len(value) < 10:
            return min(int(value), MAX_WAIT_S)
    return 0
