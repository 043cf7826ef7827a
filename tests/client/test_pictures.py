"""Of a picture the picture is sent: not where it was taken, nor what hides behind it."""

from __future__ import annotations

import os
import random
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from restante.client.files.pictures import Picture, look_at
from restante.client.files.sources import PathSource, PictureSource
from restante.client.interface import FileState
from restante.errors import UserError
from tests.client.files_seen import saved, stands
from tests.client.two_people import two_people
from tests.rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = b"GPS 59.9 N 30.3 E"
SCAN = b"\x12\xff\x00\x34\xff\xd0\x56" * 20_000
"""Coded picture, with stuffed bytes and restarts, over more than one block."""


def part(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def exif(turned: int) -> bytes:
    tiff = struct.pack(">2sHIH", b"MM", 42, 8, 2)
    tiff += struct.pack(">HHIHH", 0x0112, 3, 1, turned, 0) + struct.pack(">HHII", 0x010E, 2, 99, 99)
    return part(0xE1, b"Exif\x00\x00" + tiff + PLACE)


def jpeg(*, turned: int = 1, after: bytes = b"") -> bytes:
    frame = part(0xC2, struct.pack(">BHHB", 8, 300, 400, 1) + b"\x01\x11\x00")
    scan = part(0xDA, b"\x01\x01\x00\x00\x3f\x00") + SCAN
    return (
        b"\xff\xd8"
        + part(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
        + exif(turned)
        + part(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + PLACE)
        + part(0xE2, b"ICC_PROFILE\x00\x01\x01colours")
        + part(0xE2, b"MPF\x00" + PLACE)
        + part(0xED, b"Photoshop 3.0\x00" + PLACE)
        + part(0xFE, PLACE)
        + part(0xDB, bytes(65))
        + frame
        + part(0xC4, bytes(20))
        + scan
        + b"\xff"
        + part(0xC4, bytes(20))
        + scan
        + b"\xff\xd9"
        + after
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(*, after: bytes = b"") -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 400, 300, 8, 0, 0, 0, 0))
        + chunk(b"eXIf", PLACE)
        + chunk(b"tEXt", b"Comment\x00" + PLACE)
        + chunk(b"prVt", PLACE)
        + chunk(b"IDAT", zlib.compress(bytes(300 * 401)))
        + chunk(b"tIME", PLACE[:7])
        + chunk(b"IEND", b"")
        + after
    )


