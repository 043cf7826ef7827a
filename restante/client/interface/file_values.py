"""What the engine shows of files, pictures and sounds.

Rule: as in view.py. Spec: docs/files.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from restante.client.interface.view import ConversationKey, View


class FileState(StrEnum):
    """Where the file of a message stands on this device."""

    OFFERED = "offered"
    """It lies at a relay until `expires_at`."""
    FETCHING = "fetching"
    SENDING = "sending"
    """It is on its way to our relay; the message goes when it is there."""
    HERE = "here"
    """It was checked, and lies here encrypted."""
    FAILED = "failed"
    """`error` says why; it can be tried again."""
    LOST = "lost"
    """The relay has it no more."""


class Preview(View, frozen=True):
    """A picture in a few blurred cells: `colours` are row by row, six hex digits each."""

    columns: int
    rows: int
    colours: str


class Pixels(View, frozen=True):
    """A picture decoded, as it is to be shown: row by row, three bytes a pixel, in base64."""

    width: int
    height: int
    colours: str


class Sound(View, frozen=True):
    """A voice note decoded: `samples` a second apart by 1 / `rate`, 16 bit each, in base64."""

    rate: int
    samples: str


class File(View, frozen=True):
    """A file that a message carries. What is said of it is its sender's word, but for `state`."""

    name: str
    """Safe as a file's name."""
    media_type: str
    role: Literal["file", "image", "video", "voice", "folder", "text"]
    """`folder`: an archive of one. `text`: a message that was too long for one."""
    size_bytes: int
    caption: str
    state: FileState
    error: str | None
    relay: str
    """Where it lies."""
    expires_at: str | None
    """Until when the relay keeps it; RFC 3339 UTC. None while it isn't there yet."""
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    waveform: list[int] = []
    """Of a voice note: loudness, 0 to 255, in stretches of equal length."""
    preview: Preview | None = None


class Storage(View, frozen=True):
    """What the files of a conversation take on this device."""

    conversation: ConversationKey
    title: str
    count: int
    size_bytes: int
    """As they lie here: encrypted and padded."""
