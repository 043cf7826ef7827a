"""People with engines, around a relay: what the tests of the engine play with.

Engines are real ones over real files and real sockets; only their pauses are short, and a test may
turn their clock. Nobody sleeps: `eventually` looks again whenever the engine says that something
happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import trio

from restante.client.clock import SystemClock
from restante.client.context import Tuning
from restante.client.engine import DATABASE_FILE, LocalEngine, open_engine
from restante.store.client_database import open_client_database
from restante.store.seam import open_loop
from restante.store.sqlcipher import DatabaseKey
from tests.client.faults import BadNetwork, a_bad_network
from tests.client.relays import GENEROUS, Limits, Relay, open_relay
from tests.client.tap import Tap, a_tap

if TYPE_CHECKING:
    from random import Random

    from restante.client.clock import Clock
    from restante.client.interface import Message

T = TypeVar("T")

PATIENCE_S = 30
"""Long enough for a busy machine; a test that passes never waits so long."""

QUICK = Tuning(
    receipt_jitter_s=0.0,
    resend_grace_s=0.0,
    first_backoff_s=0.05,
    longest_backoff_s=0.2,
    slot_poll_s=0.02,
    join_step_s=0.05,
    one_time_prekeys=16,
    restarts_services=False,
)
"""Pauses short enough for tests, fewer keys to make, and a bug in a service fails the test."""


@dataclass
class TurnedClock:
    """A wall clock that a test can set."""

    ahead_ms: int = 0

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self.ahead_ms


@dataclass
class World:
    """One relay, and a directory for everybody."""

    relay: Relay
    directory: Path
    tap: Tap | None = None
    """Where everything passes, if the world has one."""
    network: BadNetwork | None = None
    """The same, and it makes trouble."""

    def address(self, name: str) -> str:
        front = self.tap or self.network or self.relay
        return f"{name}@127.0.0.1:{front.port}"

    def profile(self, name: str) -> Path:
        place = self.directory / name
        place.mkdir(exist_ok=True)
        return place

    @asynccontextmanager
    async def online(
        self,
        name: str,
        *,
        tuning: Tuning = QUICK,
        clock: Clock | None = None,
        proxy: str | None = None,
    ) -> AsyncIterator[LocalEngine]:
        """Run somebody's engine; their account is made the first time."""
        await have_database(self.profile(name), name)
        async with open_engine(
            self.profile(name),
            key_of(name),
            profile=name,
            proxy=proxy,
            tuning=tuning,
            clock=clock,
        ) as engine:
            if (await engine.status()).address is None:
                await engine.register(address=self.address(name), invite=None)
                await connected(engine)
            yield engine


def key_of(name: str) -> bytes:
    """The key of somebody's database."""
    return name.encode().ljust(32, b".")


_empty: dict[str, bytes] = {}
"""Databases as they are made, by whose key: all the migrations run once for each, not each time."""


async def have_database(place: Path, name: str) -> None:
    """Have an empty database in somebody's directory, unless there is one."""
    path = place / DATABASE_FILE
    if path.exists():
        return
    if name not in _empty:
        async with open_client_database(path, DatabaseKey(key_of(name))):
            pass
        _empty[name] = path.read_bytes()
    else:
        path.touch(mode=0o600)
        path.write_bytes(_empty[name])


@asynccontextmanager
async def a_world(
    directory: Path,
    *,
    tapped: bool = False,
    troubled_by: Random | None = None,
    open_registration: bool = True,
    limits: Limits = GENEROUS,
) -> AsyncIterator[World]:
    """Open a relay and nobody yet; `tapped` leads everything through a recording proxy.

    `troubled_by` leads everything through a network that makes trouble, by that chance.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_loop())
        tap = await stack.enter_async_context(a_tap()) if tapped else None
        network = None
        if troubled_by is not None:
            network = await stack.enter_async_context(a_bad_network(troubled_by))
        front = tap or network
        relay = await stack.enter_async_context(
            open_relay(
                directory / "relay",
                is_open=open_registration,
                limits=limits,
                names=[] if front is None else [f"127.0.0.1:{front.port}"],
            )
        )
        if front is not None:
            front.upstream_port = relay.port
        yield World(relay=relay, directory=directory, tap=tap, network=network)


async def eventually(
    engine: LocalEngine, look: Callable[[], Awaitable[T]], *, patience_s: float = PATIENCE_S
) -> T:
    """Return the first true value of `look`, tried again after each event of the engine."""
    with trio.fail_after(patience_s):
        async with engine.subscribe() as events:
            while not (found := await look()):
                await anext(events)
            return found


async def connected(engine: LocalEngine) -> None:
    """Wait until the engine is connected and others can write to it."""
    assert await engine.synchronise(timeout_s=PATIENCE_S)


async def reaches(engine: LocalEngine, message: Message, state: str) -> Message:
    """Wait until a message is in a state, and return it."""

    async def look() -> Message | None:
        found = await engine.message(message.id)
        return found if found.state == state else None

    found = await eventually(engine, look)
    assert found is not None
    return found


async def bodies(engine: LocalEngine, key: str) -> list[str]:
    """The texts of a conversation, oldest first; other entries as their kind in brackets."""
    found = await engine.messages(key, start=0, count=512)
    return [each.body if each.kind == "text" else f"[{each.kind}]" for each in found]


async def shows(engine: LocalEngine, key: str, expected: list[str]) -> None:
    """Wait until a conversation shows exactly these texts, in this order."""

    async def look() -> bool:
        return await bodies(engine, key) == expected

    try:
        await eventually(engine, look)
    except trio.TooSlowError:
        raise AssertionError(f"{await bodies(engine, key)} instead of {expected}") from None


async def the_conversation(engine: LocalEngine) -> str:
    """Wait for the first conversation to appear, and return its key."""

    async def look() -> str | None:
        found = await engine.conversations()
        return found[0].key if found else None

    key = await eventually(engine, look)
    assert key is not None
    return key


async def introduce(one: LocalEngine, other: LocalEngine) -> tuple[str, str]:
    """Have two people add each other's codes; return each one's key of the conversation."""
    theirs = await one.contact_add(await other.contact_code())
    ours = await other.contact_add(await one.contact_code())
    return theirs.key, ours.key
