"""Files of the engine in memory: sent, fetched and saved at once, and written nowhere."""

from __future__ import annotations

import base64
from base64 import b64decode
from pathlib import PurePath

import trio
from msgspec.structs import replace

from restante.client.interface import File, FileState, Message, MessageState, Pixels, Quoted, Sound
from tests.tui.scripted_core import ScriptedCore


def a_file(
    name: str,
    *,
    state: FileState = FileState.OFFERED,
    error: str | None = None,
    caption: str = "",
) -> File:
    """A file of a megabyte and a half."""
    return File(
        name=name,
        media_type="application/octet-stream",
        role="file",
        size_bytes=1_500_000,
        caption=caption,
        state=state,
        error=error,
        relay="relay.example",
        expires_at="2024-06-30T14:00:00.000Z",
    )


class ScriptedFiles(ScriptedCore):
    """What the interface asks for."""

    def carry(
        self, key: str, file: File, *, is_me: bool = False, quote: Quoted | None = None
    ) -> Message:
        """Let a message with a file arrive."""
        state = MessageState.QUEUED if is_me else None
        message = self.hear(
            key, file.name, is_me=is_me, kind="file", state=state, is_read=True, quote=quote
        )
        return self._put(*self._find(message.id), file=file)

    def arrive(self, message_id: str) -> Message:
        """Let all of a file be here."""
        person, index = self._find(message_id)
        file = person.messages[index].file
        assert file is not None
        return self._put(person, index, file=replace(file, state=FileState.HERE, error=None))

    handed_in = b""
    """What came piece by piece, of the last file that did."""

    taken = b""
    """What the last file held that was sent by its path, if it was there."""

    async def file_begin(self) -> str:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self.handed_in = b""
        return "handle"

    async def file_add(self, handle: str, piece: str) -> int:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        assert handle == "handle"
        assert len(piece) <= 256 * 1024
        self.handed_in += b64decode(piece)
        return len(self.handed_in)

    async def send_file(
        self,
        conversation: str,
        *,
        path: str | None = None,
        handle: str | None = None,
        name: str | None = None,
        caption: str = "",
        quote: str | None = None,
        waveform: list[int] | None = None,
        duration_s: float = 0.0,
    ) -> Message:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self._refuse()
        assert (path is None) is not (handle is None)
        if path is not None and await trio.Path(path).is_file():
            self.taken = await trio.Path(path).read_bytes()
        file = a_file(name or PurePath(path or "").name, state=FileState.SENDING, caption=caption)
        if waveform is not None:
            file = replace(file, role="voice", waveform=waveform, duration_s=duration_s)
        if quote is None:
            return self.carry(conversation, file, is_me=True)
        quoted = Quoted(message=quote, excerpt=(await self.message(quote)).body)
        return self.carry(conversation, file, is_me=True, quote=quoted)

    async def message(self, message_id: str) -> Message:
        """See interface.Engine."""
        raise NotImplementedError

    async def files(self, conversation: str, *, start: int, count: int) -> list[Message]:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self._refuse()
        found = [each for each in self.people[conversation].messages if each.file is not None]
        return found[::-1][start : start + count]

    async def file_fetch(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._stands(message_id, FileState.FETCHING)

    async def file_picture(self, message_id: str, *, width: int, height: int) -> Pixels:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self._refuse()
        self._find(message_id)
        wide, high = min(width, 2 * height), min(height, width // 2)
        red_and_blue = (b"\xff\x00\x00" * wide + b"\x00\x00\xff" * wide) * (high // 2)
        colours = red_and_blue + b"\xff\x00\x00" * wide * (high % 2)
        return Pixels(width=wide, height=high, colours=base64.b64encode(colours).decode())

    async def file_sound(
        self, message_id: str, *, speed: float = 1.0, from_s: float = 0.0
    ) -> Sound:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self._refuse()
        self.heard_from.append((speed, from_s))
        self._find(message_id)
        return Sound(rate=24_000, samples=base64.b64encode(bytes(4800)).decode())

    async def file_stop(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._stands(message_id, FileState.OFFERED)

    async def file_save(self, message_id: str, *, directory: str, unpacks: bool) -> str:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self._refuse()
        person, index = self._find(message_id)
        file = person.messages[index].file
        assert file is not None
        assert unpacks
        return f"{directory}/{file.name}"

    async def _stands(self, message_id: str, state: FileState) -> Message:
        await trio.lowlevel.checkpoint()
        self._refuse()
        person, index = self._find(message_id)
        file = person.messages[index].file
        assert file is not None
        return self._put(person, index, file=a_file(file.name, state=state))
