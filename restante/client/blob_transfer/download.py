"""A blob from a relay into a file, over an anonymous link of its own.

Rule: what is in the file is what has come, and from its end it goes on: after a lost link, after a
restart of either side, or a `kill -9` at any moment. Who asks shows a capability and nothing else.
Knows no key: whether the bytes are the right ones shows when they are opened.
Spec: docs/protocol/relay.md, section 11.
"""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING, Final

import trio

from restante.client.blob_transfer.persisting import persist
from restante.client.failures import RefusedError, RelayError, UnreachableError
from restante.errors import ExitCode, UserError, WireCode
from restante.protocol import frames as f
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.client.blob_transfer.pace import Pace
    from restante.client.context import EngineContext
    from restante.client.link import Link
    from restante.client.links import AnonymousLinks
    from restante.protocol.address import RelayAddress
    from restante.protocol.ids import BlobCapability


MOST_EMPTY: Final = 4
"""Answers in a row with nothing more of a blob: what a relay has lost an end of, it has lost."""


class BlobGoneError(UserError):
    """The relay has no such blob any more, not all of it, or another one than was announced."""

    def __init__(self, relay: RelayAddress) -> None:
        super().__init__(
            f"What was sent is no longer at {relay.authority}. Ask for it once more.",
            exit_code=ExitCode.FIXABLE,
        )


class _ShortError(UnreachableError):
    """The relay has the blob, and no more of it than we do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A blob and the file that it goes to. `size_bytes` is what was announced, and the bound."""

    relay: RelayAddress
    capability: BlobCapability = field(repr=False)
    size_bytes: int
    path: Path


class Downloader:
    """Downloads, any number at once; they share one pace."""

    def __init__(self, context: EngineContext, links: AnonymousLinks, pace: Pace) -> None:
        self._context = context
        self._links = links
        self._pace = pace

    async def download(
        self,
        download: Download,
        *,
        told: Callable[[int], None],
        troubled: Callable[[RelayError | None], None],
    ) -> None:
        """Download until the file is whole, however often the link is lost.

        `told` is called with how many bytes the file has, whenever that has grown; `troubled` with
        what holds it up, and with None when it goes on. Raises BlobGoneError, or UserError if the
        file can't be written. Cancellation: goes on from the file's end, when called again.
        """
        furthest_bytes, empty = 0, 0

        async def attempt(note: Callable[[int], None]) -> None:
            nonlocal empty

            def keep(here_bytes: int) -> None:
                nonlocal furthest_bytes, empty
                if here_bytes > furthest_bytes:
                    furthest_bytes, empty = here_bytes, 0
                note(here_bytes)

            try:
                # A link for itself: what is fetched here is seen together with nothing else.
                async with self._links.once(download.relay, any_key=False) as link:
                    await self._fetch(link, download, keep)
            except _ShortError as error:
                empty += 1
                if empty >= MOST_EMPTY:
                    raise BlobGoneError(download.relay) from error
                raise

        try:
            await persist(
                self._context, self._pace, attempt, is_final=_is_gone, told=told, troubled=troubled
            )
        except RelayError as error:
            raise BlobGoneError(download.relay) from error

    async def _fetch(self, link: Link, download: Download, keep: Callable[[int], None]) -> None:
        here = await trio.to_thread.run_sync(_begin, download.path, download.size_bytes)
        keep(here)
        while here < download.size_bytes:
            length = min(self._pace.part_bytes, download.size_bytes - here)
            began = trio.current_time()
            part = await _part(link, download.capability, here, length)
            self._pace.took(trio.current_time() - began)
            if (
                part.size_bytes != download.size_bytes
                or len(part.data) > download.size_bytes - here
            ):
                raise BlobGoneError(download.relay)
            if not part.data:
                raise _ShortError(f"{download.relay.authority} doesn't have all of it yet.")
            await trio.to_thread.run_sync(_append, download.path, here, part.data)
            here += len(part.data)
            keep(here)


def _is_gone(error: RelayError) -> bool:
    return isinstance(error, RefusedError) and error.code is WireCode.NOT_FOUND


async def _part(link: Link, capability: BlobCapability, offset: int, length: int) -> f.BlobPart:
    return await link.ask(
        f.BlobPart,
        lambda n: f.FetchBlob(request=n, capability=capability, offset=offset, length=length),
    )


def _begin(path: Path, size_bytes: int) -> int:
    """Return how much of the file is here; a longer one is another's, and begins anew."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600), "r+b") as file:
            here = file.seek(0, os.SEEK_END)
            if here <= size_bytes:
                return here
            file.truncate(0)
            return 0
    except OSError as error:
        raise _unwritable(path, error) from error


def _append(path: Path, offset: int, data: bytes) -> None:
    try:
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(data)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"The file {path} can't be written: {error.strerror}. Free some space.")
