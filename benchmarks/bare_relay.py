"""A relay with every check left out, to measure beside ours: what its libraries do here at all.

`python -m benchmarks.bare_relay DATA _ CORE _ [CERT KEY]`: started as relay_process is, driven by
the same load, with the same promise: an answer comes after its fsync, and what is delivered waits
until it is acked. Left out: signatures, tokens, types and sizes of frames, quotas, rates, expiry,
repeated ids, deadlines, slow readers, fairness, figures, full disks; of frames all but these nine.
Rule: nothing clever and nothing slow on purpose; trio-websocket reads and writes every frame.
"""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import ssl
import sys
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, cast

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

from restante.protocol.address import pin_text
from restante.protocol.manifest import SignedManifest

SCHEMA = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -32768;
CREATE TABLE IF NOT EXISTS device (key BLOB PRIMARY KEY, mailbox BLOB);
CREATE TABLE IF NOT EXISTS waiting (seq INTEGER PRIMARY KEY, mailbox BLOB, id BLOB, payload BLOB);
CREATE INDEX IF NOT EXISTS waiting_mailbox ON waiting (mailbox)"""
ADD, FIND = "INSERT INTO device VALUES (?, ?)", "SELECT mailbox FROM device WHERE key = ?"
READ = "SELECT * FROM waiting WHERE mailbox = ? AND seq > ? ORDER BY seq LIMIT ?"
A_FRAME = 256
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


class Peer:
    """A connection. What is sent is queued, and written by a task while there is something."""

    def __init__(self, nursery: trio.Nursery, socket: WebSocketConnection) -> None:
        self.nursery, self.socket = nursery, socket
        self.is_writing = self.is_live = False
        self.out: list[tuple[Any, ...]] = []
        self.arrived: list[tuple[int, bytes, bytes, bytes]] = []
        self.in_flight: dict[bytes, int] = {}

    def send(self, *frame: Any) -> None:
        self.out.append(frame)
        if not self.is_writing:
            self.is_writing = True
            self.nursery.start_soon(self.write)

    async def write(self) -> None:
        with suppress(ConnectionClosed):
            while self.out:
                await self.socket.send_message(_encode(self.out.pop(0)))
        self.is_writing = False

    def taken(self, rows: list[Any]) -> list[Any]:
        self.in_flight.update((id_, seq) for seq, _, id_, _ in rows)
        return [7, [(id_, 0, payload) for _, _, id_, payload in rows]]

    def deliver(self) -> None:
        for at in range(0, len(self.arrived), A_FRAME):
            self.send(*self.taken(self.arrived[at : at + A_FRAME]))
        self.arrived = []


class Relay:
    """One thread has the database; all that came while a commit ran is the next one."""

    def __init__(self, db: sqlite3.Connection, nursery: trio.Nursery) -> None:
        self.db, self.nursery = db, nursery
        self.thread = partial(trio.to_thread.run_sync, limiter=trio.CapacityLimiter(1))
        self.seq = count(db.execute("SELECT coalesce(max(seq), 0) + 1 FROM waiting").fetchone()[0])
        self.deposits: list[tuple[Peer, int, list[Any]]] = []
        self.acked: list[tuple[int]] = []
        self.has_work = trio.Event()
        self.subscribers: dict[bytes, Peer] = {}

    def execute(self, sql: str, *values: Any) -> list[Any]:
        return self.db.execute(sql, values).fetchall()

    def store(self, rows: list[Any], acked: list[tuple[int]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?)", rows)
        self.db.executemany("DELETE FROM waiting WHERE seq = ?", acked)
        self.db.execute("COMMIT")

    async def commit(self) -> None:
        while True:
            await self.has_work.wait()
            self.has_work = trio.Event()
            deposits, acked, self.deposits, self.acked = self.deposits, self.acked, [], []
            items = [item for _, _, items in deposits for item in items]
            rows = [(next(self.seq), to, item[0], item[3]) for item in items for to, _ in item[4]]
            await self.thread(self.store, rows, acked)
            for peer, request, items in deposits:
                peer.send(6, request, [[(0, 0, 0, 0)] * len(item[4]) for item in items])
            for row in rows:
                if row[1] in self.subscribers:
                    self.subscribers[row[1]].arrived.append(row)
            for peer in self.subscribers.values():
                if peer.is_live and peer.arrived:
                    peer.deliver()

    async def catch_up(self, peer: Peer, mailbox: bytes) -> None:
        last = 0
        with suppress(ConnectionClosed):
            while rows := await self.thread(self.execute, READ, mailbox, last, A_FRAME):
                await peer.socket.send_message(_encode(peer.taken(rows)))
                last = rows[-1][0]
        peer.arrived, peer.is_live = [row for row in peer.arrived if row[0] > last], True
        peer.deliver()
        peer.send(8)

    async def serve(self, request: WebSocketRequest) -> None:
        socket = await request.accept(subprotocol="restante.v1")
        peer, key = Peer(self.nursery, socket), b""
        peer.send(1, [1], bytes(32))
        with suppress(ConnectionClosed):
            while True:
                tag, number, *fields = _decode(cast("bytes", await socket.get_message()))
                if tag == 46:
                    self.deposits.append((peer, number, fields[1]))
                    self.has_work.set()
                elif tag == 42:
                    self.acked += [(peer.in_flight.pop(id_),) for id_ in number]
                    self.has_work.set()
                elif tag in {32, 33}:
                    key = fields[0] if fields else b""
                    peer.send(2, 1, False, 0, 0, 0, 100, None)
                elif tag == 34:
                    to = SignedManifest.from_bytes(fields[2]).manifest().devices[0].mailbox
                    await self.thread(self.execute, ADD, key, to)
                    peer.send(4, number)
                elif tag == 41:
                    [(mailbox,)] = await self.thread(self.execute, FIND, key)
                    self.subscribers[mailbox] = peer
                    peer.send(4, number)
                    self.nursery.start_soon(self.catch_up, peer, mailbox)


async def main(*arguments: str) -> None:
    data, _, core, _, *tls = arguments
    os.sched_setaffinity(0, {int(core)})
    db = sqlite3.connect(f"{data}/bare.db", isolation_level=None, check_same_thread=False)
    db.executescript(SCHEMA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
    if context is not None:
        context.load_cert_chain(*tls)
    gc.set_threshold(50_000)
    async with trio.open_nursery() as nursery:
        relay = Relay(db, nursery)
        nursery.start_soon(relay.commit)
        listen = partial(serve_websocket, message_queue_size=64, receive_buffer_size=65_536)
        server = await nursery.start(listen, relay.serve, "127.0.0.1", 0, context)
        address = f"127.0.0.1:{server.port}" + (f"#{pin_text(bytes(16))}" if tls else "")
        print(json.dumps({"address": address}), flush=True)


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
