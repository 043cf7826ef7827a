"""What a test sees of files: where they stand, what was saved, what lies on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from restante.client.interface import FileState
from tests.client.two_people import Two
from tests.client.world import PATIENCE_S, eventually

if TYPE_CHECKING:
    from restante.client.engine import LocalEngine
    from restante.client.interface import Message


def lying(two: Two, name: str) -> list[Path]:
    """What lies in somebody's folder of files."""
    folder = two.world.profile(name) / "files"
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def stands(engine: LocalEngine, message: Message, state: FileState) -> Message:
    """Wait until a message's file stands so, and return the message."""

    async def look() -> Message | None:
        for now in await engine.files(None, start=0, count=99):
            if now.id == message.id and now.file is not None and now.file.state is state:
                return now
        return None

    found = await eventually(engine, look, patience_s=2 * PATIENCE_S)
    assert found is not None
    return found


async def saved(engine: LocalEngine, message: Message, into: Path) -> Path:
    os.makedirs(into, exist_ok=True)  # in a moment
    return Path(await engine.file_save(message.id, directory=str(into)))
