"""A file to the relay, as a blob, over the device's own link.

Rule: the relay says how much it holds, durably, and from there it goes on: after a lost link, a
restart of either side, or a `kill -9` at any moment. Nothing is kept here of how far it was.
Knows no key: the file is sealed already. Spec: docs/protocol/relay.md, section 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import trio

from restante.client.blob_transfer.persisting import persist
from restante.client.failures import RefusedError, RelayError, WrongServiceError
from restante.errors import UserError, WireCode
from restante.protocol import frames as f
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.client.blob_transfer.pace import Pace
    from restante.client.context import EngineContext
    from restante.client.link import Link
    from restante.protocol.ids import BlobId


class DeviceLinks(Protocol):
    """Where the device's own link is to be had."""

    async def link(self) -> Link:
        """Return the link, greeted; wait until there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A sealed file and the blob that it becomes. `size_bytes` is the file's."""

    path: Path
    blob: BlobId
    size_bytes: int
    ttl_s: int


class Uploader:
    """Uploads, any number at once; they share one pace."""

    def __init__(self, context: EngineContext, links: DeviceLinks, pace: Pace) -> None:
        self._context = context
        self._links = links
        self._pace = pace

    async def upload(
        self,
        upload: Upload,
        *,
        told: Callable[[int], None],
        troubled: Callable[[RelayError | None], None],
    ) -> int:
        """Upload until the relay holds all of it durably, however often the link is lost.

        Return how long the relay keeps it from now on, in seconds.

        `told` is called with how many bytes the relay holds, whenever that has grown; `troubled`
        with what holds it up, and with None when it goes on. Raises UserError when trying again is
        of no use: the file is gone, or the relay takes no blob of that size. Cancellation: it goes
        on from where the relay is, when it is called again.
        """

        kept_s = 0

        async def attempt(note: Callable[[int], None]) -> None:
            nonlocal kept_s
            kept_s = await self._send(await self._links.link(), upload, note)

        await persist(
            self._context,
            self._pace,
            attempt,
            is_final=_is_too_large,
            told=told,
            troubled=troubled,
        )
        return kept_s

    async def delete(self, blob: BlobId) -> None:
        """Delete a blob at the relay; one that isn't there is fine. Raises RelayError."""
        link = await self._links.link()
        try:
            await link.ask(f.Done, lambda n: f.DeleteBlob(request=n, blob=blob))
        except RefusedError as error:
            if error.code is not WireCode.NOT_FOUND:
                raise

    async def _send(self, link: Link, upload: Upload, hold: Callable[[int], None]) -> int:
        state = await link.ask(
            f.BlobState,
            lambda n: f.OpenBlob(
                request=n, blob=upload.blob, size_bytes=upload.size_bytes, ttl_s=upload.ttl_s
            ),
        )
        hold(state.received_bytes)
        while (offset := state.received_bytes) < upload.size_bytes:
            data = await trio.to_thread.run_sync(_read, upload.path, offset, self._pace.part_bytes)
            began = trio.current_time()
            state = await _put(link, upload.blob, offset, data)
            self._pace.took(trio.current_time() - began)
            if not offset < state.received_bytes <= upload.size_bytes:
                raise WrongServiceError(
                    f"{link.relay.authority} took a part of a file, and holds no more than before. "
                    "Tell its operator."
                )
            hold(state.received_bytes)
        return state.expires_in_s


def _is_too_large(error: RelayError) -> bool:
    return isinstance(error, RefusedError) and error.code is WireCode.TOO_LARGE


async def _put(link: Link, blob: BlobId, offset: int, data: bytes) -> f.BlobState:
    return await link.ask(
        f.BlobState, lambda n: f.PutBlob(request=n, blob=blob, offset=offset, data=data)
    )


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
    except OSError as error:
        raise UserError(f"The file {path} can't be read: {error.strerror}.") from error
    if not data:
        raise UserError(f"The file {path} is shorter than it was.")
    return data
