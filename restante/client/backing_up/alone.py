"""A backup proven where there is no profile: its words are all that is needed.

Rule: knows no engine and no account. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from restante.client.backing_up.checking import check_backup
from restante.client.backing_up.desk import key_of
from restante.client.clock import SystemClock, rfc3339
from restante.client.interface import BackupChecked
from restante.crypto.randomness import SystemRandomness
from restante.store.seam import open_loop


async def check_alone(
    path: Path, words: str, scratch: Path, told: Callable[[int, int], None]
) -> BackupChecked:
    """Prove that a file restores, in a folder of `scratch`. UserError says what is wrong."""
    async with open_loop():
        whole = await check_backup(
            path,
            key_of(words),
            scratch=scratch,
            randomness=SystemRandomness(),
            now_ms=SystemClock().now_ms(),
            told=told,
        )
    return BackupChecked(
        path=str(path),
        number=whole.begins.generation,
        made_at=rfc3339(whole.begins.made_at_ms),
        address=whole.begins.address,
        messages=whole.ends.messages,
        size_bytes=whole.size_bytes,
        newest=None,
    )
