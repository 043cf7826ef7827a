"""A blob as a device puts it and as others read it, and a relay with somebody at it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from restante.protocol import frames as f
from restante.protocol.ids import BlobCapability, blob_id
from restante.protocol.limits import MAX_BLOB_PART_BYTES
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from restante.relay.settings import BLOBS_NAME
from tests.relay.wire import Person, Wire, anonymous, authenticated, registered, relay_at

PART = 4096
DAY_S = 86_400
HUGE = 2**63 - 1


class Blob:
    """What one device puts: its bytes and the capability that reads them."""

    def __init__(self, size_bytes: int = 5 * PART + 7) -> None:
        self.capability = os.urandom(32)
        self.id = blob_id(BlobCapability(self.capability))
        self.data = os.urandom(size_bytes)

    async def open(self, wire: Wire, **changed: Any) -> Any:
        fields = {"blob": self.id, "size_bytes": len(self.data), "ttl_s": 0} | changed
        return await wire.ask(f.OpenBlob, **fields)

    async def put(self, wire: Wire, offset: int, length: int = PART) -> Any:
        data = self.data[offset : offset + length]
        return await wire.ask(f.PutBlob, blob=self.id, offset=offset, data=data)

    async def put_all(self, wire: Wire) -> None:
        received = (await self.open(wire)).received_bytes
        while received < len(self.data):
            received = (await self.put(wire, received, MAX_BLOB_PART_BYTES)).received_bytes

    async def fetch(self, wire: Wire, offset: int = 0, length: int = MAX_BLOB_PART_BYTES) -> Any:
        return await wire.ask(f.FetchBlob, capability=self.capability, offset=offset, length=length)

    def file(self, path: Path) -> Path:
        name = self.id.hex()
        return path / "relay" / BLOBS_NAME / name[:2] / name


@asynccontextmanager
async def a_place(
    path: Path, *, limits: Limits | None = None, **rest: Any
) -> AsyncIterator[tuple[RunningRelay, Person, Wire, Wire]]:
    """Run a relay with bob at it: a connection of his device, and one of nobody's."""
    async with relay_at(path, limits=limits, **rest) as relay:
        bob = await registered(relay, "bob")
        async with authenticated(relay, bob) as device, anonymous(relay) as reader:
            yield relay, bob, device, reader
