"""A relay's store over PostgreSQL beside the one over SQLite: commits, drain, and whole relays.

The server has its package's defaults; both engines sync every commit to the same disk. The
server's processes take their share of the same two cores.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import trio
from msgspec.structs import replace

from benchmarks.relay_load import Receiver, next_arrival, percentile
from benchmarks.relay_side import recipients, row, running_relay, senders, take_load_core
from restante.protocol.ids import EnvelopeId
from restante.store.relay_deposit_ids import RETRY_WINDOW_HOURS
from restante.store.relay_mailboxes import Arrival, Removed
from restante.store.relay_opening import open_relay_store
from restante.store.relay_postgres_mailboxes import SEGMENT_HOURS
from restante.store.relay_store import Mailboxes, RelayStore
from restante.store.seam import open_loop
from tests.postgres import Server

SPAN_S = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "3"))
HOUR = 500_000
DEVICES = 64
DRAINED = 20_000
FORGOTTEN = 200_000
SIZES = (300, 4096)
PAIRS = 16
ENGINES = ("sqlite", "postgresql")


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    server = Server(shared_buffers="128MB", max_connections="100")
    try:
        for size_bytes in SIZES:
            for items in (1, 10, 100, 1000):
                for engine in ENGINES:
                    yield trio.run(_commits, server, engine, size_bytes, items)
            for engine in ENGINES:
                yield trio.run(_drain, server, engine, size_bytes)
            yield from trio.run(_cpu, server, size_bytes)
        yield from trio.run(_forget, server)
        take_load_core()
        for relays in (0, 1, 2):
            for items in (1, 100):
                yield from trio.run(_relays, server, relays, items)
    finally:
        server.remove()


@asynccontextmanager
async def _store(server: Server, engine: str) -> AsyncIterator[Mailboxes]:
    url = server.url(server.new_database()) if engine == "postgresql" else ""
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        async with open_loop(), open_relay_store(Path(place) / "relay.sqlite3", url=url) as store:
            await store.mailboxes.load()
            yield store.mailboxes


def _arrivals(count: int, size_bytes: int) -> list[Arrival]:
    ids, payload = os.urandom(16 * count), os.urandom(size_bytes)
    return [
        Arrival(
            EnvelopeId(ids[16 * n : 16 * n + 16]), payload, HOUR + 24, False, ((n % DEVICES, 0),)
        )
        for n in range(count)
    ]


async def _commits(server: Server, engine: str, size_bytes: int, items: int) -> dict[str, Any]:
    async with _store(server, engine) as mailboxes:
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < SPAN_S:
            await mailboxes.commit(_arrivals(items, size_bytes), (), hour=HOUR)
            count += items
        seconds = time.perf_counter() - started
    how = f"one commit after the other, {items} envelopes each, {DEVICES} mailboxes, fsync"
    return row(f"store.{engine}.commit.{size_bytes}B.{items}", count / seconds, how)


async def _drain(server: Server, engine: str, size_bytes: int) -> dict[str, Any]:
    async with _store(server, engine) as mailboxes:
        for _ in range(DRAINED // 1000):
            arrivals = _arrivals(1000, size_bytes)
            one = [replace(arrival, targets=((1, 0),)) for arrival in arrivals]
            await mailboxes.commit(one, (), hour=HOUR)
        seconds = await _take_all(mailboxes)
    how = "pages of 256, each acked with the commit after it"
    return row(f"store.{engine}.drain.{size_bytes}B", DRAINED / seconds, how)


async def _take_all(mailboxes: Mailboxes) -> float:
    started, last = time.perf_counter(), 0
    gone: list[Removed] = []
    while found := await mailboxes.read(
        1,
        after_seq=last,
        besides=[removed.seq for removed in gone],
        max_items=256,
        max_bytes=1024 * 1024,
        hour=HOUR,
    ):
        await mailboxes.commit((), gone, hour=HOUR)
        gone = [Removed(e.seq, 1, e.lane, e.size_bytes, e.shared) for e in found]
        last = found[-1].seq
    await mailboxes.commit((), gone, hour=HOUR)
    return time.perf_counter() - started


async def _cpu(server: Server, size_bytes: int) -> list[dict[str, Any]]:
    """Say what one envelope costs, stored, read and acked, on either side of the socket."""
    async with _store(server, "postgresql") as mailboxes:
        own, theirs = time.process_time(), _server_cpu_s(server)
        for _ in range(DRAINED // 100):
            arrivals = _arrivals(100, size_bytes)
            one = [replace(arrival, targets=((1, 0),)) for arrival in arrivals]
            await mailboxes.commit(one, (), hour=HOUR)
        await _take_all(mailboxes)
        spent = {"relay": time.process_time() - own, "server": _server_cpu_s(server) - theirs}
    how = "CPU for an envelope stored (100 a commit), read (256 a page) and deleted"
    return [
        {
            "bench": f"store.postgresql.cpu_of_{side}.{size_bytes}B",
            "value": round(seconds / DRAINED * 1e6, 1),
            "unit": "us",
            "how": how,
        }
        for side, seconds in spent.items()
    ]


async def _forget(server: Server) -> list[dict[str, Any]]:
    """Say what it costs to forget the ids of envelopes past their window, beside commits."""
    old_hour = HOUR - RETRY_WINDOW_HOURS - 2 * SEGMENT_HOURS
    url = server.url(server.new_database())
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        async with open_loop(), open_relay_store(Path(place) / "relay.sqlite3", url=url) as store:
            for _ in range(FORGOTTEN // 1000):
                gone = [Removed(seq, 1, 0, 300, None) for seq in await _put(store, old_hour)]
                await store.mailboxes.commit((), gone, hour=old_hour)
            alone, beside = await _slowest(store.mailboxes, SPAN_S), 0.0
            theirs, started = _server_cpu_s(server), time.perf_counter()
            await store.mailboxes.forget_ids(hour=HOUR)
            seconds, cpu_s = time.perf_counter() - started, _server_cpu_s(server) - theirs
            for _ in range(FORGOTTEN // 1000):
                await _put(store, old_hour)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(partial(store.mailboxes.forget_ids, hour=HOUR))
                beside = await _slowest(store.mailboxes, SPAN_S)
    how = f"{FORGOTTEN} ids past their window, 20,000 a statement"
    slower = "p99 of commits of 10 while ids are forgotten, to p99 without"
    name = "store.postgresql.forget"
    return [
        row(name, FORGOTTEN / seconds, how, "ids/s"),
        {"bench": f"{name}.cpu", "value": round(cpu_s / FORGOTTEN * 1e6, 1), "unit": "us"}
        | {"how": f"CPU of the server for an id; {how}"},
        {"bench": f"{name}.beside", "value": round(beside / alone, 2), "unit": "times"}
        | {"how": slower},
    ]


async def _put(store: RelayStore, hour: int) -> list[int]:
    one = [replace(arrival, targets=((1, 0),)) for arrival in _arrivals(1000, 300)]
    return await store.mailboxes.commit(one, (), hour=hour)


async def _slowest(mailboxes: Mailboxes, span_s: float) -> float:
    """Commit for a while; return how long 99 of 100 took at most."""
    took: list[float] = []
    until = time.perf_counter() + span_s
    while (began := time.perf_counter()) < until:
        await mailboxes.commit(_arrivals(10, 300), (), hour=HOUR)
        took.append(time.perf_counter() - began)
    return percentile(took, 0.99)


def _server_cpu_s(server: Server) -> float:
    """Return the CPU that the server's processes have taken so far."""
    return _cpu_s({server.pid})