def webp(*, after: bytes = b"") -> bytes:
    def riff(kind: bytes, content: bytes) -> bytes:
        return struct.pack("<4sI", kind, len(content)) + content + bytes(len(content) % 2)

    canvas = b"\x1c\x00\x00\x00" + (399).to_bytes(3, "little") + (299).to_bytes(3, "little")
    body = (
        riff(b"VP8X", canvas)
        + riff(b"ICCP", b"odd")
        + riff(b"VP8 ", b"the picture")
        + riff(b"EXIF", PLACE)
        + riff(b"XMP ", PLACE)
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body + after


MADE = {"photo.jpg": jpeg, "drawing.png": png, "page.webp": webp}


def looked_at(path: Path, content: bytes) -> tuple[Picture, bytes]:
    path.write_bytes(content)
    source = PathSource(path)
    picture = source.picture()
    assert picture is not None
    taken = PictureSource(source, picture)
    sent = b"".join(iter(lambda: taken.read(10_000), b""))
    taken.close()
    assert len(sent) == picture.size_bytes
    return picture, sent


@pytest.mark.parametrize("name", MADE)
def test_only_the_picture_is_sent(tmp_path: Path, name: str) -> None:
    made: Callable[..., bytes] = MADE[name]
    picture, sent = looked_at(tmp_path / name, made(after=b"behind it: " + PLACE))
    assert (picture.width, picture.height) == (400, 300)
    assert PLACE not in sent
    again, unchanged = looked_at(tmp_path / name, sent)
    assert (unchanged, again.size_bytes) == (sent, len(sent))


def test_what_makes_the_picture_stays_as_it_was(tmp_path: Path) -> None:
    _, sent = looked_at(tmp_path / "a.jpg", jpeg())
    assert sent.count(SCAN) == 2
    assert b"ICC_PROFILE" in sent
    assert b"JFIF" in sent
    assert b"Exif" not in sent
    _, sent = looked_at(tmp_path / "a.png", png())
    assert chunk(b"IDAT", zlib.compress(bytes(300 * 401))) in sent
    _, sent = looked_at(tmp_path / "a.webp", webp())
    assert sent[20] == 0x10, "it has a profile, and says of nothing else"
    assert struct.unpack_from("<I", sent, 4)[0] == len(sent) - 8


def test_which_way_up_it_is_is_said_alone(tmp_path: Path) -> None:
    picture, sent = looked_at(tmp_path / "a.jpg", jpeg(turned=6))
    assert (picture.width, picture.height) == (300, 400)
    assert b"Exif" in sent
    assert PLACE not in sent
    again, same = looked_at(tmp_path / "a.jpg", sent)
    assert (again.width, same) == (300, sent)


@pytest.mark.parametrize(
    "head",
    [
        b"II*\x00rest",
        b"MM\x00*rest",
        b"\x00\x00\x00\x18ftypheic",
        b"\x00\x00\x00\x18ftypavif",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe1\x00\x00",
    ],
)
def test_what_can_not_be_taken_apart_is_refused(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head)
    with path.open("rb") as file, pytest.raises(UserError, match="--original"):
        look_at(file)


def test_what_is_no_picture_goes_as_it_is(tmp_path: Path) -> None:
    for content in (b"", b"text", os.urandom(100), b"\x00\x00\x00\x18ftypisom"):
        path = tmp_path / "a.jpg"
        path.write_bytes(b"0" + content)
        with path.open("rb") as file:
            assert look_at(file) is None


def test_damage_is_a_sentence_and_never_more_than_was_there(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    path = tmp_path / "a"
    for _ in range(rounds(150, 20_000)):
        content = bytearray(seeded_random.choice([jpeg, png, webp])())
        for _ in range(seeded_random.randint(1, 4)):
            content[seeded_random.randrange(min(len(content), 1500))] = seeded_random.randrange(256)
        path.write_bytes(content[: seeded_random.randint(20, len(content))])
        with path.open("rb") as file:
            try:
                picture = look_at(file)
            except UserError:
                continue
        if picture is not None:
            assert picture.size_bytes <= len(content) + 64


async def test_a_photo_arrives_without_its_place_and_as_it_is_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    async with two_people(tmp_path) as two:
        for is_original in (False, True):
            sent = await two.alice.send_file(two.to_bob, path=str(path), is_original=is_original)
            there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
            assert there.file is not None
            assert there.file.role == ("file" if is_original else "image")
            assert there.file.width == (None if is_original else 400)
            arrived = await saved(two.bob, there, tmp_path / "downloads")
            assert (PLACE in arrived.read_bytes()) is is_original
        settings = await two.bob.set_setting("files", "off")
        assert settings["files"] == "off"
        sent = await two.alice.send_file(two.to_bob, path=str(path))
        await stands(two.bob, await two.arrived(sent), FileState.OFFERED)
        with pytest.raises(UserError, match="one of on, off, pictures, all"):
            await two.bob.set_setting("files", "some")
        with pytest.raises(UserError, match="There are files"):
            await two.bob.set_setting("typing", "on", conversation=two.to_alice)
        small, large = tmp_path / "small.txt", tmp_path / "large.bin"
        small.write_bytes(b"small")
        large.write_bytes(bytes(1_100_000))
        here, there = FileState.HERE, FileState.OFFERED
        for value, stands_so in (
            ("pictures", (here, there, there)),
            ("all", (here, here, here)),
            ("off", (there, there, there)),
        ):
            chosen = await two.bob.set_setting("files", value, conversation=two.to_alice)
            assert chosen == await two.bob.settings(two.to_alice) == {"files": value}
            for each, state in zip((path, small, large), stands_so, strict=True):
                sent = await two.alice.send_file(two.to_bob, path=str(each))
                await stands(two.bob, await two.arrived(sent), state)
        again = await two.bob.set_setting("files", "usual", conversation=two.to_alice)
        assert (again, (await two.bob.settings())["files"]) == ({"files": "usual"}, "off")
