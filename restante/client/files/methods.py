"""The engine's methods for files: each hands on to the part that knows.

Rule: nothing but names and ids read from the interface's words. Spec: docs/files.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.named import conversation_of, message_of

if TYPE_CHECKING:
    from restante.client.files.parts import Files
    from restante.client.interface import Message, Pixels, Sound, Storage


class FileMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _files(self) -> Files:
        """Return the part. UserError: no account yet."""
        raise NotImplementedError

    async def file_begin(self) -> str:
        """See interface.Engine."""
        return await self._files().begin()

    async def file_add(self, handle: str, piece: str) -> int:
        """See interface.Engine."""
        return await self._files().add(handle, piece)

    async def send_file(
        self,
        conversation: str,
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
        """See interface.Engine."""
        from restante.client.files.describing import voice_of

        return await self._files().send(
            conversation_of(conversation),
            path=path,
            handle=handle,
            name=name,
            caption=caption,
            is_text=is_text,
            is_original=is_original,
            voice=None if waveform is None else voice_of(waveform, duration_s),
            quoted=None if quote is None else message_of(quote),
            message_id=None if message_id is None else message_of(message_id),
        )

    async def forward(
        self,
        conversation: str,
        *,
        source: str,
        stays: bool = False,
        message_id: str | None = None,
    ) -> Message:
        """See interface.Engine."""
        return await self._files().forwarding.forward(
            conversation_of(conversation),
            message_of(source),
            stays=stays,
            message_id=None if message_id is None else message_of(message_id),
        )

    async def files(self, conversation: str | None, *, start: int, count: int) -> list[Message]:
        """See interface.Engine."""
        account_id = None if conversation is None else conversation_of(conversation)
        return await self._files().messages(account_id, start=start, count=count)

    async def file_fetch(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._files().fetch(message_of(message_id))

    async def file_stop(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._files().stop(message_of(message_id))

    async def file_drop(self, message_id: str) -> Message:
        """See interface.Engine."""
        return await self._files().drop(message_of(message_id))

    async def file_save(
        self, message_id: str, *, directory: str, name: str | None = None, unpacks: bool = False
    ) -> str:
        """See interface.Engine."""
        return await self._files().save(
            message_of(message_id), directory=directory, name=name, unpacks=unpacks
        )

    async def file_picture(self, message_id: str, *, width: int, height: int) -> Pixels:
        """See interface.Engine."""
        return await self._files().looking.picture(
            message_of(message_id), width=width, height=height
        )

    async def file_sound(
        self, message_id: str, *, speed: float = 1.0, from_s: float = 0.0
    ) -> Sound:
        """See interface.Engine."""
        return await self._files().looking.sound(message_of(message_id), speed=speed, from_s=from_s)

    async def storage(self) -> list[Storage]:
        """See interface.Engine."""
        return await self._files().storage()
