"""The part of the engine's interface that is about files: sent, fetched, kept and shown.

Rule: as in engine.py. Spec: docs/files.md.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.file_values import Pixels, Sound, Storage
from restante.client.interface.message_values import Message
from restante.client.interface.view import ConversationKey


class Filing(Protocol):
    """What can be asked of files."""

    async def send_file(
        self,
        conversation: ConversationKey,
        *,
        path: str | None = None,
        handle: str | None = None,
        name: str | None = None,
        caption: str = "",
        quote: str | None = None,
        message_id: str | None = None,
        is_text: bool = False,
        is_original: bool = False,
        waveform: list[int] | None = None,
        duration_s: float = 0.0,
    ) -> Message:
        """Send the file or folder at a whole path, or what was handed in; return it as queued.

        The file is kept, sealed, when this returns; the message goes when it is at the relay. Same
        id twice: one message. `is_text`: it is a message that is too long, and the caption begins
        it. Of a picture only that is sent, and not where it was taken, unless `is_original`.
        With a `waveform` (up to 128 stretches, each 0 to 255) what was handed in is a voice note.
        UserError: can't be read, past 5 GiB, no room, a picture that can't be taken apart.
        """

    async def file_begin(self) -> str:
        """Begin a file that is handed in, piece by piece; return a handle for `send_file`."""

    async def file_add(self, handle: str, piece: str) -> int:
        """Add up to 256 KiB, in base64, to a file; return how many bytes it has now."""

    async def files(
        self, conversation: ConversationKey | None, *, start: int, count: int
    ) -> list[Message]:
        """Return messages that carry files, the newest first: of a conversation, or of all."""

    async def file_fetch(self, message_id: str) -> Message:
        """Have the file of a message fetched; `message_changed` says when it is here."""

    async def file_stop(self, message_id: str) -> Message:
        """Fetch no more of it for now; it goes on from there when it is fetched again."""

    async def file_save(
        self, message_id: str, *, directory: str, name: str | None = None, unpacks: bool = False
    ) -> str:
        """Write a file that is here into a directory, beside what is there; return its path.

        `unpacks`: a folder's archive is made a folder again. UserError: it isn't here, nothing can
        be written there, something in the archive is no file or leads elsewhere.
        """

    async def file_drop(self, message_id: str) -> Message:
        """Remove a file from this device; it may be fetched again while the relay keeps it."""

    async def file_picture(self, message_id: str, *, width: int, height: int) -> Pixels:
        """Decode a picture that is here, apart from everything, into a box of so many pixels.

        A box has at most 1,600 each way. UserError: it isn't here, or can't be shown.
        """

    async def file_sound(
        self, message_id: str, *, speed: float = 1.0, from_s: float = 0.0
    ) -> Sound:
        """Decode a voice note that is here, apart, from a second on; half to twice as fast.

        UserError: it isn't here, or can't be heard here.
        """

    async def storage(self) -> list[Storage]:
        """Return what files take on this device, the conversation with the most first."""
