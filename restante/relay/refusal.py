"""The one exception with which a part of the relay says no to a request."""

from __future__ import annotations

from restante.errors import RestanteError, StoreError, WireCode
from restante.relay import log
from restante.store.errors import DiskFull


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
