"""What is said of a file that is sent: its name, its type, and what it shows before it is fetched.

Rule: said once, when it is sealed, and only what its reader needs. Pure.
Spec: docs/protocol/content.md, section 9.
"""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from restante.client.files.folders import MEDIA_TYPE, SUFFIX
from restante.client.files.sources import media_type_of
from restante.errors import UserError
from restante.protocol.content import MAX_WAVEFORM_BYTES, File, FileRole
from restante.protocol.file_name import NAMELESS, safe_name
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.decoding.apart import Prepared
    from restante.client.decoding.videos import Clip
    from restante.client.files.pictures import Picture
    from restante.client.files.vault import Sealed
    from restante.protocol.ids import BlobCapability

_SUFFIXES = {"image/jpeg": ".jpg", "image/webp": ".webp"}

VOICE_NAME = "voice.opus"
_MOST_VOICE_S = 86_400

LONG_TEXT_NAME = "message.txt"
LONG_TEXT_TYPE = "text/plain; charset=utf-8"
LONG_TEXT_SHOWN_CHARS = 600
"""Of a text that is too long: so much stands in the message itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What its sender says of a file. Sizes and times are 0 where there are none."""

    name: str
    media_type: str
    role: FileRole = FileRole.FILE
    caption: str = field(default="", repr=False)
    preview: bytes = field(default=b"", repr=False)
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    waveform: bytes = field(default=b"", repr=False)


def plain_file(name: str, caption: str) -> Described:
    """Describe a file by its name alone."""
    name = safe_name(name or NAMELESS)
    return Described(name=name, media_type=media_type_of(name), caption=caption)


def picture(
    name: str,
    caption: str,
    found: Picture | None,
    preview: bytes,
    *,
    size: Prepared | None = None,
) -> Described:
    """Describe a picture, as it is sent; `size` says how large one is that wasn't taken apart."""
    name = safe_name(name)
    measured = found if found is not None else size
    return Described(
        name=name,
        media_type=media_type_of(name) if found is None else found.media_type,
        role=FileRole.IMAGE,
        caption=caption,
        preview=preview,
        width=0 if measured is None else measured.width,
        height=0 if measured is None else measured.height,
    )


def decoded_picture(name: str, caption: str, prepared: Prepared) -> Described:
    """Describe a picture that is encoded anew: its name says what it is now."""
    path = PurePath(safe_name(name))
    if media_type_of(path.name) != prepared.media_type:
        path = path.with_suffix(_SUFFIXES[prepared.media_type])
    return Described(
        name=safe_name(path.name),
        media_type=prepared.media_type,
        role=FileRole.IMAGE,
        caption=caption,
        preview=prepared.preview,
        width=prepared.width,
        height=prepared.height,
    )


def video(name: str, caption: str, clip: Clip) -> Described:
    """Describe a video that is made anew."""
    return Described(
        name=safe_name(PurePath(safe_name(name)).with_suffix(".mp4").name),
        media_type="video/mp4",
        role=FileRole.VIDEO,
        caption=caption,
        preview=clip.preview,
        width=clip.width,
        height=clip.height,
        duration_ms=clip.duration_ms,
    )


def folder(name: str, caption: str) -> Described:
    """Describe a folder, which goes as an archive."""
    return Described(
        name=safe_name(name) + SUFFIX,
        media_type=MEDIA_TYPE,
        role=FileRole.FOLDER,
        caption=caption,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What a voice note shows before it is heard."""

    waveform: bytes = field(repr=False)
    duration_ms: int


def voice_of(waveform: list[int], duration_s: float) -> Voice:
    """Read what is said of a voice note. UserError: it can't be."""
    is_wave = len(waveform) <= MAX_WAVEFORM_BYTES and all(0 <= each <= 255 for each in waveform)
    if not is_wave or not 0 <= duration_s <= _MOST_VOICE_S:
        raise UserError(
            f"A voice note has up to {MAX_WAVEFORM_BYTES} stretches, each 0 to 255 loud, and lasts "
            "a day at the most."
        )
    return Voice(waveform=bytes(waveform), duration_ms=int(duration_s * 1000))


def voice_note(name: str, caption: str, voice: Voice) -> Described:
    """Describe a voice note."""
    plain = plain_file(name or VOICE_NAME, caption)
    return replace(
        plain, role=FileRole.VOICE, waveform=voice.waveform, duration_ms=voice.duration_ms
    )


def long_text(beginning: str) -> Described:
    """Describe a text that is too long for a message: the caption is how it begins."""
    return Described(
        name=LONG_TEXT_NAME, media_type=LONG_TEXT_TYPE, role=FileRole.TEXT, caption=beginning
    )


def beginning_of(text: str) -> str:
    """Return what of a long text stands in the message itself."""
    return text[:LONG_TEXT_SHOWN_CHARS].rstrip() + "…"


def body_for(
    said: Described,
    sealed: Sealed,
    *,
    capability: BlobCapability,
    key: bytes,
    relay: str,
) -> File:
    """Return the body of a message that carries a sealed file.

    It answers nothing and names nobody, and when it expires isn't known yet.
    """
    return File(
        name=said.name,
        media_type=said.media_type,
        role=int(said.role),
        size_bytes=sealed.size_bytes,
        digest=sealed.digest,
        capability=capability,
        key=key,
        sealed_bytes=sealed.sealed_bytes,
        relay=relay,
        expires_at_s=0,
        caption=said.caption,
        quote=None,
        preview=said.preview,
        width=said.width,
        height=said.height,
        duration_ms=said.duration_ms,
        waveform=said.waveform,
        mentions=[],
    )
