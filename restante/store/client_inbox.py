"""Which envelopes have been dealt with, and which receipts are owed for them.

Rule: an envelope is marked in the transaction that keeps what it said, before it is acknowledged:
if it comes again it says nothing new. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """A receipt owed to an account for one of its messages; `state` as on the wire."""

    account_id: bytes
    message_id: bytes
    state: int


_RECEIPT = Shape(ReceiptRow)
_IS_PROCESSED = Statement("inbox.IS_PROCESSED")
_MARK = Statement("inbox.MARK")
_PRUNE = Statement("inbox.PRUNE")
_QUEUE = Statement("inbox.QUEUE")
_TAKE = Statement("inbox.TAKE")
_COUNT = Statement("inbox.COUNT")
_SETTLE = Statement("inbox.SETTLE")


def is_processed(rows: Rows, envelope_id: bytes) -> bool:
    """Whether this envelope was dealt with."""
    return rows.first(_IS_PROCESSED, envelope_id=envelope_id) is not None


def mark_processed(rows: Rows, envelope_id: bytes, now_s: int) -> None:
    """Remember that this envelope was dealt with; the first time counts."""
    rows.run(_MARK, envelope_id=envelope_id, processed_at_s=now_s)


def prune(rows: Rows, before_s: int) -> int:
    """Forget envelopes that were dealt with before a moment; return how many."""
    return rows.run(_PRUNE, before_s=before_s)


def queue_receipt(rows: Rows, account_id: bytes, message_id: bytes, state: int) -> None:
    """Owe a receipt: one for each message, of the highest state, so that read implies delivered."""
    rows.run(_QUEUE, account_id=account_id, message_id=message_id, state=state)


def count_receipts(rows: Rows) -> int:
    """Return how many receipts are owed."""
    return int(rows.value(_COUNT))


def take_receipts(rows: Rows, limit: int = 4096) -> list[ReceiptRow]:
    """Take receipts out, by account and state: whoever takes them puts them in the outbox, in the
    same transaction."""
    taken = [_RECEIPT.read(row) for row in rows.all(_TAKE, limit=limit)]
    rows.run_many(
        _SETTLE,
        ({"account_id": each.account_id, "message_id": each.message_id} for each in taken),
    )
    return taken
