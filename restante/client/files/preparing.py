"""What of the user's is sent, made ready: a folder an archive, a picture or video less telling.

Rule: a picture goes smaller and with a preview if it can be decoded, apart; else as it is but for
what stands beside it; and if that can't be taken out, not at all. `is_original` leaves all of it
alone. Spec: docs/files.md, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import trio

from restante.client.decoding.videos import MOST_ENCODED_S, is_video
from restante.client.files.describing import (
    Described,
    decoded_picture,
    folder,
    picture,
    plain_file,
    video,
)
from restante.client.files.folders import FolderSource
from restante.client.files.pictures import HEAD_BYTES, is_other_picture
from restante.client.files.sources import BytesSource, PathSource, PictureSource, Source, Spool
from restante.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.decoding.apart import Decoder, Prepared
    from restante.client.decoding.videos import Videos
    from restante.client.files.pictures import Picture

KEPT_BYTES: Final = 512 * 1024
"""A picture this small is sent as it was made: encoded anew it only loses."""

WORTH_IT: Final = 0.9
"""Of its size a picture has at the most when it is encoded anew, or it stays as it is."""

MOST_DECODED_BYTES: Final = 64 * 1024 * 1024
NO_PICTURE: Final = "This is no picture that can be decoded here. Save it as PNG or JPEG, smaller."
_PIECE_BYTES: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file, and what of it can be sent as a picture without decoding it, if anything."""

    source: PathSource
    found: Picture | None
    refused: UserError | None
    is_other: bool
    is_video: bool = False


class Preparing:
    """Makes ready what is sent by its path."""

    def __init__(
        self, decoder: Decoder, videos: Videos, begin: Callable[[], Awaitable[Spool]]
    ) -> None:
        """`begin` begins a spool, for what a video becomes."""
        self._decoder = decoder
        self._videos = videos
        self._begin = begin

    async def opened(
        self, path: Path, name: str | None, caption: str, *, is_original: bool
    ) -> tuple[Source, Described]:
        """Open a file or folder of the user's, as it is sent. UserError: it can't be."""
        called = await trio.to_thread.run_sync(_name_for, path, name)
        if await trio.to_thread.run_sync(path.is_dir):
            return await trio.to_thread.run_sync(FolderSource, path), folder(called, caption)
        looked = await trio.to_thread.run_sync(partial(_look, path, is_original=is_original))
        try:
            if looked.is_video:
                return await self._as_video(looked, path, called, caption)
            return await self._as_picture(looked, called, caption)
        except BaseException:
            looked.source.close()
            raise

    async def cells(self, path: Path) -> bytes:
        """Return a picture in a few cells: columns, rows, three bytes each. UserError: no picture.

        Decoded apart, as whatever is sent.
        """
        source = await trio.to_thread.run_sync(PathSource, path)
        try:
            prepared: Prepared | None = None
            if source.size_bytes <= MOST_DECODED_BYTES:
                prepared = await self._decoder.prepare(partial(_feed, source))
        finally:
            source.close()
        if prepared is None:
            raise UserError(NO_PICTURE)
        return prepared.preview

    async def _as_picture(
        self, looked: _Looked, name: str, caption: str
    ) -> tuple[Source, Described]:
        source, found = looked.source, looked.found
        is_any = found is not None or looked.refused is not None or looked.is_other
        if not is_any:
            return source, plain_file(name, caption)
        prepared: Prepared | None = None
        if source.size_bytes <= MOST_DECODED_BYTES:
            prepared = await self._decoder.prepare(partial(_feed, source))
        if prepared is not None and _is_better(prepared, found):
            source.close()
            return BytesSource(prepared.content), decoded_picture(name, caption, prepared)
        if looked.refused is not None:
            raise looked.refused
        if found is not None:
            preview = b"" if prepared is None else prepared.preview
            return PictureSource(source, found), picture(name, caption, found, preview)
        said = plain_file(name, caption)
        if prepared is not None:  # it moves, and says nothing that could be taken out
            said = picture(name, caption, None, prepared.preview, size=prepared)
        return source, said

    async def _as_video(
        self, looked: _Looked, path: Path, name: str, caption: str
    ) -> tuple[Source, Described]:
        clip = await self._videos.look(path)
        if clip is None:
            return looked.source, plain_file(name, caption)
        is_long = clip.duration_ms > MOST_ENCODED_S * 1000
        try:
            spool = await self._encoded(path, is_copy=is_long)
        except UserError:
            if not is_long:
                raise
            spool = await self._encoded(path, is_copy=False)  # frames that no MP4 holds
        looked.source.close()
        await trio.to_thread.run_sync(spool.whole)
        return spool, video(name, caption, clip)

    async def _encoded(self, path: Path, *, is_copy: bool) -> Spool:
        spool = await self._begin()

        async def take(piece: bytes) -> None:
            await trio.to_thread.run_sync(spool.take, piece)

        try:
            await self._videos.encode(path, take, is_copy=is_copy)
        except BaseException:
            spool.close()
            raise
        return spool


def _is_better(prepared: Prepared, found: Picture | None) -> bool:
    if not prepared.content:
        return False
    if found is None:
        return True
    worth = found.size_bytes * WORTH_IT
    return found.size_bytes > KEPT_BYTES and len(prepared.content) < worth


def _name_for(path: Path, name: str | None) -> str:
    return name or (path.resolve().name if path.is_dir() else path.name)


def _look(path: Path, *, is_original: bool) -> _Looked:
    source = PathSource(path)
    if is_original:
        return _Looked(source, None, None, is_other=False)
    try:
        try:
            found = source.picture()
        except UserError as refused:
            return _Looked(source, None, refused, is_other=False)
        head = source.read_at(0, HEAD_BYTES)
        return _Looked(
            source,
            found,
            None,
            is_other=is_other_picture(head),
            is_video=found is None and is_video(head),
        )
    except BaseException:
        source.close()
        raise


async def _feed(source: PathSource, into: IO[bytes]) -> None:
    await trio.to_thread.run_sync(_copy, source, into)


def _copy(source: PathSource, into: IO[bytes]) -> None:
    at = 0
    while piece := source.read_at(at, _PIECE_BYTES):
        into.write(piece)
        at += len(piece)
