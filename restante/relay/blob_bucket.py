"""Blobs in a store that speaks S3: a place for their bytes that several relays may share.

Rule: an object, once written, is never written otherwise. Each part is an object named by the blob
and the stretch that it holds, its end first, so that one look finds what holds a byte; parts that
fill a segment become one object, and then go. Knows no database. Spec: docs/relay.md, section 1.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import obstore
import trio
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from restante.errors import StoreError
from restante.protocol.ids import BlobId
from restante.relay import log
from restante.store.errors import DiskFailed, Unreachable

if TYPE_CHECKING:
    from restante.relay.settings import Settings

THREADS: Final = 16
"""Requests at a time: each is a wait, not work."""

SEGMENT_BYTES: Final = 8 * 1024 * 1024
"""Past so many bytes, parts become one object: few enough to look through at a start."""

PAGE: Final = 1000
"""Objects that such a store names in one answer."""

BLOBS_KNOWN: Final = 64
"""Blobs of which it is remembered what lies where: those that are read or written just now."""

REQUEST_TIMEOUT: Final = timedelta(seconds=10)
CONNECT_TIMEOUT: Final = timedelta(seconds=5)
RETRY_TIMEOUT: Final = timedelta(seconds=15)
"""All of it before a device gives up waiting for its answer."""

_NAME: Final = re.compile(r"([0-9a-f]{64})/([0-9a-f]{12})-([0-9a-f]{12})")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """What one object holds of a blob; in the order in which a store names them."""

    end: int
    start: int

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        return self.end - self.start


class BlobBucket:
    """Blobs as objects below a prefix of one bucket."""

    def __init__(self, store: S3Store, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._store = store
        self._segment_bytes = segment_bytes
        self._limiter = trio.CapacityLimiter(THREADS)
        self._known: OrderedDict[BlobId, list[Stretch]] = OrderedDict()

    async def write(self, blob: BlobId, offset: int, data: bytes) -> None:
        """As `BlobFiles.write`."""
        if offset and await self._find(blob, offset - 1) is None:
            raise DiskFailed("A blob's objects hold less than what was written to it.")
        written = Stretch(offset + len(data), offset)
        await self._ask(partial(self._put, blob, written, data))
        self._remember(blob, [written])
        if written.end // self._segment_bytes != offset // self._segment_bytes:
            try:
                await self._join(blob, written)
            except StoreError as error:  # what is in parts is there all the same
                log.warn("blob left in parts", reason=type(error).__name__)

    async def read(self, blob: BlobId, offset: int, length: int) -> bytes | None:
        """As `BlobFiles.read`."""
        pieces: list[bytes] = []
        while length > 0:
            piece = await self._read_some(blob, offset, length)
            if not piece:
                break
            pieces.append(piece)
            offset, length = offset + len(piece), length - len(piece)
        if pieces:
            return b"".join(pieces)
        is_there = await self._ask(partial(self._list, blob, 0))
        return b"" if is_there else None

    async def remove(self, blob: BlobId) -> None:
        """As `BlobFiles.remove`."""
        self._known.pop(blob, None)
        while found := await self._ask(partial(self._list, blob, 0)):
            await self._ask(partial(self._delete, blob, found))

    async def sizes(self) -> dict[BlobId, int]:
        """As `BlobFiles.sizes`. Objects of other names are left alone."""
        return await self._ask(self._sizes)

    async def look(self) -> None:
        """Ask the store for something. Raises Unreachable: it isn't there, or lets nobody in."""
        await self._ask(partial(self._list, BlobId(bytes(32)), 0))

    # ---- parts of the above ---------------------------------------------------------------

    async def _read_some(self, blob: BlobId, offset: int, length: int) -> bytes | None:
        for _ in range(2):
            stretch = await self._find(blob, offset)
            if stretch is None:
                return None
            end = min(stretch.end, offset + length)
            try:
                return await self._ask(partial(self._get, blob, stretch, offset, end))
            except FileNotFoundError:  # joined with others meanwhile, by another relay perhaps
                self._known.pop(blob, None)
        return None

    async def _find(self, blob: BlobId, offset: int) -> Stretch | None:
        """Return which object holds a byte."""
        found = _holder(self._known.get(blob, ()), offset)
        if found is None:
            listed = await self._ask(partial(self._list, blob, offset))
            self._remember(blob, listed)
            found = _holder(listed, offset)
        return found

    def _remember(self, blob: BlobId, found: list[Stretch]) -> None:
        known = self._known.setdefault(blob, [])
        self._known.move_to_end(blob)
        known += found
        del known[:-PAGE]
        while len(self._known) > BLOBS_KNOWN:
            self._known.popitem(last=False)

    async def _join(self, blob: BlobId, last: Stretch) -> None:
        """Make one object of the parts of the segment that a part has just filled."""
        begins = last.start // self._segment_bytes * self._segment_bytes
        listed = await self._ask(partial(self._list, blob, begins))
        parts = _chain(
            (each for each in listed if each.size_bytes * 2 < self._segment_bytes), last.end
        )
        if len(parts) < 2:
            return
        contents: dict[Stretch, bytes] = {}

        async def fetch(part: Stretch) -> None:
            with suppress(FileNotFoundError):  # another relay has done it
                get = partial(self._get, blob, part, part.start, part.end)
                contents[part] = await self._ask(get)

        async with trio.open_nursery() as nursery:
            for part in parts:
                nursery.start_soon(fetch, part)
        if len(contents) < len(parts):
            return
        joined = Stretch(last.end, parts[0].start)
        data = b"".join(contents[part] for part in parts)
        await self._ask(partial(self._put, blob, joined, data))
        self._known.pop(blob, None)
        self._remember(blob, [joined])
        await self._ask(partial(self._delete, blob, parts))

    async def _ask(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, limiter=self._limiter)

    # ---- in a thread ----------------------------------------------------------------------

    def _put(self, blob: BlobId, stretch: Stretch, data: bytes) -> None:
        with _translated():
            # Without parts of obstore's own: an object is there whole, or it isn't.
            obstore.put(self._store, _name(blob, stretch), data, use_multipart=False)

    def _get(self, blob: BlobId, stretch: Stretch, start: int, end: int) -> bytes:
        name = _name(blob, stretch)
        with _translated():
            try:
                found = obstore.get_range(
                    self._store, name, start=start - stretch.start, end=end - stretch.start
                )
            except NotFoundError:
                raise FileNotFoundError(name) from None
            return found.to_bytes()

    def _list(self, blob: BlobId, offset: int) -> list[Stretch]:
        """Return the first page of what holds bytes from an offset on."""
        with _translated():
            # Names are in order of their ends: all past this one end after the offset.
            page = next(
                iter(
                    obstore.list(
                        self._store,
                        prefix=f"{blob.hex()}/",
                        offset=f"{blob.hex()}/{offset:012x}~",
                        chunk_size=PAGE,
                    )
                ),
                [],
            )
        return [stretch for _, stretch in _stretches(page)]

    def _delete(self, blob: BlobId, stretches: Iterable[Stretch]) -> None:
        with _translated():
            obstore.delete(self._store, [_name(blob, each) for each in stretches])

    def _sizes(self) -> dict[BlobId, int]:
        sizes: dict[BlobId, int] = {}
        with _translated():
            for page in obstore.list(self._store, chunk_size=PAGE):
                for blob, stretch in _stretches(page):
                    held = sizes.setdefault(blob, 0)
                    if stretch.start <= held:  # what comes after a hole is not there
                        sizes[blob] = max(held, stretch.end)
        return sizes


