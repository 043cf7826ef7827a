"""The program that decodes a picture, in a process of its own: stdin to stdout.

Rule: it gives up all it could do harm with before it reads a byte: no file, no process, bounded
memory and time. It says one line of JSON and then bytes; a picture that isn't as it should be ends
it without a word. It is run as a file and imports nothing of ours. Spec: docs/files.md, section 6.
"""

from __future__ import annotations

import copy
import io
import json
import math
import resource
import sys
from contextlib import suppress
from typing import Any, Final

from PIL import (  # what is loaded later would need files
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

FORMATS: Final = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_S: Final = 20
MOST_INPUT_BYTES: Final = 64 * 1024 * 1024
MOST_PIXELS: Final = 64_000_000
"""Decoded whole: 256 MB. A JPEG is decoded smaller from the start, and may have four times that."""
MOST_SIDE: Final = 30_000
SENT_SIDE: Final = 2560
"""The longer side of what is sent: more than any usual screen shows of it."""
QUALITY: Final = 82
PREVIEW_CELLS: Final = 330
"""Three bytes each: below 1 KB."""
PREVIEW_SIDE: Final = 32
MOST_SHOWN_SIDE: Final = 1600
MOST_PROFILE_BYTES: Final = 65_536


def main() -> None:
    """Do what the only argument says."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    Image.preinit()
    _give_up_everything()
    content = sys.stdin.buffer.read(MOST_INPUT_BYTES + 1)
    if len(content) > MOST_INPUT_BYTES:
        sys.exit(3)
    do = {"send": _send, "show": _show}[asked["do"]]
    said, made = do(content, asked)
    sys.stdout.buffer.write(json.dumps({**said, "bytes": len(made)}).encode() + b"\n" + made)
    sys.stdout.buffer.flush()


def _give_up_everything() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for which, most in limits.items():
        with suppress(ValueError, OSError):  # macOS knows no limit of addresses
            resource.setrlimit(which, (most, most))


def _opened(content: bytes, side: int) -> Image.Image:
    """Open a picture, no larger than it may be; of a JPEG only so much is decoded as is needed."""
    Image.MAX_IMAGE_PIXELS = None  # the bounds below are ours, and narrower
    picture = Image.open(io.BytesIO(content), formats=FORMATS)
    width, height = picture.size
    most = MOST_PIXELS
    if picture.format in {"JPEG", "MPO"}:
        picture.draft("RGB", (side, side))
        most = 4 * MOST_PIXELS
    is_small = 0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE and width * height <= most
    if not is_small or picture.size[0] * picture.size[1] > MOST_PIXELS:
        sys.exit(4)
    return picture


def _frames(picture: Image.Image) -> int:
    """Count frames, as far as it matters; no more of them are looked at."""
    if picture.format == "MPO" or not getattr(picture, "is_animated", False):
        return 1  # of a camera's two the second is a copy for another screen
    count = 0
    for _ in ImageSequence.Iterator(picture):
        count += 1
        if count > 1:
            break
    picture.seek(0)
    return count


def _upright(picture: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(picture)
    has_alpha = turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info
    return turned.convert("RGBA" if has_alpha else "RGB")


def _within(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height, 1.0)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _flat(picture: Image.Image) -> Image.Image:
    """Return it without transparency, on grey: neither black nor white lettering vanishes."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, (128, 128, 128, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _preview(picture: Image.Image) -> dict[str, Any]:
    wide = math.sqrt(PREVIEW_CELLS * picture.width / picture.height)
    columns = max(1, min(PREVIEW_SIDE, int(wide)))
    rows = max(1, min(PREVIEW_SIDE, PREVIEW_CELLS // columns))
    rows = max(1, min(rows, round(columns * picture.height / picture.width)))
    small = _flat(picture).resize((columns, rows), Image.Resampling.BOX)
    return {"columns": columns, "rows": rows, "colours": small.tobytes().hex()}


def _send(content: bytes, _asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what is sent in a picture's place: of a usual size, without what it says beside."""
    picture = _opened(content, SENT_SIDE)
    # A profile of other colours than those that are sent would turn them.
    profile = picture.info.get("icc_profile") if picture.mode in {"RGB", "RGBA", "P"} else None
    frames = _frames(picture)
    upright = _upright(picture)
    small = _within(upright, SENT_SIDE, SENT_SIDE)
    said = {
        "width": small.width,
        "height": small.height,
        "frames": frames,
        "preview": _preview(small),
        "media_type": "image/jpeg",
    }
    if frames > 1:
        return said, b""
    into = io.BytesIO()
    more: dict[str, Any] = {}
    if isinstance(profile, bytes) and len(profile) <= MOST_PROFILE_BYTES:
        more["icc_profile"] = profile
    if small.mode == "RGBA":
        said["media_type"] = "image/webp"
        small.save(into, "WEBP", quality=QUALITY, method=4, **more)
    else:
        small.save(into, "JPEG", quality=QUALITY, optimize=True, progressive=True, **more)
    return said, into.getvalue()


def _show(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return a picture's pixels, three bytes each, within a box."""
    width = min(int(asked["width"]), MOST_SHOWN_SIDE)
    height = min(int(asked["height"]), MOST_SHOWN_SIDE)
    picture = _opened(content, 2 * max(width, height))
    shown = _flat(_within(_upright(picture), width, height))
    return {"width": shown.width, "height": shown.height}, shown.tobytes()


_LOADED: Final = (
    copy,  # Pillow's own, at a moment when there are no files any more
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

if __name__ == "__main__":
    main()
