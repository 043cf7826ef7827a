"""How a message of ours may move from state to state. Pure: the table is the law.

Rule: what a recipient has said stands. A receipt wins over everything that came before or comes
after it late: an expiry, a failure, an answer of the relay. Spec: docs/engine.md, section 3.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import MessageState

M = MessageState

MAY_BECOME: Final[dict[MessageState, frozenset[MessageState]]] = {
    M.QUEUED: frozenset(
        {M.AWAITING_ACCEPTANCE, M.RELAYED, M.DELIVERED, M.READ, M.EXPIRED, M.FAILED}
    ),
    M.AWAITING_ACCEPTANCE: frozenset(
        {M.QUEUED, M.RELAYED, M.DELIVERED, M.READ, M.EXPIRED, M.FAILED}
    ),
    M.RELAYED: frozenset({M.DELIVERED, M.READ, M.EXPIRED}),
    M.DELIVERED: frozenset({M.READ}),
    M.READ: frozenset(),
    M.EXPIRED: frozenset({M.QUEUED, M.DELIVERED, M.READ}),
    M.FAILED: frozenset({M.QUEUED, M.DELIVERED, M.READ}),
}
"""EXPIRED and FAILED become QUEUED by the user's `retry` alone."""


def moved(now: MessageState, to: MessageState) -> MessageState | None:
    """Return the state to store, or None if the message stays as it is."""
    return to if to in MAY_BECOME[now] else None


def overall(parts: list[MessageState]) -> MessageState:
    """Return the state of a message that went to several devices, from its parts' states.

    As far as the least advanced part that can still move; failed only if no device got it.
    """
    for state in (M.QUEUED, M.AWAITING_ACCEPTANCE, M.RELAYED, M.DELIVERED, M.READ, M.EXPIRED):
        if state in parts:
            return state
    return M.FAILED
