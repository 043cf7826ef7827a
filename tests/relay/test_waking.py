"""A device that is away is woken: once, without content, and never at anybody else's expense."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.limits import MAX_WAKE_ENDPOINT_CHARS
from restante.relay.server import RunningRelay
from restante.relay.settings import Limits
from restante.relay.waking.endpoints import BadEndpointError, is_public, parse_endpoint
from restante.relay.waking.waker import AT_ONCE, AT_ONCE_PER_HOST, Waker
from restante.relay.watching.figures import Figures
from restante.store.relay_database import open_relay_database
from restante.store.relay_tables import devices, waiting
from restante.store.relay_wakes import find_wake
from restante.store.seam import Database, open_loop
from tests.relay.push_server import CREATED, Resolver, push_server
from tests.relay.wire import (
    Person,
    anonymous,
    authenticated,
    deposit,
    item,
    registered,
    relay_at,
    settings_for,
    subscribed,
)

SOON = Limits(wake_after_s=0)
PATIENCE_S = 20


async def set_wake(relay: RunningRelay, who: Person, endpoint: str | None) -> Any:
    async with authenticated(relay, who) as wire:
        return await wire.ask(f.SetWake, endpoint=endpoint)


# ---- with a whole relay -----------------------------------------------------------------------


async def test_who_is_away_is_woken_once_for_all_that_comes_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        push_server(tmp_path, monkeypatch) as server,
        relay_at(tmp_path, limits=SOON, wake_private_allowed=True) as relay,
    ):
        anna = await registered(relay, "anna")
        assert isinstance(await set_wake(relay, anna, server.url), f.Done)
        async with anonymous(relay) as wire:
            await deposit(wire, item(anna), item(anna))
            await deposit(wire, item(anna))
            (request,) = await server.asked(1)
            head, _, body = request.partition(b"\r\n\r\n")
            lines = {line.lower() for line in head.decode().split("\r\n")}
            assert lines == {
                "post /wake?id=7 http/1.1",
                f"host: localhost:{server.port}",
                "content-length: 0",
                "connection: close",
                "ttl: 86400",
                "urgency: normal",
            }
            assert body == b""
            waker, figures = relay.services.waker, relay.services.figures
            while not figures.wakes["woken"]:
                await trio.testing.wait_all_tasks_blocked(0.01)
            await deposit(wire, item(anna))  # the pause is a minute now
            assert waker.waiting == 1
            async with subscribed(relay, anna) as device:
                assert waker.waiting == 0, "it came"
                await device.delivered(4)
                await deposit(wire, item(anna))
                assert waker.waiting == 0, "it is here"
                await device.delivered(1)
            while relay.services.subscribers:
                await trio.testing.wait_all_tasks_blocked(0.01)
            await deposit(wire, item(anna))
            await server.asked(2)


async def test_strangers_the_blocked_and_what_is_not_kept_wake_nobody(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        anna = await registered(relay, "anna")
        assert isinstance(await set_wake(relay, anna, "https://push.example/x"), f.Done)
        async with authenticated(relay, anna) as wire:
            fresh = [bytes([number]) * 32 for number in range(len(anna.hashes))]
            await wire.ask(f.PublishTokens, live=fresh, retired=anna.hashes)
        waker = relay.services.waker
        async with anonymous(relay) as wire:
            kinds = await deposit(wire, item(anna, token=None), item(anna, token=3))
            assert [one.outcome for one in kinds] == [f.Outcome.STORED] * 2
            await deposit(wire, item(anna, ephemeral=True))
            assert waker.waiting == 0
        async with authenticated(relay, anna) as wire:
            await wire.ask(f.PublishTokens, live=anna.hashes, retired=[])
        async with anonymous(relay) as wire:
            await deposit(wire, item(anna, ephemeral=True))
            assert waker.waiting == 0
            await deposit(wire, item(anna))
            assert waker.waiting == 1


async def test_an_endpoint_that_is_taken_back_is_asked_no_more(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        anna = await registered(relay, "anna")
        for endpoint in ("https://push.example/x", "https://push.example/y", None):
            assert isinstance(await set_wake(relay, anna, endpoint), f.Done)
        assert relay.services.waker.devices == set()
        async with anonymous(relay) as wire:
            await deposit(wire, item(anna))
        assert relay.services.waker.waiting == 0


async def test_an_endpoint_outlives_the_relay_and_not_its_device(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        anna = await registered(relay, "anna")
        await set_wake(relay, anna, "https://push.example/x")
        known = set(relay.services.waker.devices)
    assert len(known) == 1
    async with relay_at(tmp_path) as relay:
        assert relay.services.waker.devices == known
        await relay.services.db.write(_without_devices)
        await relay.services.waker.load()
        assert relay.services.waker.devices == set()


async def _without_devices(tx: Any) -> None:
    await tx.execute(devices.delete())


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[2002:7f00:1::]/x",
        "https://[fe80::1%25eth0]/x",
        "https://0/x",
        "https://0x7f.1/x",
        "https://2130706433/x",
        "https://127.1/x",
        "https://push.example:25/x",
        "https://push.example:99999/x",
        "https://anna:secret@push.example/x",
        "https://push.example@127.0.0.1/x",
        "https://push.example/x#y",
        "https://push.example/a b",
        "https://push.example/\r\nX: y",
        "https://pußh.example/x",
        "ftp://push.example/x",
        "push.example/x",
        "https://",
        "https://push.example/" + "x" * (MAX_WAKE_ENDPOINT_CHARS - 20),
    ],
)
def test_an_endpoint_that_may_not_be_asked_is_refused(endpoint: str) -> None:
    with pytest.raises(BadEndpointError):
        parse_endpoint(endpoint, allows_private=False)


async def test_the_relay_says_so_of_such_an_endpoint(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        anna = await registered(relay, "anna")
        refused = await set_wake(relay, anna, "https://192.168.1.1/x")
        assert isinstance(refused, f.Refused)
        assert refused.code == WireCode.FORBIDDEN
        assert relay.services.waker.devices == set()
        async with authenticated(relay, anna) as wire:
            await wire.send(f.SetWake(request=wire.number(), endpoint="https://push.example/"))
            assert isinstance(await wire.frame(), f.Done)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("0.0.0.0", False),  # noqa: S104  # asked about, not bound to
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("172.16.0.1", False),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


# ---- the waker alone --------------------------------------------------------------------------


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
    tries_after_s: Sequence[float] = (0.01, 0.01),
    deadline_s: float = 5,
) -> AsyncIterator[Wakers]:
    settings = settings_for(path, limits=limits, wake_private_allowed=wake_private_allowed)
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


async def test_what_fails_is_tried_again_and_then_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwell = b"HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n"
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)
        server.answers = lambda _: unwell if len(server.requests) < 3 else CREATED
        wakers.waker.arrived(1)
        await wakers.counted("woken")
        assert len(server.requests) == 3
        assert wakers.figures.wakes["retried"] == 2
        wakers.waker.came(1)
        server.answers = lambda _: unwell
        wakers.waker.arrived(1)
        await wakers.counted("failed")
        assert len(server.requests) == 6
        assert wakers.waker.waiting == 0


async def test_nobody_is_woken_for_what_is_gone_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url, server.url)
        await wakers.db.write(lambda tx: tx.execute(waiting.delete().where(waiting.c.device == 1)))
        wakers.waker.arrived(1)
        wakers.waker.arrived(2)
        await wakers.counted("woken")
        assert wakers.waker.waiting == 0
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_an_endpoint_that_is_no_more_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)
        server.answers = lambda _: f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
        wakers.waker.arrived(1)
        await wakers.counted("gone")
        while wakers.waker.devices:
            await trio.testing.wait_all_tasks_blocked(0.01)
        assert await wakers.db.read(lambda tx: find_wake(tx, 1)) is None


async def test_who_comes_while_it_is_being_woken_is_woken_soon_when_it_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)

        def answers(_: bytes) -> bytes:
            wakers.waker.came(1)  # before the answer is there
            return CREATED

        server.answers = answers
        wakers.waker.arrived(1)
        await wakers.counted("woken")
        wakers.waker.arrived(1)
        await wakers.counted("woken", 2)


async def test_who_comes_and_goes_while_its_endpoint_is_silent_is_woken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)
        may_answer = [trio.Event(), trio.Event()]
        server.before_answer = lambda number: may_answer[number - 1].wait()
        wakers.waker.arrived(1)
        await server.asked(1)
        wakers.waker.came(1)
        wakers.waker.arrived(1)
        await server.asked(2)
        may_answer[0].set()
        await wakers.counted("woken")
        may_answer[1].set()
        await wakers.counted("woken", 2)
        wakers.waker.arrived(1)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert wakers.waker.waiting == 1, "the newer request began a pause"


async def test_a_silent_host_holds_up_no_other_however_many_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, tries_after_s=(), deadline_s=10 * PATIENCE_S) as wakers,
    ):
        trio.socket.set_custom_hostname_resolver(Resolver("127.0.0.1"))
        server.answers = lambda _: None
        silent = [f"{server.url}&device={number}" for number in range(AT_ONCE + 1)]
        await wakers.adds(*silent, server.url.replace("localhost", "elsewhere.example"))
        for device in range(1, AT_ONCE + 3):
            wakers.waker.arrived(device)
        await wakers.counted("failed")  # elsewhere's, for its certificate is another's
        assert len(server.requests) <= AT_ONCE_PER_HOST


async def test_who_waits_for_its_host_is_woken_when_that_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 2 * AT_ONCE_PER_HOST + 2
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        may_answer = trio.Event()
        server.before_answer = lambda _: may_answer.wait()
        await wakers.adds(*[f"{server.url}&device={number}" for number in range(count)])
        for device in range(1, count + 1):
            wakers.waker.arrived(device)
        await server.asked(AT_ONCE_PER_HOST)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert len(server.requests) == AT_ONCE_PER_HOST
        wakers.waker.came(count)
        may_answer.set()
        await wakers.counted("woken", count - 1)
        assert wakers.waker.waiting == 0


class Faulty(int):
    """A device whose number, once it is broken, can be looked up no more."""

    is_broken = False

    def __hash__(self) -> int:
        if self.is_broken:
            raise RuntimeError("a bug")
        return int(self)


async def test_a_fault_in_choosing_who_is_next_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)
        faulty = Faulty(2)
        wakers.waker.arrived(faulty)
        faulty.is_broken = True
        wakers.waker.arrived(1)
        await wakers.counted("woken")
        assert wakers.figures.faults == 1


async def test_a_redirect_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        await wakers.adds(server.url)
        there = f"https://localhost:{server.port}/secret"
        server.answers = lambda _: (
            f"HTTP/1.1 307 There\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        wakers.waker.arrived(1)
        await wakers.counted("refused")
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1"]],
    ids=["loopback", "public and loopback", "mapped", "private"],
)
async def test_a_name_that_leads_to_a_private_address_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, wake_private_allowed=False) as wakers,
    ):
        trio.socket.set_custom_hostname_resolver(Resolver(*addresses))
        await wakers.adds(server.url.replace("localhost", "push.example"))
        wakers.waker.arrived(1)
        await wakers.counted("forbidden")
        assert server.requests == []


async def test_a_name_is_resolved_once_and_connected_to_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_server(tmp_path, monkeypatch) as server, a_waker(tmp_path) as wakers:
        resolver = Resolver("127.0.0.1")
        trio.socket.set_custom_hostname_resolver(resolver)
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        await wakers.counted("woken")
        assert resolver.asked == 1


async def test_another_names_certificate_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        push_server(tmp_path, monkeypatch, name="elsewhere.example") as server,
        a_waker(tmp_path, tries_after_s=()) as wakers,
    ):
        await wakers.adds(server.url)
        wakers.waker.arrived(1)
        await wakers.counted("failed")
        assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 200 OK\r\nX: " + bytes(200_000), b"\xff" * 100, b""],
    ids=["silence", "an endless header", "no http", "nothing"],
)
async def test_an_endpoint_that_misbehaves_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    def answers(request: bytes) -> bytes | None:
        return answer if b"/bad" in request else CREATED

    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, tries_after_s=(), deadline_s=1) as wakers,
    ):
        server.answers = answers
        bad = f"https://localhost:{server.port}/bad"
        await wakers.adds(bad, server.url)
        wakers.waker.arrived(1)
        wakers.waker.arrived(2)
        await wakers.counted("woken")
        await wakers.counted("failed")
        assert wakers.figures.faults == 0


async def test_those_who_wait_are_bounded_and_so_is_what_one_host_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(wake_after_s=0, wakes_waiting=14, wakes_per_host=1)
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, limits=limits) as wakers,
    ):
        await wakers.adds(*[f"{server.url}&device={number}" for number in range(20)])
        for device in range(1, 21):
            wakers.waker.arrived(device)
        assert wakers.waker.waiting == 14
        assert wakers.figures.wakes["dropped"] == 6
        await wakers.counted("woken", 10)
        with trio.fail_after(PATIENCE_S):
            while wakers.waker.waiting != 4:  # the host's bucket is empty; they wait their turn
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert len(server.requests) == 10
