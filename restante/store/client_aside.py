"""Envelopes that nothing opens yet: kept until the session that can has moved on to them.

Rule: bounded, since anybody may send garbage; the oldest go first, and the caller learns which.
An envelope's lookup tag is its first 16 bytes. Spec: docs/client-store.md, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

MAX_ASIDE: Final = 256
MAX_ASIDE_BYTES: Final = 4 * 1024 * 1024
"""64 of the largest envelopes, or 256 of the two smaller ones: what a relay sends in a frame."""
TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideRow:
    """An envelope put aside: as delivered, with its lane and when that was."""

    envelope_id: bytes
    lane: int
    payload: bytes = field(repr=False)
    arrived_ms: int


_ASIDE = Shape(AsideRow)
_PUT = Statement("aside.PUT")
_TOTALS = Statement("aside.TOTALS")
_OLDEST = Statement("aside.OLDEST")
_BY_TAG = Statement("aside.BY_TAG")
_ALL = Statement("aside.ALL")
_REMOVE = Statement("aside.REMOVE")


def put_aside(
    rows: Rows, envelope_id: bytes, lane: int, payload: bytes, arrived_ms: int
) -> list[bytes]:
    """Keep an envelope for later; return the ids of older ones that had to go for it.

    The same id twice is kept once.
    """
    row = AsideRow(envelope_id=envelope_id, lane=lane, payload=payload, arrived_ms=arrived_ms)
    rows.run(_PUT, **_ASIDE.write(row), tag=payload[:TAG_BYTES])
    count, size_bytes = rows.first(_TOTALS) or (0, 0)
    dropped: list[bytes] = []
    for oldest, oldest_bytes in rows.all(_OLDEST):
        if count - len(dropped) <= MAX_ASIDE and size_bytes <= MAX_ASIDE_BYTES:
            break
        size_bytes -= oldest_bytes
        dropped.append(oldest)
    remove_aside(rows, dropped)
    return dropped


def aside_by_tags(rows: Rows, tags: Iterable[bytes]) -> list[AsideRow]:
    """Return the envelopes with one of these tags, in the order of arrival for each tag."""
    return [_ASIDE.read(row) for tag in tags for row in rows.all(_BY_TAG, tag=tag)]


def all_aside(rows: Rows) -> list[AsideRow]:
    """Return all envelopes, in the order of arrival."""
    return [_ASIDE.read(row) for row in rows.all(_ALL)]


def has_aside(rows: Rows) -> bool:
    """Whether anything waits aside."""
    count, _ = rows.first(_TOTALS) or (0, 0)
    return bool(count)


def remove_aside(rows: Rows, envelope_ids: Iterable[bytes]) -> None:
    """Forget envelopes: they were opened, or will never be."""
    rows.run_many(_REMOVE, ({"envelope_id": each} for each in envelope_ids))
