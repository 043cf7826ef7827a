"""Pictures without what they say beside the picture: where and when they were taken, by what.

Rule: no pixel is decoded; of a JPEG, PNG or WebP only the parts that make the picture are kept, by
a list of what these are, and which way up it is. What can't be taken apart isn't sent so. Flat in
memory. Sources: ITU T.81 annex B; W3C PNG, section 5; RFC 9649; Exif 3.0, section 4.6.
"""

from __future__ import annotations

import os
import struct
from typing import IO, Final

from restante.errors import UserError
from restante.values import dataclass

HEAD_BYTES: Final = 32
"""What tells a picture by how it begins."""

MOST_PARTS: Final = 100_000
_SCAN_BYTES: Final = 65_536

DAMAGED: Final = (
    "This picture is damaged, and what it may say of where it was taken can't be taken out. To "
    "send it as it is: --original"
)
UNKNOWN: Final = (
    "A picture of this format may say where it was taken, and that can't be taken out of it here. "
    "To send it as it is: --original"
)

_JPEG_KEPT: Final = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xEE})
"""Frames, tables, scans, JFIF and Adobe's colours; APP2 is kept if it is a colour profile."""
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PNG_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"}
    | {b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"}
)
_WEBP_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_SAYS: Final = 0x0C
"""Flags of VP8X: there is Exif, there is XMP."""

_ORIENTATION: Final = 0x0112


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What of a file is the picture: bytes of ours, or stretches (offset, length) of the file."""

    media_type: str
    width: int
    height: int
    pieces: tuple[bytes | tuple[int, int], ...]

    @property
    def size_bytes(self) -> int:
        """How long it is then."""
        return sum(len(each) if isinstance(each, bytes) else each[1] for each in self.pieces)


def look_at(file: IO[bytes]) -> Picture | None:
    """Return what of a file is a picture; None if it is none. UserError: one, but not for us."""
    head = _at(file, 0, HEAD_BYTES)
    try:
        if head.startswith(b"\xff\xd8\xff"):
            return _jpeg(file)
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(file)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(file)
    except (struct.error, IndexError):
        raise UserError(DAMAGED) from None
    if _says_more_than_we_know(head):
        raise UserError(UNKNOWN)
    return None


def is_other_picture(head: bytes) -> bool:
    """Whether a file begins as a picture does that says nothing beside it: GIF, BMP."""
    return head.startswith((b"GIF87a", b"GIF89a", b"BM"))


def _says_more_than_we_know(head: bytes) -> bool:
    is_tiff = head[:4] in {b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"}
    is_heif = head[4:8] == b"ftyp" and head[8:12] in {
        *(b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"),
    }
    is_jxl = head.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL "))
    return is_tiff or is_heif or is_jxl


# ---- JPEG -------------------------------------------------------------------------------------


def _jpeg(file: IO[bytes]) -> Picture:
    pieces: list[bytes | tuple[int, int]] = [b"\xff\xd8"]
    at, width, height, turned = 2, 0, 0, 1
    for _ in range(MOST_PARTS):
        prefix, marker = _exactly(file, at, 2)
        if prefix != 0xFF:
            raise UserError(DAMAGED)
        if marker == 0xFF:  # fill bytes may stand before a marker
            at += 1
            continue
        if marker == 0xD9:
            if turned != 1:
                pieces.insert(1, _upright(turned))
            width, height = (height, width) if turned > 4 else (width, height)
            pieces.append(b"\xff\xd9")
            return Picture(
                media_type="image/jpeg", width=width, height=height, pieces=tuple(pieces)
            )
        (length,) = struct.unpack(">H", _exactly(file, at + 2, 2))
        if length < 2:
            raise UserError(DAMAGED)
        end = at + 2 + length
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", _exactly(file, at + 5, 4))
        if marker == 0xE1:
            turned = _turned(_exactly(file, at + 4, length - 2)) or turned
        is_profile = marker == 0xE2 and _at(file, at + 4, 12) == b"ICC_PROFILE\x00"
        if marker == 0xDA:
            end = _end_of_scan(file, end)
        if marker in _JPEG_KEPT or is_profile:
            pieces.append((at, end - at))
        at = end
    raise UserError(DAMAGED)


def _end_of_scan(file: IO[bytes], at: int) -> int:
    """Return where the next marker stands that ends a scan: no stuffed byte, no restart."""
    while block := _at(file, at, _SCAN_BYTES):
        found = block.find(b"\xff")
        while found >= 0 and found + 1 < len(block):
            if block[found + 1] != 0 and not 0xD0 <= block[found + 1] <= 0xD7:
                return at + found
            found = block.find(b"\xff", found + 2)
        if len(block) < 2:
            break
        at += len(block) - (1 if block.endswith(b"\xff") and found >= 0 else 0)
    raise UserError(DAMAGED)


def _turned(exif: bytes) -> int:
    """Return which way up a picture is, 1 to 8; 0 if this doesn't say."""
    if not exif.startswith(b"Exif\x00\x00"):
        return 0
    tiff = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if tag == _ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return 0
    return 0


def _upright(turned: int) -> bytes:
    """Return an Exif part that says which way up, and nothing else."""
    tiff = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
    said = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(said) + 2) + said


# ---- PNG, WebP --------------------------------------------------------------------------------


def _png(file: IO[bytes]) -> Picture:
    pieces: list[bytes | tuple[int, int]] = [(0, 8)]
    at, width, height = 8, 0, 0
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack(">I4s", _exactly(file, at, 8))
        if kind == b"IHDR":
            width, height = struct.unpack(">II", _exactly(file, at + 8, 8))
        if kind in _PNG_KEPT:
            _exactly(file, at + 8 + length + 3, 1)  # all of it is there
            pieces.append((at, length + 12))
        at += length + 12
        if kind == b"IEND":
            return Picture(media_type="image/png", width=width, height=height, pieces=tuple(pieces))
    raise UserError(DAMAGED)


def _webp(file: IO[bytes]) -> Picture:
    (declared,) = struct.unpack("<I", _exactly(file, 4, 4))
    pieces: list[bytes | tuple[int, int]] = []
    at, width, height = 12, 0, 0
    for _ in range(MOST_PARTS):
        if at + 8 > declared + 8:
            break
        kind, length = struct.unpack("<4sI", _exactly(file, at, 8))
        padded = length + length % 2
        if length:
            _exactly(file, at + 8 + length - 1, 1)
        if kind == b"VP8X":
            said = bytearray(_exactly(file, at + 8, 10))
            said[0] &= ~_WEBP_SAYS & 0xFF
            width = int.from_bytes(said[4:7], "little") + 1
            height = int.from_bytes(said[7:10], "little") + 1
            pieces.append(struct.pack("<4sI", kind, 10) + bytes(said))
        elif kind in _WEBP_KEPT:
            pieces.append((at, 8 + length))
            pieces.append(bytes(padded - length))
        at += 8 + padded
    size = 4 + sum(len(each) if isinstance(each, bytes) else each[1] for each in pieces)
    begins = b"RIFF" + struct.pack("<I", size) + b"WEBP"
    return Picture(media_type="image/webp", width=width, height=height, pieces=(begins, *pieces))


def _at(file: IO[bytes], offset: int, length: int) -> bytes:
    return os.pread(file.fileno(), length, offset)


def _exactly(file: IO[bytes], offset: int, length: int) -> bytes:
    found = _at(file, offset, length)
    if len(found) != length:
        raise UserError(DAMAGED)
    return found
