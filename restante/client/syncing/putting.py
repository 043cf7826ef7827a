"""How this device writes a record: what all devices of the account agree on.

Rule: what the user decides is written at the present moment's rank, past the record that is there;
what follows by itself is written just past that one, so that it never outdoes a decision that
another device has taken since. The other devices hear of it from the journal. Inside the caller's
transaction. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.syncing.this_device import own_device
from restante.protocol.order import rank_at
from restante.store.client_records import RecordRow, put_record, record

if TYPE_CHECKING:
    from restante.protocol.sync import RecordKind
    from restante.store.client_rows import Rows

MAX_RANK: Final = 2**63 - 1

DECISION_STEP: Final = 1 << 16
"""How far a decision stands past the record that is there, at the least: a millisecond. What
follows by itself takes a step of 1, so it can't come level with a decision that another device has
taken over the same record, whatever clock that record came from."""


def put(
    rows: Rows,
    kind: RecordKind,
    key: bytes,
    value: bytes | None,
    *,
    now_ms: int,
    is_decision: bool = True,
) -> None:
    """Write a record of this device's, unless it says the same already. None takes it away."""
    before = record(rows, int(kind), key)
    if value == (None if before is None else before.value):
        return
    past = 0 if before is None else before.rank
    rank = max(past + DECISION_STEP, rank_at(now_ms)) if is_decision else past + 1
    put_record(
        rows,
        RecordRow(
            kind=int(kind),
            key=key,
            rank=min(rank, MAX_RANK),
            device_id=own_device(rows),
            value=value,
        ),
    )