def open_bucket(settings: Settings) -> BlobBucket:
    """Return the bucket of the settings, which have been checked; nothing is asked of it yet."""
    bucket, _, prefix = settings.blobs_url.removeprefix("s3://").partition("/")
    chosen: dict[str, Any] = {
        "endpoint": settings.s3_endpoint,
        "access_key_id": settings.s3_access_key,
        "secret_access_key": settings.s3_secret_key,
    }
    return BlobBucket(
        S3Store(
            bucket,
            prefix=prefix.strip("/") or None,
            region=settings.s3_region,
            client_options={
                "timeout": REQUEST_TIMEOUT,
                "connect_timeout": CONNECT_TIMEOUT,
                "allow_http": settings.s3_endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 2, "retry_timeout": RETRY_TIMEOUT},
            **{name: value for name, value in chosen.items() if value},
        )
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Say in our words what the store refuses."""
    try:
        yield
    except BaseError as error:
        raise Unreachable("The store of the blobs can't be reached, or refuses.") from error


def _name(blob: BlobId, stretch: Stretch) -> str:
    return f"{blob.hex()}/{stretch.end:012x}-{stretch.start:012x}"


def _stretches(page: Iterable[Any]) -> Iterator[tuple[BlobId, Stretch]]:
    for each in page:
        match = _NAME.fullmatch(each["path"])
        if match is not None:
            yield (
                BlobId(bytes.fromhex(match[1])),
                Stretch(int(match[2], 16), int(match[3], 16)),
            )


def _holder(known: Iterable[Stretch], offset: int) -> Stretch | None:
    return next((each for each in known if each.start <= offset < each.end), None)


def _chain(parts: Iterable[Stretch], end: int) -> list[Stretch]:
    """Return the parts that follow each other up to an end, from as early as can be."""
    by_end = {each.end: each for each in sorted(parts, reverse=True)}
    chain: list[Stretch] = []
    while (part := by_end.get(end)) is not None:
        chain.insert(0, part)
        end = part.start
    return chain
