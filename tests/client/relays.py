"""A real relay that a test can stop, start again, look into and tamper with while it is stopped.

It keeps its port through every restart, as a relay in the world keeps its address. Tampering goes
by its database file: what an operator, or whoever breaks in, could do to it.
"""

from __future__ import annotations

import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from restante.crypto.randomness import SystemRandomness
from restante.protocol.address import RelayAddress
from restante.protocol.code import CodeType, make_code
from restante.relay.limits import Limits
from restante.relay.server import running_relay
from restante.relay.settings import Settings
from restante.store.relay_codes import Invite, add_invite

if TYPE_CHECKING:
    from pathlib import Path

    from restante.relay.server import RunningRelay

GENEROUS = Limits(
    requests_per_network=10_000,
    request_burst=10_000,
    requests_per_mailbox=10_000,
    slots_per_network=10_000,
    connects_per_network=1_000,
    requests_per_account=10_000,
)
"""The tests' strangers come faster than a relay on the open internet would let them."""

STOP_S = 60


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An envelope as it lies in the relay's file."""

    seq: int
    device: int
    id: bytes
    payload: bytes


@dataclass
class Relay:
    """One relay, running or stopped."""

    directory: Path
    nursery: trio.Nursery
    port: int
    is_open: bool = True
    names: list[str] = field(default_factory=list)
    limits: Limits = GENEROUS
    tls: Path | None = None
    """A certificate of its own and its key, PEM; without, it is spoken to in plain."""
    running: RunningRelay | None = None
    _wanted_down: trio.Event = field(default_factory=trio.Event)
    _stopped: trio.Event = field(default_factory=trio.Event)

    async def start(self) -> None:
        """Start, and return when it listens."""
        await self.nursery.start(self._run)

    async def stop(self) -> None:
        """Stop in order, and return when it has."""
        self._wanted_down.set()
        with trio.fail_after(STOP_S):
            await self._stopped.wait()

    async def invite(self) -> str:
        """Make an invite for one registration."""
        assert self.running is not None
        secret = SystemRandomness().random(8)
        services = self.running.services
        invite = Invite(uses_left=1, expires_at_s=int(services.clock()) + 3600)
        await services.db.write(lambda tx: add_invite(tx, secret, invite))
        address = RelayAddress(host="127.0.0.1", port=self.port)
        code = make_code(CodeType.RELAY_INVITE, pin=None, secret=secret, name=None, relay=address)
        return str(code)

    def forget_everything(self) -> None:
        """Lose all data, while stopped."""
        shutil.rmtree(self.directory)

    @contextmanager
    def file(self) -> Iterator[sqlite3.Connection]:
        """The database, to look into at any time and to tamper with while stopped."""
        path = self.directory / "relay.sqlite3"
        with closing(sqlite3.connect(path)) as connection, connection:
            yield connection

    def waiting(self) -> list[Waiting]:
        """What waits for anybody, in the order of arrival."""
        with self.file() as connection:
            found = connection.execute(
                "SELECT w.seq, w.device, w.id, coalesce(w.payload, p.payload) FROM waiting w "
                "LEFT JOIN payloads p ON p.number = w.shared ORDER BY w.seq"
            ).fetchall()
        return [Waiting(seq=s, device=d, id=i, payload=p) for s, d, i, p in found]

    async def emptied(self) -> None:
        """Wait until nothing waits for anybody, and there is room again."""
        assert self.running is not None
        boxes = self.running.services.mailrooms.at_hand.values()
        while self.waiting() or any(sum(box.envelopes) for box in boxes):  # noqa: ASYNC110  # a file tells nobody
            await trio.sleep(0.01)

    def drop(self, envelope: Waiting) -> None:
        """Lose an envelope."""
        with self.file() as connection:
            connection.execute("DELETE FROM waiting WHERE seq = ?", (envelope.seq,))

    def plant(
        self, envelope: Waiting, *, device: int | None = None, id_: bytes | None = None
    ) -> None:
        """Put an envelope at the end of a mailbox, under an id of our choice."""
        with self.file() as connection:
            connection.execute(
                "INSERT INTO waiting (seq, device, size_bytes, expires_hour, lane, id, payload) "
                "VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM waiting), ?, ?, 1000000, 0, ?, ?)",
                (
                    envelope.device if device is None else device,
                    len(envelope.payload),
                    SystemRandomness().random(16) if id_ is None else id_,
                    envelope.payload,
                ),
            )

    async def _run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._wanted_down = trio.Event()
        self._stopped = trio.Event()
        settings = Settings(
            data=str(self.directory),
            listen=f"127.0.0.1:{self.port}",
            names=self.names,
            open_registration=self.is_open,
            limits=self.limits,
            tls_cert=str(self.tls or ""),
            tls_key=str(self.tls or ""),
        )
        try:
            async with running_relay(settings) as running:
                self.running = running
                task_status.started()
                await self._wanted_down.wait()
        finally:
            self.running = None
            self._stopped.set()


@asynccontextmanager
async def open_relay(
    directory: Path,
    *,
    is_open: bool = True,
    names: list[str] | None = None,
    limits: Limits = GENEROUS,
    tls: Path | None = None,
) -> AsyncIterator[Relay]:
    """Run a relay on a free port of loopback for the length of the block."""
    async with trio.open_nursery() as nursery:
        relay = Relay(
            directory=directory,
            nursery=nursery,
            port=_free_port(),
            is_open=is_open,
            names=list(names or []),
            limits=limits,
            tls=tls,
        )
        await relay.start()
        try:
            yield relay
        finally:
            with trio.CancelScope(shield=True):
                await relay.stop()
            nursery.cancel_scope.cancel()


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
