"""Who lives at a relay that is killed again and again, and what they sent and got over its lives.

Rule: what is asserted here holds whenever the relay dies; the scenes are the tests'.
"""

from __future__ import annotations

import random
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import trio

from restante.client.failures import UnreachableError
from restante.client.link import Link
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.limits import BUCKETS, MAX_DEPOSIT_ITEMS
from restante.relay.settings import DATABASE_NAME
from tests.relay.relay_process import NOWHERE, RelayProcess, a_relay_process, log_of
from tests.relay.residents import (
    STORED,
    Resident,
    a_link,
    an_item,
    deposit,
    drain,
    is_whole,
    registered,
    subscribe,
)

LIFE_S = 300
DAY_H = 25
"""After so many hours a relay folds the ids of what was deposited before."""

Place = tuple[str, bytes]
"""Whose mailbox, and an envelope's id."""


@dataclass
class Town:
    """Who lives at a relay, and what they were sent and got, over all the lives of the relay."""

    directory: Path
    listen: str = "127.0.0.1:0"
    residents: dict[str, Resident] = field(default_factory=dict)
    accepted: set[Place] = field(default_factory=set)
    """Answered STORED."""
    unanswered: list[list[f.DepositItem]] = field(default_factory=list)
    got: Counter[Place] = field(default_factory=Counter)
    """How often each was delivered, over all connections."""
    acked: set[Place] = field(default_factory=set)
    """Acked; whether the relay has heard it is not known before the next drain."""
    deaths: int = 0
    awaited: int = 0
    has_enough: trio.Event = field(default_factory=trio.Event)
    """Set when as many as `awaited` are accepted."""

    def place(self, target: f.Target, envelope: bytes) -> Place:
        name = next(one.name for one in self.residents.values() if one.mailbox == target.mailbox)
        return name, envelope

    def places(self, items: list[f.DepositItem]) -> set[Place]:
        return {self.place(target, item.id) for item in items for target in item.targets}

    async def deposit(self, link: Link, items: list[f.DepositItem], *, is_retry: bool) -> None:
        """Deposit; what gets no answer stays among the unanswered."""
        if not is_retry:
            self.unanswered.append(items)
        results = await deposit(link, items, is_retry=is_retry)
        assert all(outcome == STORED for result in results for outcome in result)
        self.accepted |= self.places(items)
        self.unanswered.remove(items)
        if len(self.accepted) >= self.awaited:
            self.has_enough.set()

    def take(self, name: str, frame: f.Deliver, seen: set[bytes]) -> list[bytes]:
        """Take a delivery of one connection, on which `seen` came before; return the ids."""
        for item in frame.items:
            assert item.id not in seen, "one connection is delivered an envelope once"
            assert is_whole(item)
            seen.add(item.id)
            self.got[name, item.id] += 1
        return [item.id for item in frame.items]

    # ---- what the files say -------------------------------------------------------------

    def inspect(self) -> set[Place]:
        """Assert that the files of a dead relay are sound; return what waits in them."""
        database = self.directory / "data" / DATABASE_NAME
        with closing(sqlite3.connect(database)) as files:
            assert files.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert files.execute("PRAGMA foreign_key_check").fetchall() == []
            rows = files.execute(
                "SELECT accounts.name, waiting.id, coalesce(waiting.payload, payloads.payload) "
                "FROM waiting JOIN devices ON devices.number = waiting.device "
                "JOIN accounts ON accounts.number = devices.account "
                "LEFT JOIN payloads ON payloads.number = waiting.shared"
            ).fetchall()
            for _, envelope, payload in rows:
                assert is_whole(f.Delivery(id=envelope, lane=0, payload=payload))
            orphans = files.execute(
                "SELECT count(*) FROM payloads WHERE number NOT IN "
                "(SELECT shared FROM waiting WHERE shared IS NOT NULL)"
            ).fetchone()
            assert orphans == (0,)
        places = [(name, envelope) for name, envelope, _ in rows]
        assert len(set(places)) == len(places), "an envelope is stored once"
        assert self.accepted - self.acked <= set(places), "what was accepted is kept until acked"
        return set(places)

    # ---- the end ------------------------------------------------------------------------

    async def settle(self, relay: RelayAddress, waiting: set[Place]) -> None:
        """Drain, retry everything, and assert that everybody got everything, and nothing is left.

        `waiting` is what the files held when this relay started.
        """
        assert await self._drain(relay) == waiting
        before = set(self.got)
        async with a_link(relay) as link:
            for items in list(self.unanswered):
                await self.deposit(link, items, is_retry=True)
            again = [
                an_item(self.residents[name].target, envelope=envelope)
                for name, envelope in sorted(before)
            ]
            for start in range(0, len(again), MAX_DEPOSIT_ITEMS):
                part = again[start : start + MAX_DEPOSIT_ITEMS]
                results = await deposit(link, part, is_retry=True)
                assert all(result == [STORED] for result in results)
        assert not await self._drain(relay) & before, "a retry stores nothing twice"
        assert self.accepted == set(self.got), "nothing is lost, and nothing came from nowhere"
        assert max(self.got.values()) <= self.deaths + 1, "an envelope comes again after a death"
        assert await self._drain(relay) == set()

    async def _drain(self, relay: RelayAddress) -> set[Place]:
        """Take all that waits for anybody, and ack it."""
        found: set[Place] = set()
        for name, resident in self.residents.items():
            async with a_link(relay, resident) as link:
                delivered = await drain(link)
            if delivered:
                ids = self.take(name, f.Deliver(items=delivered), set())
                found |= {(name, envelope) for envelope in ids}
        self.acked |= found
        return found


