"""Voice notes: Opus, a waveform in the message, decoded apart, faster and from a second on."""

from __future__ import annotations

import base64
import math
import struct
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest
import trio

from restante.client.decoding.apart import Decoder, Feed
from restante.client.interface import FileState
from restante.client.voice.device import NO_LOUDSPEAKER, NO_MICROPHONE, play, record
from restante.client.voice.encoding import RATE, duration_s, encoded, waveform
from restante.errors import UserError
from tests.client.files_seen import stands
from tests.client.two_people import two_people

SECONDS = 2


def a_tone(*, hertz: int = 440, seconds: float = SECONDS) -> bytes:
    """A tone that begins silent and grows louder."""
    count = int(RATE * seconds)
    return b"".join(
        struct.pack("<h", int(20_000 * at / count * math.sin(2 * math.pi * hertz * at / RATE)))
        for at in range(count)
    )


def crossings_a_second(samples: bytes) -> float:
    """How often a tone goes from below to above, which is its pitch."""
    values = struct.unpack(f"<{len(samples) // 2}h", samples)
    count = sum(a < 0 <= b for a, b in pairwise(values))
    return count * RATE / len(values)


def fed(content: bytes) -> Feed:
    async def feed(into: IO[bytes]) -> None:
        await trio.to_thread.run_sync(into.write, content)

    return feed


def test_a_waveform_grows_with_the_tone() -> None:
    shown = waveform(a_tone())
    assert len(shown) == 64
    assert shown[0] < 10
    assert shown[-1] == 255
    assert shown == sorted(shown)
    assert waveform(b"") == []
    assert set(waveform(bytes(9600))) == {0}


async def test_a_tone_is_heard_as_it_was_faster_and_from_the_middle() -> None:
    tone = a_tone()
    note = encoded(tone)
    assert note.startswith(b"OggS")
    assert len(note) < len(tone) / 8
    decoder = Decoder()
    for speed, from_s, lasts in ((1.0, 0.0, SECONDS), (2.0, 0.0, SECONDS / 2), (1.0, 1.5, 0.5)):
        heard = await decoder.samples(fed(note), speed=speed, from_s=from_s)
        assert heard is not None
        assert heard.rate == RATE
        assert duration_s(heard.samples) == pytest.approx(lasts, abs=0.1)
        later = heard.samples[len(heard.samples) // 4 * 2 :]
        assert crossings_a_second(later) == pytest.approx(440, abs=25), "the pitch stays"


@pytest.mark.parametrize("content", [b"", b"OggS" + bytes(500), a_tone(seconds=0.1)])
async def test_what_is_no_sound_is_none(content: bytes) -> None:
    assert await Decoder().samples(fed(content), speed=1, from_s=0) is None


async def test_half_a_note_is_heard_as_far_as_it_goes_or_not_at_all() -> None:
    note = encoded(a_tone())
    heard = await Decoder().samples(fed(note[: len(note) // 2]), speed=1, from_s=0)
    assert heard is None or duration_s(heard.samples) < SECONDS


async def test_a_voice_note_arrives_with_its_waveform_and_is_heard(tmp_path: Path) -> None:
    tone = a_tone()
    async with two_people(tmp_path) as two:
        handle = await two.alice.file_begin()
        await two.alice.file_add(handle, base64.b64encode(encoded(tone)).decode())
        shown = waveform(tone)
        sent = await two.alice.send_file(
            two.to_bob, handle=handle, waveform=shown, duration_s=duration_s(tone)
        )
        there = await stands(two.bob, await two.arrived(sent), FileState.HERE)
        assert there.file is not None
        assert (there.file.name, there.file.role) == ("voice.opus", "voice")
        assert (there.file.waveform, there.file.duration_s) == (shown, SECONDS)
        heard = await two.bob.file_sound(there.id, speed=2.0)
        samples = base64.b64decode(heard.samples)
        assert len(samples) / 2 / heard.rate == pytest.approx(SECONDS / 2, abs=0.1)
        with pytest.raises(UserError, match="can't be shown"):
            await two.bob.file_picture(there.id, width=9, height=9)
        handle = await two.alice.file_begin()
        with pytest.raises(UserError, match="128 stretches"):
            await two.alice.send_file(two.to_bob, handle=handle, waveform=[1] * 129)
        await two.alice.send_file(two.to_bob, handle=handle, waveform=[1])


def test_the_device_that_hears_nothing_records_silence_and_takes_what_is_played() -> None:
    silence = record(lambda so_far_s: so_far_s >= 0.2, backend="NULL")
    assert duration_s(silence) >= 0.2
    assert set(silence) == {0}
    play(silence, rate=RATE, is_over=lambda: False, backend="NULL")


def test_without_a_sound_device_there_is_a_sentence() -> None:
    """The device that discards everything is none, unless a test asks for it."""
    with pytest.raises(UserError) as refused:
        record(lambda _: False, backend="AAUDIO")  # of Android: there is none here
    assert str(refused.value) == NO_MICROPHONE
    with pytest.raises(UserError) as refused:
        play(bytes(100), rate=RATE, is_over=lambda: False, backend="AAUDIO")
    assert str(refused.value) == NO_LOUDSPEAKER
