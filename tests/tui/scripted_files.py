"""Files of the engine in memory: sent, fetched and saved at once, and written nowhere."""

from __future__ import annotations

from pathlib import PurePath

import trio

from restante.client.interface import File, FileState, Message, MessageState
from tests.tui.scripted_core import ScriptedCore


def a_file(name: str, *, state: FileState = FileState.OFFERED, error: str | None = None) -> File:
    """A file of a megabyte and a half."""
    return File(
        name=name,
        media_type="application/octet-stream",
        role="file",
        size_bytes=1_500_000,
        caption="",
        state=state,
        error=error,
        relay="relay.example",
        expires_at="2024-06-30T14:00:00.000Z",
    )


class ScriptedFiles(ScriptedCore):
    """What the interface asks for."""

    def carry(self, key: str, file: File, *, is_me: bool = False) -> Message:
        """Let a message with a file arrive."""
        state = MessageState.QUEUED if is_me else None
        message = self.hear(key, file.name, is_me=is_me, kind="file", state=state, is_read=True)
        return self._put(*self._find(message.id), file=file)

    async def send_file(self, conversation: str, *, path: str | None = None) -> Message:
        """See interface.Engine."""
        await trio.lowlevel.checkpoint()
        self._refuse()
        name = PurePath(path or "").name
        return self.carry(conversation, a_file(name, state=FileState.SENDING), is_me=True)

    async def file_fetch(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._stands(message_id, FileState.FETCHING)

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
