"""A relay that goes back to a backup, and clients that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from restante.relay.ops.backup import back_up
from tests.client.relays import GENEROUS
from tests.client.world import World, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


IMPATIENT = replace(GENEROUS, awaited_retry_s=1)


def back_up_now(world: World) -> Path:
    """Back the running relay up."""
    path, _ = back_up(
        world.relay.directory, world.directory / "a.backup", program="0", with_blobs=False
    )
    return path


async def awaits(engine: LocalEngine, message_id: str) -> None:
    """Wait until the relay has put a message off."""

    async def look() -> bool:
        found = await engine.message(message_id)
        return found.state == "queued" and found.error is not None

    await eventually(engine, look)
