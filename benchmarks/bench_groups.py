"""Groups of 10, 100 and 1,000 members with half as many devices more: what their owner's device
does and sends, what the relay keeps, and how long somebody takes who comes back or comes new.

The owner and two members are engines over files; the others are accounts with real keys that were
registered at the relay and are away, so that all that is for them waits there. Everything travels
as in life: hellos, logs, sender keys, one envelope for all. Nobody who is away has ever answered,
so what goes to each device alone takes a hello's 16 KiB; in a session that was answered, 4.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from benchmarks.relay_side import running_relay
from restante.client.acquaintance import new_contact
from restante.client.context import Tuning
from restante.client.engine import LocalEngine, open_engine
from restante.client.interface import ContactState, Trust
from restante.client.link import open_link
from restante.client.socket import Route
from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.errors import UserError
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress
from restante.protocol.ids import AccountName, MailboxId, Token, token_hash
from restante.protocol.limits import BUCKET_TOKENS
from restante.store.client_contacts import upsert_contact
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.client.interface import Group
    from restante.protocol.manifest import Prekey
    from restante.store.client_rows import Rows

SIZES = (10, 100, 1000)
PAIRWISE = 22
"""Members whose devices, half as many more, get what is said over sessions."""

PATIENCE_S = 600
AT_ONCE = 16
QUICK = Tuning(receipt_jitter_s=0.0)
RANDOM = SystemRandomness()

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A member whose devices are away: who they are, and a token of theirs."""

    manifest: VerifiedManifest
    token: Token


