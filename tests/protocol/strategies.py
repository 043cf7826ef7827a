"""Hypothesis strategies made from the Struct types themselves, so that no field is forgotten."""

from __future__ import annotations

from typing import Any, get_args

import hypothesis.strategies as st
import msgspec.inspect as mi

from restante.protocol import frames as f
from restante.protocol import manifest as m

RELAY_FRAMES: tuple[type[f.Frame], ...] = get_args(f.RelayFrame)
CLIENT_FRAMES: tuple[type[f.Frame], ...] = get_args(f.ClientFrame)
FRAMES = RELAY_FRAMES + CLIENT_FRAMES

FEW = 3
"""Elements of a list, beyond its minimum: what a list can hold at most is tested by itself."""


def of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for valid values of a Struct type."""
    return _of_type(mi.type_info(kind))


def any_frame() -> st.SearchStrategy[f.Frame]:
    """Return a strategy for valid frames of both sides."""
    return st.sampled_from(FRAMES).flatmap(of)


def prekeys() -> st.SearchStrategy[m.Prekey]:
    """Return a strategy for prekeys, each with a key as long as its kind wants."""
    return of(m.Prekey)


def _of_type(kind: mi.Type) -> st.SearchStrategy[Any]:  # noqa: PLR0911  one for each type
    match kind:
        case mi.BoolType():
            return st.booleans()
        case mi.NoneType():
            return st.none()
        case mi.IntType(ge=low, le=high):
            return st.integers(low, high) | st.sampled_from((low, high))
        case mi.StrType(pattern=str(pattern)):
            return st.from_regex(pattern)
        case mi.StrType(min_length=low, max_length=high):
            return st.text(min_size=low or 0, max_size=min(high or 80, 80))
        case mi.BytesType(min_length=low, max_length=high):
            return _blobs(low or 0, high or 80)
        case mi.ListType(item_type=item, min_length=low, max_length=high):
            low = low or 0
            return st.lists(_of_type(item), min_size=low, max_size=min(low + FEW, high or FEW))
        case mi.UnionType(types=kinds):
            return st.one_of([_of_type(each) for each in kinds])
        case mi.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _of_type(field.type) for field in fields})
    raise AssertionError(f"no strategy for {kind}")


def _blobs(low: int, high: int) -> st.SearchStrategy[bytes]:
    """Short ones entirely random; of long ones the length and the first bytes."""
    if low > 80:
        starts = st.binary(min_size=1, max_size=16)
        lengths = st.integers(low, high) | st.sampled_from((low, high))
        return st.builds(lambda start, length: start.ljust(length, b"\x5a"), starts, lengths)
    return st.binary(min_size=low, max_size=min(high, 80))
