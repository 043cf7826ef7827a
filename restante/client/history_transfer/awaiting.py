"""Whether this device was just linked and its history is still to come.

Until it has come, counters that are missing say nothing: they are noted, but neither shown nor
asked for. Rule: a part is taken only while one is awaited, so that nobody, not even another device
of one's own, can put a history into this one later. Inside the caller's transaction.
Spec: docs/engine.md, section 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.protocol.limits import DEFAULT_TTL_S
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

_AWAITED: Final = "history_awaited"
_ASKED: Final = "history_asked"

PATIENCE_S: Final = DEFAULT_TTL_S
"""As long as a relay keeps what announces the parts, and the blobs that hold them."""


def await_history(rows: Rows, *, transfer: bytes | None = None, now_ms: int) -> None:
    """Note that the account's history will be sent to this device: it was just linked, or asks.

    `transfer` is the one that it asked for; None: any.
    """
    set_value(rows, _ASKED, transfer)
    set_value(rows, _AWAITED, (now_ms + PATIENCE_S * 1000).to_bytes(8, "big"))


def is_history_awaited(rows: Rows) -> bool:
    """Whether the account's history is still to come."""
    return get_value(rows, _AWAITED) is not None


def is_transfer_awaited(rows: Rows, transfer: bytes) -> bool:
    """Whether a history may come as this transfer."""
    return is_history_awaited(rows) and get_value(rows, _ASKED) in {None, transfer}


def awaited_until_ms(rows: Rows) -> int | None:
    """Return until when the history is waited for; None if it isn't."""
    value = get_value(rows, _AWAITED)
    return None if value is None else int.from_bytes(value, "big")


def await_no_more(rows: Rows) -> None:
    """Note that the history has come, or never will."""
    set_value(rows, _AWAITED, None)
    set_value(rows, _ASKED, None)
