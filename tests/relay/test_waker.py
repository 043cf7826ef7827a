"""The waker alone: what is due, what is tried again, and who waits for whom."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from restante.relay.limits import Limits
from restante.relay.waking.waker import AT_ONCE, AT_ONCE_PER_HOST
from restante.store.relay_tables import waiting
from restante.store.relay_wakes import find_wake
from tests.relay.push_server import CREATED, Resolver, push_server
from tests.relay.wakers import PATIENCE_S, a_waker


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


async def test_those_who_wait_are_bounded_and_so_is_what_one_host_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(wake_after_s=0, wakes_waiting=40, wakes_per_host=1)
    async with (
        push_server(tmp_path, monkeypatch) as server,
        a_waker(tmp_path, limits=limits) as wakers,
    ):
        resolver = Resolver("127.0.0.1")
        trio.socket.set_custom_hostname_resolver(resolver)
        await wakers.adds(*[f"{server.url}&device={number}" for number in range(46)])
        for device in range(1, 47):
            wakers.waker.arrived(device)
        assert wakers.waker.waiting == 40
        assert wakers.figures.wakes["dropped"] == 6

        def are_put_off() -> bool:
            due = wakers.waker._due.values()
            return not wakers.waker._asking and all(each.at > trio.current_time() for each in due)

        with trio.fail_after(PATIENCE_S):
            while not are_put_off():  # the host's bucket is empty; they wait their turn
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert wakers.waker.waiting > 10
        assert resolver.asked < 30, "nobody looks up whom they don't ask yet"
