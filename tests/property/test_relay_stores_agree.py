"""A relay's mailboxes over either engine against one model: a list for each device.

Where relays share a server, two of them take turns, and sometimes deposit the same at once. What
must hold after every step: each mailbox reads as its list, an envelope is stored once however often
and wherever it is deposited, and no payload outlives its last reader.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from restante.protocol.ids import EnvelopeId
from restante.store.relay_deposit_ids import RETRY_WINDOW_HOURS
from restante.store.relay_mailboxes import Arrival
from restante.store.relay_opening import open_relay_store
from restante.store.relay_store import RelayStore
from restante.store.relay_tables import deposit_ids, payloads, waiting
from restante.store.seam import open_loop
from tests.rounds import rounds

DEVICES = (1, 2, 3)
NUMBERS = st.integers(0, 30)
PARTS = st.lists(
    st.tuples(
        NUMBERS, st.sets(st.sampled_from(DEVICES), min_size=1).map(sorted), st.integers(1, 50)
    ),
    min_size=1,
    max_size=5,
)
RELAY = st.integers(0, 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deposit"), RELAY, PARTS),
        st.tuples(st.just("deposit at both"), RELAY, PARTS),
        st.tuples(st.just("ack"), RELAY, st.tuples(st.sampled_from(DEVICES), st.sets(NUMBERS))),
        st.tuples(st.just("empty"), RELAY, st.sampled_from(DEVICES)),
        st.tuples(st.just("time"), RELAY, st.sampled_from([0, 1, 7, 30, RETRY_WINDOW_HOURS])),
        st.tuples(st.just("forget"), RELAY, st.none()),
    ),
    min_size=1,
    max_size=rounds(25, 80),
)


class Model:
    """What the relays should hold, and the relays."""

    def __init__(self, stores: list[RelayStore]) -> None:
        self.stores = stores
        self.hour = 1000
        self.waiting: dict[int, list[tuple[EnvelopeId, bytes, int]]] = {n: [] for n in DEVICES}
        self.known: dict[tuple[EnvelopeId, int], int] = {}
        self.generation: dict[int, int] = {}
        self.count = 0

    def _id(self, number: int) -> EnvelopeId:
        """Return an envelope's id: another one once the first may have been forgotten."""
        generation = self.generation.get(number, 0)
        envelope = EnvelopeId(number.to_bytes(8, "little") + generation.to_bytes(8, "little"))
        hours = [hour for (known, _), hour in self.known.items() if known == envelope]
        if hours and self.hour - min(hours) >= RETRY_WINDOW_HOURS:
            self.generation[number] = generation + 1
            return self._id(number)
        return envelope

    def _arrivals(self, parts: list[tuple[int, list[int], int]]) -> list[Arrival]:
        arrivals = []
        for number, devices, ttl_h in parts:
            self.count += 1
            payload = self.count.to_bytes(4096, "big")
            targets = [(device, 0) for device in devices]
            arrivals.append(
                Arrival(
                    self._id(number), payload, self.hour + ttl_h, is_retry=True, targets=targets
                )
            )
        return arrivals

    def _expect(self, arrivals: list[Arrival]) -> list[bool]:
        expected = []
        for arrival in arrivals:
            for device, _ in arrival.targets:
                is_new = (arrival.id, device) not in self.known
                expected.append(is_new)
                if is_new:
                    self.known[arrival.id, device] = self.hour
                    self.waiting[device].append((arrival.id, arrival.payload, arrival.expires_hour))
        return expected

    async def step(self, name: str, at: int, what: Any) -> None:
        """Take one step."""
        boxes = self.stores[at % len(self.stores)].mailboxes
        if name == "deposit":
            arrivals = self._arrivals(what)
            found = await boxes.commit(arrivals, (), hour=self.hour)
            assert [bool(seq) for seq in found] == self._expect(arrivals)
        elif name == "deposit at both":
            await self._deposit_at_both(self._arrivals(what))
        elif name == "ack":
            device, numbers = what
            ids = {self._id(number) for number in numbers}
            gone = await boxes.find_acked(device, ids)
            mine = self.waiting[device]
            assert len(gone) == len([one for one in mine if one[0] in ids])
            self.waiting[device] = [one for one in mine if one[0] not in ids]
            await boxes.commit((), gone, hour=self.hour)
        elif name == "empty":
            await boxes.empty([what])
            self.waiting[what] = []
        elif name == "time":
            self.hour += what
            while await boxes.expire(hour=self.hour):
                pass
            for device in DEVICES:
                kept = [one for one in self.waiting[device] if one[2] > self.hour]
                self.waiting[device] = kept
        else:
            await boxes.forget_ids(hour=self.hour)

    async def _deposit_at_both(self, arrivals: list[Arrival]) -> None:
        found: list[list[int]] = []

        async def commit(store: RelayStore) -> None:
            found.append(await store.mailboxes.commit(arrivals, (), hour=self.hour))

        async with trio.open_nursery() as nursery:
            for store in self.stores:
                nursery.start_soon(commit, store)
        expected = self._expect(arrivals)
        assert [sum(map(bool, each)) for each in zip(*found, strict=True)] == expected

    async def check(self) -> None:
        """Compare every mailbox with its list, at each relay."""
        for store in self.stores:
            for device in DEVICES:
                found = await store.mailboxes.read(
                    device,
                    after_seq=0,
                    besides=(),
                    max_items=10_000,
                    max_bytes=10**9,
                    hour=self.hour,
                )
                held = [(one.id, one.payload) for one in found]
                wanted = [(envelope, payload) for envelope, payload, _ in self.waiting[device]]
                # Of what two deposited at once nobody says which came first.
                assert sorted(held) == sorted(wanted)
                if len(self.stores) == 1:
                    assert held == wanted
        orphans = await self.stores[0].db.read(
            lambda tx: tx.execute(
                text(
                    "SELECT count(*) FROM payloads WHERE NOT EXISTS"
                    " (SELECT 1 FROM waiting WHERE waiting.shared = payloads.number)"
                )
            )
        )
        assert orphans.scalar_one() == 0


