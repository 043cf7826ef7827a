"""What a relay shows of an account that has moved."""

from __future__ import annotations

from restante.protocol import frames as f
from restante.protocol.manifest import SignedManifest
from tests.relay.wire import Wire


async def newest(wire: Wire, name: str) -> SignedManifest:
    found = await wire.ask(f.FetchManifest, name=name, since_sequence=0)
    return SignedManifest.from_bytes(found.links[0])


async def moved_of(wire: Wire, name: str) -> bytes | None:
    found = await wire.ask(f.FetchManifest, name=name, since_sequence=0)
    moved: bytes | None = found.moved
    return moved
