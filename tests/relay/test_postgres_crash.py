"""kill -9 of one of two relays, and of the server under both: a pause, and nothing lost or doubled.

The checker is the one of `test_crash`; what it reads in files there, it asks the server here.
"""

from __future__ import annotations

import random
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from restante.client.failures import UnreachableError
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.relay import log
from restante.relay.server import running_relay
from restante.relay.settings import read_settings
from restante.store.seam import open_loop
from tests.postgres import Server, the_server
from tests.relay.relay_process import RelayProcess, a_relay_process
from tests.relay.residents import a_link, is_whole, registered, subscribe
from tests.relay.town import (
    LIFE_S,
    Place,
    Town,
    assert_no_bug,
    live_until_killed,
    some_items,
)

pytestmark = pytest.mark.needs("postgres")

WAITING = """
SELECT accounts.name, encode(waiting.id, 'hex'),
    encode(coalesce(waiting.payload, payloads.payload), 'hex')
FROM waiting JOIN devices ON devices.number = waiting.device
JOIN accounts ON accounts.number = devices.account
LEFT JOIN payloads ON payloads.number = waiting.shared"""
ORPHANS = """
SELECT count(*) FROM payloads
WHERE NOT EXISTS (SELECT FROM waiting WHERE waiting.shared = payloads.number)"""


ROOM = dict.fromkeys(
    (
        *("mailbox_bytes", "mailbox_envelopes", "account_bytes", "account_envelopes"),
        *("deposits_per_mailbox", "deposits_per_network"),
    ),
    2**40,
)
"""Who is never there has room for all of a long round, and all of it may be retried at once."""

POINTS = (
    "relay: before commit",
    "relay: after commit",
    "relay: after deliver",
    "relay: after ack commit",
)
"""Of those of test_crash.py all that a relay over a server passes: there is nothing to fold."""

MOST_PASSES = 12


@dataclass
class SharedTown(Town):
    """A town whose relays share a database."""

    server: Server = field(default_factory=the_server)
    database: str = ""
    ports: tuple[int, int] = (0, 0)
    told: set[Place] = field(default_factory=set)
    """Whose acks were sent."""
    has_told: trio.Event = field(default_factory=trio.Event)
    under_way: dict[int, list[f.DepositItem]] = field(default_factory=dict)
    """What was sent last to each relay, and not answered."""

    def address(self, relay: int) -> RelayAddress:
        """Return where the first or the second relay listens."""
        return RelayAddress.parse(f"127.0.0.1:{self.ports[relay]}")

    def settings(self, relay: int) -> dict[str, object]:
        """Return the settings of the first or the second relay."""
        return {
            "data": str(self.directory / "data"),
            "database_url": self.server.url(self.database),
            "listen": f"127.0.0.1:{self.ports[relay]}",
            "names": [f"127.0.0.1:{port}" for port in self.ports],
            "open_registration": True,
            "limits": ROOM,
        }

    def inspect(self) -> set[Place]:
        """Assert that the database of stopped relays is sound; return what waits in it."""
        places: list[Place] = []
        for line in self.server.sql(WAITING, database=self.database).splitlines():
            name, envelope, payload = line.split("|")
            delivery = f.Delivery(
                id=bytes.fromhex(envelope), lane=0, payload=bytes.fromhex(payload)
            )
            assert is_whole(delivery)
            places.append((name, delivery.id))
        assert self.server.sql(ORPHANS, database=self.database) == "0\n"
        assert len(set(places)) == len(places), "an envelope is stored once"
        assert self.accepted - self.acked <= set(places), "what was accepted is kept until acked"
        return set(places)


@pytest.fixture
def town(tmp_path: Path) -> SharedTown:
    server = the_server()
    with closing(socket.socket()) as first, closing(socket.socket()) as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        ports = (first.getsockname()[1], second.getsockname()[1])
    return SharedTown(tmp_path, database=server.new_database(), ports=ports)


async def _settle(town: SharedTown) -> None:
    """Let a relay of its own deliver the rest, and check all."""
    waiting = town.inspect()
    async with open_loop(), running_relay(read_settings(None, **town.settings(0))) as relay:
        await town.settle(relay.address, waiting)
    assert town.inspect() == set()


async def _receive(town: SharedTown, relay: RelayAddress, name: str) -> None:
    """Take what comes and ack it, until the relay is gone or the test has enough."""
    seen: set[bytes] = set()
    async with a_link(relay, town.residents[name]) as link:
        await subscribe(link)
        async for frame in link.deliveries:
            if isinstance(frame, f.Deliver):
                ids = town.take(name, frame, seen)
                town.acked |= {(name, envelope) for envelope in ids}
                await link.acknowledge(ids)
                town.told |= {(name, envelope) for envelope in ids}
                town.has_told.set()
                town.has_told = trio.Event()