@asynccontextmanager
async def the_stores(engine: str) -> AsyncIterator[list[RelayStore]]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_loop())
        if engine == "postgresql":
            from tests.postgres import the_server

            url = the_server().url("relay_model")
            opened = [open_relay_store(Path(), url=url) for _ in range(2)]
        else:
            place = stack.enter_context(tempfile.TemporaryDirectory())
            opened = [open_relay_store(Path(place) / "relay.db")]
        stores = [await stack.enter_async_context(store) for store in opened]
        for table in (waiting, payloads, deposit_ids):
            await stores[0].db.write(lambda tx, table=table: tx.execute(table.delete()))
        for store in stores:
            await store.mailboxes.load()
        yield stores


async def _run(engine: str, steps: list[tuple[str, int, Any]]) -> None:
    async with the_stores(engine) as stores:
        model = Model(stores)
        for name, at, what in steps:
            await model.step(name, at, what)
            await model.check()


@settings(max_examples=rounds(12, 1_000), deadline=None)
@given(steps=STEPS)
def test_mailboxes_in_a_file_are_their_model(steps: list[tuple[str, int, Any]]) -> None:
    trio.run(_run, "sqlite", steps)


@pytest.mark.needs("postgres")
def test_mailboxes_of_two_relays_over_a_server_are_their_model() -> None:
    from tests.postgres import the_server

    server = the_server()
    server.sql("CREATE DATABASE relay_model TEMPLATE template_relay")

    @settings(max_examples=rounds(12, 1_000), deadline=None)
    @given(steps=STEPS)
    def check(steps: list[tuple[str, int, Any]]) -> None:
        trio.run(_run, "postgresql", steps)

    try:
        check()
    finally:
        server.drop("relay_model")
