"""A waker alone, over a real database, with devices that want to be woken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
import trio.testing

from restante.relay.limits import Limits
from restante.relay.waking.waker import Waker
from restante.relay.watching.figures import Figures
from restante.store.relay_database import open_relay_database
from restante.store.relay_seam import Database
from restante.store.seam import open_loop
from tests.relay.wire import (
    settings_for,
)

SOON = Limits(wake_after_s=0)
PATIENCE_S = 20


class Wakers:
    """A waker over a real database, with devices that want to be woken."""

    def __init__(self, waker: Waker, db: Database, figures: Figures) -> None:
        self.waker = waker
        self.db = db
        self.figures = figures

    async def adds(self, *endpoints: str) -> None:
        """Add devices, numbered from 1."""

        def put(raw: Any) -> None:
            raw.execute("PRAGMA defer_foreign_keys = ON")
            for endpoint in endpoints:
                (number,) = raw.execute("SELECT count(*) + 1 FROM devices").fetchone()
                key = number.to_bytes(32, "big")
                raw.execute(
                    "INSERT INTO accounts (name, authority, account_id, generation, sequence, head)"
                    " VALUES (?, 'r', ?, 1, 1, ?)",
                    (f"a{number}", key, key),
                )
                raw.execute(
                    "INSERT INTO devices (account, signing_key, device_id) VALUES (?, ?, ?)",
                    (number, key, key),
                )
                raw.execute("INSERT INTO wakes VALUES (?, ?)", (number, endpoint))
                raw.execute(
                    "INSERT INTO waiting (seq, device, size_bytes, expires_hour, lane, id, payload)"
                    " VALUES (?, ?, 1, 1000000, 0, ?, ?)",
                    (number, number, key[:16], b"sealed"),
                )

        await self.db.write_raw(put)
        await self.waker.load()

    async def counted(self, result: str, times: int = 1) -> None:
        """Wait until so many wakings ended like that."""
        with trio.fail_after(PATIENCE_S):
            while self.figures.wakes[result] < times:
                await trio.testing.wait_all_tasks_blocked(0.01)


@asynccontextmanager
async def a_waker(
    path: Path,
    *,
    limits: Limits = SOON,
    wake_private_allowed: bool = True,
    wake_proxy: str = "",
    wake_contact: str = "",
    tries_after_s: Sequence[float] = (0.01, 0.01),
    deadline_s: float = 5,
) -> AsyncIterator[Wakers]:
    settings = settings_for(
        path,
        limits=limits,
        wake_private_allowed=wake_private_allowed,
        wake_proxy=wake_proxy,
        wake_contact=wake_contact,
    )
    await trio.Path(settings.data).mkdir(mode=0o700, exist_ok=True)
    figures = Figures()
    async with (
        open_loop(),
        open_relay_database(path / "relay.sqlite3") as db,
        trio.open_nursery() as nursery,
    ):
        waker = Waker(
            db,
            settings,
            figures=figures,
            is_here=lambda _: False,
            tries_after_s=tries_after_s,
            deadline_s=deadline_s,
        )
        nursery.start_soon(waker.run)
        yield Wakers(waker, db, figures)
        nursery.cancel_scope.cancel()
