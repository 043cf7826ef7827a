"""Pictures are decoded in a process apart, which may do nothing else, and not for ever."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
import trio
from PIL import Image

from restante.client.decoding.apart import Decoder, Feed
from restante.client.interface import FileState
from restante.errors import UserError
from tests.client.files_seen import saved, stands
from tests.client.made_pictures import (
    PLACE,
    a_bomb,
    a_picture,
    an_endless_gif,
    encoded,
    noisy,
    png_of,
)
from tests.client.two_people import two_people

REAL = Decoder()


def fed(content: bytes) -> Feed:
    async def feed(into: IO[bytes]) -> None:
        await trio.to_thread.run_sync(into.write, content)

    return feed


async def test_a_photograph_goes_smaller_upright_and_with_a_preview() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif[0x010E] = PLACE.decode()
    photo = encoded(noisy(3000, 2000), "JPEG", quality=97, exif=exif)
    found = await REAL.prepare(fed(photo))
    assert found is not None
    assert (found.width, found.height, found.media_type) == (1707, 2560, "image/jpeg")
    assert len(found.content) < len(photo) * 0.7
    assert PLACE not in found.content
    sent = Image.open(io.BytesIO(found.content))
    assert sent.size == (1707, 2560)
    assert not sent.getexif()
    assert len(found.preview) <= 1000


async def test_a_preview_shows_what_is_where() -> None:
    found = await REAL.prepare(fed(encoded(a_picture(400, 300), "PNG")))
    assert found is not None
    columns, rows = found.preview[:2]
    assert (columns, rows) == (20, 15)
    cells = found.preview[2:]
    left, right = cells[: 3 * 2], cells[3 * columns - 6 : 3 * columns]
    assert left[0] > left[2], "red"
    assert right[2] > right[0], "blue"


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "TIFF", "AVIF", "BMP"])
async def test_other_formats_are_read_and_what_is_sent_is_one_of_two(kind: str) -> None:
    made = a_picture(90, 60, mode="RGBA" if kind == "WEBP" else "RGB")
    if kind == "WEBP":
        made.putalpha(128)
    found = await REAL.prepare(fed(encoded(made, kind)))
    assert found is not None
    assert found.media_type == ("image/webp" if kind == "WEBP" else "image/jpeg")
    assert Image.open(io.BytesIO(found.content)).size == (90, 60)


async def test_what_moves_is_not_encoded_and_has_a_preview() -> None:
    frames = [a_picture(60, 60), a_picture(60, 60).rotate(90)]
    found = await REAL.prepare(fed(encoded(frames[0], "GIF", save_all=True, append_images=frames)))
    assert found is not None
    assert (found.content, len(found.preview) > 2) == (b"", True)
    endless = await REAL.prepare(fed(an_endless_gif()))
    assert endless is None or endless.content == b""


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no picture": lambda: os.urandom(5000),
    "cut off": lambda: encoded(noisy(300, 300), "JPEG")[:9000],
    "said to be huge": lambda: png_of(100_000, 100_000, b"0"),
    "a bomb": a_bomb,
    "rows that are not there": lambda: png_of(5000, 5000, b"0" * 50),
    "a script": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) show\n",
    "a fit of two": lambda: encoded(a_picture(9, 9), "PNG")[:40] + b"GIF89a" + bytes(99),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_picture_is_none(what: str) -> None:
    assert await REAL.prepare(fed(HOSTILE[what]())) is None


async def test_pixels_come_as_large_as_asked_for() -> None:
    found = await REAL.pixels(fed(encoded(a_picture(400, 200), "PNG")), width=80, height=80)
    assert found is not None
    assert (found.width, found.height) == (80, 40)
    assert len(found.colours) == 80 * 40 * 3


def a_program(path: Path, text: str) -> Path:
    path.write_text(f"import os, sys, time\n{text}\n")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "os.abort()",
        "print('{')",
        "print('{\"width\": -1}')",
        "print('{\"width\": 2, \"height\": 2, \"bytes\": 3}'); print('ab', end='')",
        "print('{\"width\": 2, \"height\": 2, \"bytes\": 3}'); print('abc', end='')",
        "while True: os.write(1, b'x' * 65536)",
        'print(\'{"width": 9, "height": 9, "bytes": 4, "more": 1}\'); print(\'abc\')',
    ],
)
async def test_a_decoder_that_was_taken_over_says_nothing_that_is_believed(
    tmp_path: Path, text: str
) -> None:
    decoder = Decoder(program=a_program(tmp_path / "bad.py", text))
    assert await decoder.pixels(fed(b"x"), width=9, height=9) is None


async def test_a_decoder_that_does_not_end_is_ended(tmp_path: Path) -> None:
    mark = tmp_path / "began"
    text = f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    decoder = Decoder(program=a_program(tmp_path / "bad.py", text), deadline_s=6)
    # More than a pipe holds: who feeds it waits for it, and must not wait for ever.
    assert await decoder.pixels(fed(bytes(1_000_000)), width=9, height=9) is None
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
async def test_a_decoder_has_given_up_files_memory_and_surroundings(tmp_path: Path) -> None:
    real = trio.Path(REAL._program)
    tries = """
def attempt(what):
    try:
        what()
    except (OSError, MemoryError):
        return 0
    return 1
def _show(content, asked):
    import os
    tried = [lambda: open('/etc/passwd'), lambda: bytearray(2 << 30), lambda: os.pipe()]
    did = sum(attempt(each) for each in tried) + len(os.environ)
    return {'width': 1 + did, 'height': 1}, bytes(3 * (1 + did))
"""
    program = tmp_path / "curious.py"
    program.write_text(
        (await real.read_text()).replace('if __name__ == "__main__":', f"{tries}\nif True:")
    )
    os.environ["RESTANTE_TEST_SECRET"] = "hidden"
    try:
        found = await Decoder(program=program).pixels(fed(b"x"), width=9, height=9)
    finally:
        del os.environ["RESTANTE_TEST_SECRET"]
    assert found is not None
    assert found.width == 1 + LOCALE_VARIABLES


LOCALE_VARIABLES = 1
"""LC_CTYPE, which Python sets by itself where it is told nothing."""


async def test_a_picture_is_sent_smaller_and_shown_at_the_other_end(tmp_path: Path) -> None:
    path = tmp_path / "holiday.avif"
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    path.write_bytes(encoded(a_picture(3000, 1500), "AVIF", exif=exif))
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(path))
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        assert there.file is not None
        assert (there.file.name, there.file.role) == ("holiday.jpg", "image")
        assert (there.file.width, there.file.height) == (2560, 1280)
        assert there.file.preview is not None
        arrived = (await saved(two.bob, there, tmp_path / "downloads")).read_bytes()
        assert PLACE not in arrived
        shown = await two.bob.file_picture(there.id, width=100, height=100)
        assert (shown.width, shown.height) == (100, 50)
        bad = tmp_path / "bad.png"
        bad.write_bytes(png_of(100_000, 100_000, b"0"))
        sent = await two.alice.send_file(two.to_bob, path=str(bad))
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        with pytest.raises(UserError, match="can't be shown"):
            await two.bob.file_picture(there.id, width=100, height=100)
