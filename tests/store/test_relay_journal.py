"""The relay's journal is folded into its file beside commits: none of them takes as long as ten."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import trio

from restante.protocol.ids import EnvelopeId
from restante.store.relay_mailboxes import Arrival
from restante.store.relay_opening import open_relay_store
from restante.store.seam import open_loop

HOUR = 500_000


def _frames(path: Path) -> tuple[int, int]:
    """Return how many frames the journal has, and how many of them are in the file by now.

    Source: sqlite.org/walformat.html, section 2.1.
    """
    index = Path(f"{path}-shm").read_bytes()
    (frames,), (folded,) = struct.unpack_from("=I", index, 16), struct.unpack_from("=I", index, 96)
    return frames, folded


async def test_what_is_committed_is_folded_into_the_file_soon_and_by_no_commit(
    tmp_path: Path,
) -> None:
    path = tmp_path / "relay.db"
    async with (
        open_loop(),
        open_relay_store(path) as store,
        trio.open_nursery() as nursery,
    ):
        for _ in range(3):
            sent = [
                Arrival(EnvelopeId(os.urandom(16)), bytes(4096), HOUR + 9, False, [(1, 0)])
                for _ in range(100)
            ]
            await store.mailboxes.commit(sent, (), hour=HOUR)
        frames, folded = _frames(path)
        assert frames > 3 * 100 * 4096 / 16384
        assert folded == 0
        nursery.start_soon(store.mailboxes.run)
        with trio.fail_after(60):
            while folded < frames:
                await trio.sleep(0.01)
                frames, folded = _frames(path)
        nursery.cancel_scope.cancel()