def run() -> Iterator[Row]:
    """Yield the figures of each size."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            yield from trio.run(_measure, Path(folder), size)


async def _measure(folder: Path, size: int) -> list[Row]:
    relay_folder = folder / "relay"
    relay_folder.mkdir()
    async with (
        open_loop(),
        running_relay(4096, place=str(relay_folder)) as (relay, _),
        _counted() as counter,
    ):
        away = await _registered(relay, size)
        bench = _Bench(folder, relay_folder, relay, counter, size)
        await bench.play(away)
        return bench.rows


class _Bench:
    def __init__(
        self, folder: Path, relay_folder: Path, relay: RelayAddress, counter: _Counter, size: int
    ) -> None:
        self._folder = folder
        self._relay_folder = relay_folder
        self._relay = relay
        self._counter = counter
        self._size = size
        self.rows: list[Row] = []

    async def play(self, away: list[Away]) -> None:
        """Begin the group, write in it, let people in and out; then come back, and come new."""
        async with self._online("bob") as bob, self._online("owner") as owner:
            to_bob = (await owner.contact_add(await bob.contact_code())).key
            await bob.contact_add(await owner.contact_code())
            await owner.send(to_bob, "Hello")
            await owner.synchronise(timeout_s=PATIENCE_S)
            await bob.synchronise(timeout_s=PATIENCE_S)
        async with self._online("newcomer") as newcomer:
            code = await newcomer.contact_code()
        async with self._online("owner", is_counted=True) as owner:
            await owner.synchronise(timeout_s=PATIENCE_S)
            to_new = (await owner.contact_add(code)).key
            keys = await _befriend(owner, away)
            late = keys.pop()
            key = ""

            async def begin() -> None:
                nonlocal key
                key = (await owner.group_new("Many", [to_bob, *keys])).conversation.key

            how = "all at once: the first session to each device, and the log"
            await self._phase("begin", owner, begin, how)
            how = "the first message" if self._size > PAIRWISE else "with the second to each device"
            await self._phase("first_send", owner, _sends(owner, lambda: key), how)
            await self._phase("send", owner, _sends(owner, lambda: key), "the next one")
            await self._phase(
                "join", owner, lambda: owner.group_add(key, [late]), "one more, told to all"
            )
            await self._phase("send_after_join", owner, _sends(owner, lambda: key), "")
            await self._phase("remove", owner, lambda: owner.group_remove(key, [late]), "")
            await self._phase(
                "send_after_remove", owner, _sends(owner, lambda: key), "with a new sender key"
            )
            await owner.group_add(key, [to_new])
            await owner.send(key, "Welcome")
            await self._all_out(owner)
        await self._comes("back", "bob", key, "a member who was away for all of that")
        await self._comes("new", "newcomer", key, "the whole log, and what was said since")

    @asynccontextmanager
    async def _online(self, name: str, *, is_counted: bool = False) -> AsyncIterator[LocalEngine]:
        place = self._folder / name
        place.mkdir(exist_ok=True)
        proxy = f"socks5://127.0.0.1:{self._counter.port}" if is_counted else None
        async with open_engine(place, bytes(32), proxy=proxy, tuning=QUICK) as engine:
            if (await engine.status()).address is None:
                await engine.register(address=f"{name}@{self._relay}", invite=None)
            yield engine

    async def _phase(
        self, bench: str, owner: LocalEngine, work: Callable[[], Awaitable[object]], how: str
    ) -> None:
        cpu, began = time.process_time(), time.perf_counter()
        up, kept = await self._counter.bytes_up(), self._kept_bytes()
        await work()
        await self._all_out(owner)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        self._say(f"{bench}.seconds", took, "s", how)
        self._say(f"{bench}.cpu", used, "s", how)
        self._say(f"{bench}.up", (await self._counter.bytes_up() - up) / 1e6, "MB", how)
        self._say(f"{bench}.stored", (self._kept_bytes() - kept) / 1e6, "MB", how)

    async def _comes(self, bench: str, name: str, key: str, how: str) -> None:
        cpu, began = time.process_time(), time.perf_counter()
        async with self._online(name) as engine, engine.subscribe() as events:
            with trio.fail_after(PATIENCE_S):
                while not await _has(engine, key, self._size):
                    await anext(events)
            took, used = time.perf_counter() - began, time.process_time() - cpu
        self._say(f"comes_{bench}.seconds", took, "s", f"{how}; opening the profile and all")
        self._say(f"comes_{bench}.cpu", used, "s", how)

    async def _all_out(self, owner: LocalEngine) -> None:
        """Wait until nothing waits in the outbox."""
        if not await owner.flush(timeout_s=PATIENCE_S):
            raise RuntimeError("not everything was sent in time")

    def _kept_bytes(self) -> int:
        """What the relay keeps for mailboxes: the payloads, each once."""
        with closing(sqlite3.connect(self._relay_folder / "relay.sqlite3")) as file:
            alone = file.execute("SELECT coalesce(sum(length(payload)), 0) FROM waiting").fetchone()
            shared = file.execute(
                "SELECT coalesce(sum(length(payload)), 0) FROM payloads"
            ).fetchone()
        return int(alone[0]) + int(shared[0])

    def _say(self, bench: str, value: float, unit: str, how: str) -> None:
        text = f"{self._size} members, {self._size * 3 // 2} devices, one relay"
        self.rows.append(
            {
                "bench": f"groups.{self._size}.{bench}",
                "value": round(value, 4),
                "unit": unit,
                "how": f"{text}; {how}" if how else text,
            }
        )


def _sends(owner: LocalEngine, key: Callable[[], str]) -> Callable[[], Awaitable[object]]:
    return lambda: owner.send(key(), "Up the hill at nine, and bring something to eat.")


async def _has(engine: LocalEngine, key: str, members: int) -> bool:
    """Whether an engine is in the group, with all its members, and shows its last message."""
    try:
        found: Group = await engine.group(key)
    except UserError:
        return False
    last = found.conversation.last
    return len(found.members) >= members and last is not None and last.body == "Welcome"


async def _befriend(owner: LocalEngine, away: list[Away]) -> list[str]:
    """Have the owner know everybody, as if each had accepted once."""
    now_s = int(time.time())

    def work(rows: Rows) -> list[str]:
        for each in away:
            row = new_contact(
                each.manifest,
                state=ContactState.ACCEPTED,
                trust=Trust.VERIFIED,
                token=each.token,
                petname=None,
                is_stale=False,
                now_s=now_s,
            )
            upsert_contact(rows, row)
        return [each.manifest.account_id.hex() for each in away]

    return await owner._context.write(work)  # noqa: SLF001  # a benchmark looks inside


async def _registered(relay: RelayAddress, size: int) -> list[Away]:
    """Register so many less the owner and Bob, and one who comes and goes; every other has two."""
    made: list[Away] = []
    room = trio.CapacityLimiter(AT_ONCE)

    async def one(number: int) -> None:
        async with room:
            made.append(await _account(relay, f"m{number}", devices=1 + number % 2))

    async with trio.open_nursery() as nursery:
        for number in range(size - 1):
            nursery.start_soon(one, number)
    return made


async def _account(relay: RelayAddress, name: str, *, devices: int) -> Away:
    now_s = int(time.time())
    address = Address(name=AccountName(name), relay=relay)
    account = own_keys.generate_account(RANDOM, now_s=now_s)
    mine = [own_keys.generate_device(RANDOM) for _ in range(devices)]
    entries = [
        own_keys.device_entry(each, mailbox=MailboxId(RANDOM.random(16)), now_s=now_s)
        for each in mine
    ]
    signed = own_keys.make_manifest(account, address=address, devices=entries, now_s=now_s)
    tokens = [Token(RANDOM.random(16)) for _ in range(BUCKET_TOKENS)]
    for number, device in enumerate(mine):
        prekeys = own_keys.generate_prekeys(
            RANDOM, device, first_id=1, now_s=now_s, one_time=2, kem_one_time=2
        )
        async with trio.open_nursery() as nursery:
            route = Route(proxy=None, isolation="device")
            link = await open_link(nursery, relay, route=route, device=device)
            if number == 0:
                await link.ask(
                    f.Done,
                    lambda n: f.Register(
                        request=n,
                        name=address.name,
                        invite=None,
                        manifest=signed.to_bytes(),
                        tokens=[token_hash(each) for each in tokens],
                        ticket=None,
                    ),
                )
            await link.ask(
                f.Done,
                partial(_prekeys, [each.public for each in prekeys]),
            )
            await link.close()
            nursery.cancel_scope.cancel()
    return Away(manifest=verify_manifest(signed), token=tokens[0])


def _prekeys(prekeys: list[Prekey], request: int) -> f.PublishPrekeys:
    return f.PublishPrekeys(request=request, prekeys=prekeys)


class _Counter:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.port = int(self._line())

    async def bytes_up(self) -> int:
        """Return what went up so far."""
        if self._process.stdin:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return int(await trio.to_thread.run_sync(self._line))

    def _line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


@asynccontextmanager
async def _counted() -> AsyncIterator[_Counter]:
    with subprocess.Popen(  # noqa: ASYNC220  # once, before anything is measured
        [sys.executable, "-m", "benchmarks.counting_side"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield _Counter(process)
        finally:
            process.kill()