async def _send(town: SharedTown, relay: int, chance: random.Random, count: int) -> None:
    async with a_link(town.address(relay)) as link:
        for _ in range(count):
            items = town.under_way[relay] = some_items(town, chance)
            await town.deposit(link, items, is_retry=False)


@asynccontextmanager
async def _a_process(town: SharedTown, relay: int) -> AsyncIterator[RelayProcess]:
    directory = town.directory / str(relay)
    directory.mkdir(exist_ok=True)
    settings = town.settings(relay)
    async with a_relay_process(directory, tells_points=False, **settings) as process:
        yield process


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_named_point_it_loses_and_doubles_nothing(
    town: SharedTown,
    point: str,
    soak_rounds: Callable[[int, int], int],
    seeded_random: random.Random,
) -> None:
    directory = town.directory / "killed"
    directory.mkdir()
    with trio.fail_after(LIFE_S):
        for _ in range(soak_rounds(1, 12)):
            hit = seeded_random.randint(1, MOST_PASSES)
            settings = town.settings(0)
            async with a_relay_process(directory, point=point, hit=hit, **settings) as relay:
                if not town.residents:
                    people = await registered(relay.address, ["alice", "bob", "carol"])
                    town.residents.update({person.name: person for person in people})
                await live_until_killed(town, relay, seeded_random)
                assert relay.passes[point] == hit
            town.inspect()
        await _settle(town)
    assert_no_bug(directory)


async def test_a_relay_that_is_killed_costs_its_clients_a_reconnect(
    town: SharedTown, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    frames = soak_rounds(15, 400)
    with trio.fail_after(LIFE_S):
        async with AsyncExitStack() as stack:
            a = await stack.enter_async_context(_a_process(town, 0))
            b = await stack.enter_async_context(_a_process(town, 1))
            people = await registered(town.address(0), ["alice", "bob", "carol"])
            town.residents.update({person.name: person for person in people})

            async def live(relay: int, name: str) -> None:
                """Send and receive at a relay, and when it dies at the other one."""
                try:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(_receive, town, town.address(relay), name)
                        nursery.start_soon(_send, town, relay, seeded_random, 10**6)
                except* UnreachableError:
                    assert relay == 0, "the other relay's clients notice nothing"
                    town.deaths = 1
                if relay == 0:
                    await after_death(name)

            async def after_death(name: str) -> None:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_receive, town, town.address(1), name)
                    async with a_link(town.address(1)) as link:
                        if town.under_way[0] in town.unanswered:
                            await town.deposit(link, town.under_way[0], is_retry=True)
                        for _ in range(frames):
                            items = some_items(town, seeded_random)
                            await town.deposit(link, items, is_retry=False)
                    has_ended.set()
                    nursery.cancel_scope.cancel()

            has_ended = trio.Event()
            town.awaited = frames * 4
            async with trio.open_nursery() as nursery:
                nursery.start_soon(live, 0, "alice")
                nursery.start_soon(live, 1, "bob")
                await town.has_enough.wait()
                a.kill()
                assert await a.wait() == -signal.SIGKILL
                await has_ended.wait()
                nursery.cancel_scope.cancel()
            assert await b.stop() == 0
        await _settle(town)
    for relay in ("0", "1"):
        assert_no_bug(town.directory / relay)


async def test_a_server_that_crashes_under_load_is_a_pause_and_nothing_else(
    town: SharedTown, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    log.open_log("error", json_lines=True)
    rounds = soak_rounds(1, 20)
    settings = [read_settings(None, **town.settings(relay)) for relay in (0, 1)]
    with trio.fail_after(LIFE_S):
        async with (
            open_loop(),
            running_relay(settings[0]),
            running_relay(settings[1]),
        ):
            people = await registered(town.address(0), ["alice", "bob", "carol"])
            town.residents.update({person.name: person for person in people})
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_receive, town, town.address(0), "alice")
                nursery.start_soon(_receive, town, town.address(1), "bob")
                for _ in range(rounds):
                    town.awaited, town.has_enough = len(town.accepted) + 60, trio.Event()
                    async with trio.open_nursery() as sending:
                        for relay in (0, 1):
                            # Each is answered STORED, or this fails.
                            sending.start_soon(_send, town, relay, seeded_random, 30)
                        await town.has_enough.wait()
                        await trio.to_thread.run_sync(town.server.stop)
                        await trio.to_thread.run_sync(town.server.start)
                # Those who stayed online get everything on the connection that they had.
                mine = {place for place in town.accepted if place[0] != "carol"}
                while not mine <= town.told:
                    await town.has_told.wait()
                nursery.cancel_scope.cancel()
        await _settle(town)
    assert max(town.got.values()) == 1
