"""Who runs the engine: one at a time, and the attached go on when it ends."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.client.attach import attach
from restante.client.interface import ConnectionPhase, MessageAdded, Resync, StatusChanged
from restante.client.lock import ProfileLock
from restante.client.oneshot import Caller, EngineThread
from restante.client.profile import Profile
from restante.client.running import Seat, engine_for
from restante.errors import ExitCode, StoreError, UserError
from tests.client.served_engine import ServedEngine, make_profile, opener_of
from tests.tui.scripted_parts import Stream


class Runner:
    """One program that uses the engine; ends when told to, or in an instant when killed."""

    def __init__(self, profile: Profile, engine: ServedEngine) -> None:
        self._profile = profile
        self._opener = opener_of(engine)
        self._scope = trio.CancelScope()
        self.ended = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[Seat]) -> None:
        with self._scope:
            async with engine_for(self._profile, self._opener) as seat:
                task_status.started(seat)
                await trio.sleep_forever()
        self.ended.set()

    async def end(self) -> None:
        self._scope.cancel()
        with trio.fail_after(30):
            await self.ended.wait()


async def until(claim: Callable[[], bool]) -> None:
    with trio.fail_after(30):
        while not claim():
            await trio.lowlevel.checkpoint()


async def test_the_first_serves_and_the_others_attach(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, engine = make_profile(tmp_path), ServedEngine()
    seats = [await nursery.start(Runner(profile, engine).run) for _ in range(3)]
    assert [seat.is_host for seat in seats] == [True, False, False]
    key = engine.person("bob@relay.example")
    for seat in seats:
        assert await seat.engine.resolve("bob@relay.example") == key


async def test_when_the_engine_ends_one_of_the_attached_goes_on(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, engine = make_profile(tmp_path), ServedEngine()
    runners = [Runner(profile, engine) for _ in range(4)]
    seats: list[Seat] = [await nursery.start(runner.run) for runner in runners]
    left = list(zip(runners, seats, strict=True))
    for _ in range(3):
        host = next(pair for pair in left if pair[1].is_host)
        left.remove(host)
        await host[0].end()
        await until(lambda: sum(seat.is_host for _, seat in left) == 1)
        for _, seat in left:
            with trio.fail_after(30):
                assert (await seat.engine.status()).pid == 1
    assert sum(seat.is_host for _, seat in left) == 1


async def test_a_call_under_way_is_made_again_at_the_next_engine(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, first, second = make_profile(tmp_path), ServedEngine(), ServedEngine()
    host = Runner(profile, first)
    await nursery.start(host.run)
    seat: Seat = await nursery.start(Runner(profile, second).run)
    answers: list[bool] = []

    async def call() -> None:
        answers.append(await seat.engine.synchronise(timeout_s=60))

    nursery.start_soon(call)
    await until(lambda: first.calls == ["synchronise"])
    await host.end()
    await until(lambda: second.calls == ["synchronise"])
    second.hold_synchronise.set()
    await until(lambda: answers == [True])


async def test_a_subscription_goes_on_and_is_told_to_read_anew(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, engine = make_profile(tmp_path), ServedEngine()
    key = engine.person("bob@relay.example")
    host = Runner(profile, engine)
    await nursery.start(host.run)
    seat: Seat = await nursery.start(Runner(profile, engine).run)
    async with seat.engine.subscribe() as events:
        before = engine.hear(key, "before")
        with trio.fail_after(30):
            assert await anext(aiter(events)) == MessageAdded(message=before)
            await host.end()
            seen: list[Any] = []
            async for event in events:
                seen.append(event)
                if isinstance(event, Resync):
                    break
            engine.go(ConnectionPhase.OFFLINE)
            async for event in events:
                if isinstance(event, StatusChanged):
                    break
    assert event.status.phase is ConnectionPhase.OFFLINE


class SlowToListen(ServedEngine):
    """As an engine in another process may be: to subscribe takes longer than a call."""

    def subscribe(self) -> Stream:
        class Slow(Stream):
            async def __aenter__(self) -> Stream:
                await trio.testing.wait_all_tasks_blocked()
                return await super().__aenter__()

        return Slow(self.streams)


async def test_before_the_first_engine_calls_wait_and_whoever_watches_misses_nothing(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, engine, seat = make_profile(tmp_path), SlowToListen(), Seat()
    key = engine.person("bob@relay.example")
    is_heard = trio.Event()

    async def listen() -> None:
        async with seat.engine.subscribe() as events:
            async for event in events:
                if isinstance(event, MessageAdded):
                    is_heard.set()

    async def call() -> None:
        await seat.engine.resolve("bob@relay.example")
        engine.hear(key, "as soon as it answers")

    for task in (listen, call):
        nursery.start_soon(task)
        await trio.testing.wait_all_tasks_blocked()
    async with engine_for(profile, opener_of(engine), seat=seat):
        with trio.fail_after(30):
            await is_heard.wait()


async def test_an_engine_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(profile: Profile) -> AsyncIterator[ServedEngine]:
        raise StoreError("the file is damaged")
        yield ServedEngine()

    profile = make_profile(tmp_path)
    with trio.fail_after(30), pytest.raises(ExceptionGroup) as caught:
        async with engine_for(profile, broken):
            pytest.fail("there is no engine")
    assert caught.group_contains(StoreError)
    lock = ProfileLock.try_acquire(profile)
    assert lock is not None
    lock.release()


async def test_a_holder_that_never_serves_is_named(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    with ProfileLock.try_acquire(profile) or pytest.fail("nobody holds it"):
        with pytest.raises(ExceptionGroup) as caught:
            async with engine_for(profile, opener_of(ServedEngine()), start_timeout_s=0.1):
                pytest.fail("there is no engine")
        assert caught.group_contains(UserError, match="holds the profile")


def hosting(engine: ServedEngine) -> Callable[[Profile, ProfileLock], EngineThread]:
    return lambda profile, lock: EngineThread.start(profile, lock, opener_of(engine))


def refuse_to_host(profile: Profile, lock: ProfileLock) -> EngineThread:
    lock.release()
    pytest.fail("an engine ran already")


def test_a_command_without_an_engine_starts_its_own_and_ends_it(tmp_path: Path) -> None:
    profile, engine = make_profile(tmp_path), ServedEngine()
    with Caller(profile, host=hosting(engine)) as caller:
        assert caller.call("status")["pid"] == 1
        assert ProfileLock.try_acquire(profile) is None
        other = attach(profile)  # a second command, at the same time
        assert other is not None
        with other:
            assert other.call("status", {})["pid"] == 1
    assert attach(profile) is None
    lock = ProfileLock.try_acquire(profile)
    assert lock is not None
    lock.release()
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]


def test_a_command_beside_a_running_engine_attaches(tmp_path: Path) -> None:
    profile, engine = make_profile(tmp_path), ServedEngine()
    lock = ProfileLock.try_acquire(profile)
    assert lock is not None
    running = EngineThread.start(profile, lock, opener_of(engine))
    try:
        with Caller(profile, host=refuse_to_host) as caller:
            assert caller.call("status")["pid"] == 1
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("method", "params"),
    [("later_than_this", {}), ("resolve", {"text": "bob", "since": 2}), ("resolve", {})],
)
def test_a_command_beside_an_engine_of_another_version_says_what_to_do(
    tmp_path: Path, method: str, params: dict[str, Any]
) -> None:
    profile, engine = make_profile(tmp_path), ServedEngine()
    with Caller(profile, host=hosting(engine)), Caller(profile, host=refuse_to_host) as caller:
        for call in (partial(caller.call, method), partial(caller.call_watching, method, print)):
            with pytest.raises(UserError, match=r"another version .* End it") as caught:
                call(**params)
            assert caught.value.exit_code == ExitCode.FIXABLE
        with pytest.raises(UserError) as typed:
            caller.call_as_given(method, params)  # `restante rpc`: a person chose both
        assert typed.value.exit_code == ExitCode.USAGE


def test_a_command_outlives_the_engine_it_was_attached_to(tmp_path: Path) -> None:
    profile, first, second = make_profile(tmp_path), ServedEngine(), ServedEngine()
    key = second.person("bob@relay.example")
    lock = ProfileLock.try_acquire(profile)
    assert lock is not None
    running = EngineThread.start(profile, lock, opener_of(first))
    with Caller(profile, host=hosting(second)) as caller:
        caller.subscribe()
        assert caller.call("status")["pid"] == 1
        running.stop()
        assert caller.next_event(timeout_s=30) == {"type": "resync"}
        caller.call("send", conversation=key, text="hi", message_id="ab" * 16)
        event = caller.next_event(timeout_s=30)
        assert event is not None
        assert event["type"] in {"message_added", "conversation_changed"}
    assert first.calls == ["status"]
    assert second.calls == ["send"]


def test_what_keeps_an_own_engine_from_starting_is_raised_to_the_command(tmp_path: Path) -> None:
    @asynccontextmanager
    async def broken(profile: Profile) -> AsyncIterator[ServedEngine]:
        raise UserError("The database is damaged.", exit_code=ExitCode.UNAVAILABLE)
        yield ServedEngine()

    profile = make_profile(tmp_path)
    caller = Caller(profile, host=lambda p, lock: EngineThread.start(p, lock, broken))
    with pytest.raises(UserError, match="damaged"), caller:
        pytest.fail("there is no engine")
    lock = ProfileLock.try_acquire(profile)
    assert lock is not None
    lock.release()


def test_a_command_needs_a_profile(tmp_path: Path) -> None:
    profile = Profile(name="none", directory=tmp_path / "none")
    with pytest.raises(UserError, match="restante init"), Caller(profile, host=refuse_to_host):
        pytest.fail("there is no profile")
