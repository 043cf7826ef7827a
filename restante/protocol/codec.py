"""Bytes to typed values and back: msgpack arrays, unpacked under hard limits, checked by type.

Rule: a decoder returns a value of the asked type or raises `RemoteProtocolError`; what was
authenticated is always the received bytes, never a re-encoding. Knows no frame.
Spec: docs/protocol/wire.md, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import msgpack
import msgspec

from restante.errors import RemoteProtocolError, WireCode
from restante.protocol.limits import MAX_ARRAY_ITEMS, MAX_FRAME_BYTES

T = TypeVar("T")

# Twenty times faster than msgpack's own for a full frame, and the same bytes.
_encoder = msgspec.msgpack.Encoder()


def encode(value: object) -> bytes:
    """Pack a Struct (or builtin values) as one msgpack object, each value in its shortest form."""
    return _encoder.encode(value)


def _refuse(*_: object) -> NoReturn:
    raise ValueError("the protocol has no maps and no extensions")


def unpack(data: bytes, *, max_bytes: int = MAX_FRAME_BYTES) -> Any:
    """Unpack one msgpack object: arrays, integers, strings, bytes, bool and nil, no maps, no ext.

    Raises RemoteProtocolError: too long, truncated, trailing bytes, an array, string or nesting
    beyond its limit, a map, an extension, invalid UTF-8. A float passes here: no type takes one.
    """
    if len(data) > max_bytes:
        raise RemoteProtocolError(
            f"{len(data)} bytes where {max_bytes} are the most", code=WireCode.TOO_LARGE
        )
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            max_str_len=max_bytes,
            max_bin_len=max_bytes,
            max_array_len=MAX_ARRAY_ITEMS,
            max_map_len=0,
            max_ext_len=0,
            # The limits let empty ones pass, and an ExtType is a tuple: it would pass for an array.
            object_hook=_refuse,
            ext_hook=_refuse,
        )
    except (ValueError, msgpack.UnpackException) as error:
        raise RemoteProtocolError("the bytes are no msgpack within the limits") from error


def decode(data: bytes, kind: type[T], *, max_bytes: int = MAX_FRAME_BYTES) -> T:
    """Unpack and check against a type, strictly: no bool as int, no extra field, no unknown tag.

    Raises RemoteProtocolError as `unpack` does, and when the value isn't of the type.
    """
    return _convert(unpack(data, max_bytes=max_bytes), kind)


def decode_tagged(data: bytes, kinds: Mapping[int, type[T]]) -> T:
    """Unpack an array whose first element says which of the types it is, and check it as that.

    Looking the type up here is ten times faster than a union of all of them.
    Raises RemoteProtocolError as `decode` does.
    """
    value = unpack(data)
    tag = value[0] if isinstance(value, list) and value else None
    kind = kinds.get(tag) if type(tag) is int else None
    if kind is None:
        raise RemoteProtocolError("no frame of this side is tagged so")
    return _convert(value, kind)


def _convert(value: object, kind: type[T]) -> T:
    try:
        # Bytes named as builtin: otherwise a string would be taken for base64 and decoded.
        return msgspec.convert(value, type=kind, strict=True, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise RemoteProtocolError(f"a field is not as the protocol says: {error}") from error