@asynccontextmanager
async def a_life(
    town: Town, *, point: str = NOWHERE, hit: int = 0, hours_later: float = 0
) -> AsyncIterator[RelayProcess]:
    """Run a relay over the town's files; the first one registers everybody."""
    with trio.fail_after(LIFE_S):
        async with a_relay_process(
            town.directory,
            point=point,
            hit=hit,
            hours_later=hours_later,
            listen=town.listen,
        ) as relay:
            # Devices log in by the relay's own name: it must come back under the same one.
            town.listen = relay.address.authority
            if not town.residents:
                people = await registered(relay.address, ["alice", "bob", "carol"])
                town.residents.update({person.name: person for person in people})
            yield relay


def some_items(town: Town, chance: random.Random) -> list[f.DepositItem]:
    """Return a few envelopes, of more than one size, some of them for many."""
    people = sorted(town.residents)
    return [
        an_item(
            *(town.residents[name].target for name in chance.sample(people, chance.choice((1, 3)))),
            envelope=chance.randbytes(16),
            size_bytes=chance.choice(BUCKETS),
        )
        for _ in range(chance.randint(1, 6))
    ]


async def send_until_lost(
    town: Town,
    relay: RelayAddress,
    chance: random.Random,
    *,
    frames: int,
    retried: list[list[f.DepositItem]],
) -> None:
    """Deposit frame after frame, until the relay is gone."""
    try:
        async with a_link(relay) as link:
            for items in retried:
                await town.deposit(link, items, is_retry=True)
            while True:
                async with trio.open_nursery() as nursery:
                    for _ in range(frames):
                        nursery.start_soon(_deposit, town, link, some_items(town, chance))
    except* UnreachableError:
        pass  # killed, as was meant


async def _deposit(town: Town, link: Link, items: list[f.DepositItem]) -> None:
    await town.deposit(link, items, is_retry=False)


async def receive_until_lost(town: Town, relay: RelayAddress, name: str) -> None:
    """Take what comes and ack it, until the relay is gone."""
    seen: set[bytes] = set()
    try:
        async with a_link(relay, town.residents[name]) as link:
            await subscribe(link)
            async for frame in link.deliveries:
                if isinstance(frame, f.Deliver):
                    ids = town.take(name, frame, seen)
                    town.acked |= {(name, envelope) for envelope in ids}
                    await link.acknowledge(ids)
    except* UnreachableError:
        pass  # killed, as was meant


async def live_until_killed(town: Town, relay: RelayProcess, chance: random.Random) -> None:
    """Keep everybody but carol online, and send, until the relay is killed."""
    async with trio.open_nursery() as nursery:
        retried = list(town.unanswered)
        send = partial(send_until_lost, town, relay.address, chance, frames=1, retried=retried)
        nursery.start_soon(send)
        for name in ("alice", "bob"):
            nursery.start_soon(receive_until_lost, town, relay.address, name)
    assert await relay.wait() == -signal.SIGKILL
    town.deaths += 1


def assert_no_bug(directory: Path) -> None:
    """Assert that no relay of the directory logged an exception."""
    assert '"level": "error"' not in log_of(directory)


async def live_under_load(town: Town, chance: random.Random) -> None:
    """Run a relay, send on many connections at once, and kill it at some moment."""
    async with a_life(town, hours_later=DAY_H * town.deaths) as relay:
        town.awaited = len(town.accepted) + chance.randint(1, 400)
        town.has_enough = trio.Event()
        retried = list(town.unanswered)
        async with trio.open_nursery() as nursery:
            for frames in (1, 2, 8):
                own_chance = random.Random(chance.random())
                send = partial(send_until_lost, frames=frames, retried=retried)
                retried = []
                nursery.start_soon(send, town, relay.address, own_chance)
            for name in ("alice", "bob"):
                nursery.start_soon(receive_until_lost, town, relay.address, name)
            await town.has_enough.wait()
            await trio.sleep(chance.uniform(0, 0.02))  # a moment that nobody chooses
            relay.kill()
        assert await relay.wait() == -signal.SIGKILL
        town.deaths += 1
