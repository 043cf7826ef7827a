"""How a relay says no: to a request, by one exception; to a connection, before it is one."""

from __future__ import annotations

from dataclasses import dataclass

from restante.errors import RestanteError, StoreError, WireCode
from restante.relay import log
from restante.store.errors import DiskFull

Headers = list[tuple[bytes, bytes]]


class Refusal(RestanteError):  # noqa: N818  # an answer, not a fault
    """A request that is not carried out: its wire code, why, and when to come back."""

    def __init__(self, code: WireCode, reason: str, *, retry_after_s: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after_s = retry_after_s


def slow_down(limit: str, retry_after_s: int) -> Refusal:
    """Return the refusal of a rate limit, which it names."""
    reason = f"too many requests ({limit})"
    return Refusal(WireCode.SLOW_DOWN, reason, retry_after_s=retry_after_s)


def store_refusal(error: StoreError) -> Refusal:
    """Return how a request is answered that the store could not carry out."""
    log.warn("request refused", reason=type(error).__name__)
    if isinstance(error, DiskFull):
        return Refusal(
            WireCode.FULL, "the relay has no room left (database_bytes)", retry_after_s=60
        )
    return Refusal(WireCode.INTERNAL, "the relay's store failed", retry_after_s=10)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Which limit a connection met, and when to come back, in seconds."""

    limit: str
    retry_after_s: int

    @property
    def headers(self) -> Headers:
        """What a program is told of it."""
        return [(b"Retry-After", str(self.retry_after_s).encode("ascii"))]

    @property
    def body(self) -> bytes:
        """What a person is told of it."""
        return f"Too many connections ({self.limit})\n".encode("ascii")


def turned_away(why: TurnedAway) -> bytes:
    """Return the whole answer to a request that isn't even read."""
    fields = [*why.headers, (b"Content-Length", str(len(why.body)).encode("ascii"))]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in fields)
    return b"HTTP/1.1 429 Too Many Requests\r\n" + head + b"Connection: close\r\n\r\n" + why.body
