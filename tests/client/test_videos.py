"""Videos go smaller and without what they say of themselves, where ffmpeg is; else not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from restante.client.decoding.videos import NO_FFMPEG, Videos, is_video
from restante.client.interface import FileState
from restante.errors import UserError
from tests.client.files_seen import saved, stands
from tests.client.two_people import two_people
from tests.programs import find_program

PLACE = "+59.9000+030.3000/"


def a_clip(path: Path, *more: str, seconds: int = 2) -> Path:
    ffmpeg = find_program("ffmpeg")
    assert ffmpeg is not None
    subprocess.run(
        [
            *(
                ffmpeg,
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                f"color=red:size=320x180:d={seconds}:r=5",
            ),
            *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
            *("-metadata", f"location={PLACE}", "-metadata", "title=at home", *more, str(path)),
        ],
        check=True,
        timeout=60,
    )
    return path


@pytest.mark.needs("ffmpeg")
async def test_a_video_arrives_without_its_place_with_a_preview_and_its_length(
    tmp_path: Path,
) -> None:
    path = a_clip(tmp_path / "walk.mov")
    assert PLACE.encode() in path.read_bytes()
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(path), caption="look")
        there = await two.arrived(sent)
        assert there.file is not None
        assert (there.file.name, there.file.role) == ("walk.mp4", "video")
        assert (there.file.width, there.file.height) == (320, 180)
        assert there.file.duration_s == pytest.approx(2, abs=0.2)
        assert there.file.preview is not None
        red, green, blue = bytes.fromhex(there.file.preview.colours[:6])
        assert red > 200
        assert max(green, blue) < 60
        await two.bob.file_fetch(there.id)
        await stands(two.bob, there, FileState.HERE)
        arrived = await saved(two.bob, there, tmp_path / "downloads")
        content = arrived.read_bytes()
        assert PLACE.encode() not in content
        assert b"at home" not in content
        clip = await Videos().look(arrived)
        assert clip is not None
        original = await two.alice.send_file(two.to_bob, path=str(path), is_original=True)
        assert original.file is not None
        assert (original.file.name, original.file.role) == ("walk.mov", "file")


@pytest.mark.needs("ffmpeg")
async def test_what_is_damaged_or_is_no_video_after_all(tmp_path: Path) -> None:
    whole = a_clip(tmp_path / "whole.mov").read_bytes()
    damaged = tmp_path / "damaged.mov"
    damaged.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(UserError, match="--original"):
        await Videos().look(damaged)
    sound = a_clip(tmp_path / "sound.mkv", "-map", "1:a")
    assert is_video(sound.read_bytes()[:32])
    assert await Videos().look(sound) is None


@pytest.mark.needs("ffmpeg")
async def test_a_list_of_other_files_is_not_followed(tmp_path: Path) -> None:
    other = a_clip(tmp_path / "other.ts")
    named = tmp_path / "clip.mp4"
    named.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n")
    with pytest.raises(UserError, match="can't read this video"):
        await Videos().look(named)


async def test_without_ffmpeg_there_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(99))
    with pytest.raises(UserError) as refused:
        await Videos(find=lambda _: None).look(path)
    assert str(refused.value) == NO_FFMPEG