def _cpu_s(mains: set[int]) -> float:
    """Return the CPU of processes and their children so far. Source: proc(5), stat."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            name, _, rest = path.read_text(encoding="ascii").rpartition(")")
            fields = rest.split()
            if mains & {int(name.split(" ", 1)[0]), int(fields[1])}:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


async def _relays(server: Server, relays: int, items: int) -> list[dict[str, Any]]:
    """Let senders fill mailboxes at so many relays over PostgreSQL; 0: at one over SQLite."""
    url = server.url(server.new_database()) if relays else ""
    size_bytes = 4096
    async with AsyncExitStack() as stack:
        running = [
            await stack.enter_async_context(running_relay(size_bytes, database_url=url))
            for _ in range(relays or 1)
        ]
        places = [address for address, _ in running]
        people = await recipients(places[0], PAIRS)
        nursery = await stack.enter_async_context(trio.open_nursery())
        receivers = [Receiver(who, authority=places[0].authority) for who in people]
        for number, receiver in enumerate(receivers):
            await nursery.start(receiver.run, places[number % len(places)])
        sending_ones = senders(people, items=items, size_bytes=size_bytes)
        started, spent = trio.current_time(), -_cpu_s({pid for _, pid in running})
        async with trio.open_nursery() as sending:
            for number, sender in enumerate(sending_ones):
                # Half of the pairs with one end at each relay.
                place = places[number // 2 % len(places)]
                sending.start_soon(sender.run, place, started + SPAN_S)
        stored = sum(sender.stored for sender in sending_ones)
        with trio.fail_after(60):
            while sum(receiver.received for receiver in receivers) < stored:
                await next_arrival()
        seconds = max(receiver.last_at for receiver in receivers) - started
        spent += _cpu_s({pid for _, pid in running})
        nursery.cancel_scope.cancel()
    name = f"postgresql_{relays}" if relays else "sqlite_1"
    how = f"durable and delivered, {PAIRS} pairs over all relays, all on one core, server beside"
    name = f"relay.{name}.{size_bytes}B.{items}_a_frame"
    cpu = {"bench": f"{name}.cpu", "value": round(spent / stored * 1e6, 1), "unit": "us"}
    return [
        row(f"{name}.online", stored / seconds, how),
        cpu | {"how": "CPU of the relays, without the server's, for an envelope"},
    ]
