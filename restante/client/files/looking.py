"""Pictures and voice notes of messages, as they are seen and heard: decoded apart.

Rule: what is in a file goes from the vault to the decoder in pieces, and nowhere else.
Spec: docs/files.md, sections 6 and 8.
"""

from __future__ import annotations

import binascii
from typing import IO, TYPE_CHECKING, Final

from restante.client.files.fetching import lock_of
from restante.client.files.preparing import MOST_DECODED_BYTES
from restante.client.files.showing import role_of
from restante.client.interface import Pixels, Sound
from restante.client.voice.encoding import INSTALL
from restante.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.decoding.apart import Decoder, Feed
    from restante.client.files.vault import Vault
    from restante.protocol.content import File
    from restante.store.client_files import FileRow

MOST_SHOWN_SIDE: Final = 1600
NO_PICTURE: Final = "This picture can't be shown here. Save it, and look at it elsewhere."
NO_SOUND: Final = (
    f"This voice note can't be heard here: save it, or install the extra voice with {INSTALL}."
)


class Looking:
    """Asks a decoder for what is in a message's file."""

    def __init__(
        self,
        decoder: Decoder,
        vault: Vault,
        kept: Callable[[bytes], Awaitable[FileRow]],
        body: Callable[[bytes], Awaitable[File]],
    ) -> None:
        """`kept` and `body` tell of a message's file where it stands, and what is said of it."""
        self._decoder = decoder
        self._vault = vault
        self._kept = kept
        self._body = body

    async def picture(self, message_id: bytes, *, width: int, height: int) -> Pixels:
        """Decode a picture that is here into a box of pixels."""
        feed = await self._feeding(message_id, "image", NO_PICTURE)
        box = (max(1, min(width, MOST_SHOWN_SIDE)), max(1, min(height, MOST_SHOWN_SIDE)))
        found = await self._decoder.pixels(feed, width=box[0], height=box[1])
        if found is None:
            raise UserError(NO_PICTURE)
        colours = binascii.b2a_base64(found.colours, newline=False).decode()
        return Pixels(width=found.width, height=found.height, colours=colours)

    async def sound(self, message_id: bytes, *, speed: float, from_s: float) -> Sound:
        """Decode a voice note that is here."""
        feed = await self._feeding(message_id, "voice", NO_SOUND)
        found = await self._decoder.samples(feed, speed=speed, from_s=max(from_s, 0.0))
        if found is None:
            raise UserError(NO_SOUND)
        samples = binascii.b2a_base64(found.samples, newline=False).decode()
        return Sound(rate=found.rate, samples=samples)

    async def _feeding(self, message_id: bytes, role: str, sentence: str) -> Feed:
        """Return what gives a decoder a file that is here. UserError: not here, another kind."""
        kept, body = await self._kept(message_id), await self._body(message_id)
        if not kept.stored_bytes:
            raise UserError("This file isn't here yet. Fetch it first.")
        if role_of(body) != role or body.size_bytes > MOST_DECODED_BYTES:
            raise UserError(sentence)

        async def feed(into: IO[bytes]) -> None:
            await self._vault.copy(kept.place, lock_of(body), into)

        return feed
