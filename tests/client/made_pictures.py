"""Pictures made for tests: real ones of every format, and those that nobody means well with."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

PLACE = b"GPS 59.9 N 30.3 E"


def a_picture(width: int, height: int, *, mode: str = "RGB") -> Image.Image:
    """Red to the left, blue to the right, and a little of everything between."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    made = Image.merge("RGB", (across.point(lambda v: 255 - v), down, across))
    return made.convert(mode)


def encoded(picture: Image.Image, kind: str, **how: Any) -> bytes:
    into = io.BytesIO()
    picture.save(into, kind, **how)
    return into.getvalue()


def noisy(width: int, height: int) -> Image.Image:
    """A picture that is large however it is encoded, as a photograph is."""
    return Image.effect_noise((width, height), 60).convert("RGB")


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that says any size, whatever its rows hold."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def a_bomb() -> bytes:
    """Nine thousand pixels each way, in some hundred bytes for each million of them."""
    return png_of(9_000, 9_000, bytes(9_001 * 9_000))


def an_endless_gif() -> bytes:
    """A GIF of very many frames."""
    frame = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0)
    ) + b"\x02\x07\x84\x8f\xa9\xcb\xed\x0f\x02\x00"
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    return head + frame * 200_000 + b";"
