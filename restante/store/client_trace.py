"""What became of a message, device by device, in the order in which it happened.

Rule: a line is only ever added, and goes with its message. Spec: docs/client-store.md.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One thing that happened to a message; `device_id` None: to the message as a whole."""

    message_id: bytes
    device_id: bytes | None
    event: str
    at_ms: int
    detail: str | None = None


TRACE: Final = Shape(TraceRow)
_ADD = Statement("trace.ADD")
_OF = Statement("trace.OF")
_DELETE_BEFORE = Statement("trace.DELETE_BEFORE")


def add_trace(rows: Rows, row: TraceRow) -> None:
    """Note that something happened to a message."""
    rows.run(_ADD, **TRACE.write(row))


def trace_of(rows: Rows, message_id: bytes) -> list[TraceRow]:
    """Return what happened to a message, oldest first."""
    return [TRACE.read(found) for found in rows.all(_OF, message_id=message_id)]


def delete_traces_before(rows: Rows, before_ms: int) -> int:
    """Forget what happened before a time; return how many lines that were."""
    return rows.run(_DELETE_BEFORE, before_ms=before_ms)
