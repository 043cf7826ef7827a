"""Locking: the engine forgets its keys, everybody is told, and the passphrase brings it back."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.client.events import EventHub, Subscription
from restante.client.interface import Locked, Resync
from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.guarded import guarded
from restante.client.keeping.protection import draw_key, key_file_of, open_key
from restante.client.keeping.refusals import LockedError
from restante.client.lock import ProfileLock
from restante.client.oneshot import Caller, EngineThread
from restante.client.own_engine import open_engine_alone, open_own_engine
from restante.client.profile import Profile
from restante.client.running import engine_for
from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import Passphrase, Stretching
from restante.errors import ExitCode, StoreError, UserError
from restante.store.seam import open_loop
from restante.store.sqlcipher import DatabaseKey
from tests.client.served_engine import make_profile

CHEAP = Stretching(passes=1, memory_bytes=8192)
OWLS = "three small owls"


def under_owls(place: Path, name: str = "default") -> Profile:
    profile = Profile(name=name, directory=place / "profiles" / name)
    make = partial(key_file_of, draw_key(), "passphrase", Passphrase(OWLS), stretching=CHEAP)
    profile.create(make)
    return profile


class Real:
    """What is there while it is unlocked."""

    def __init__(self, under_way: trio.Event) -> None:
        self.hub = EventHub()
        self._under_way = under_way

    def subscribe(self) -> Subscription:
        return self.hub.subscribe()

    async def status(self) -> str:
        return "open"

    async def set_setting(self, name: str, value: str) -> str:
        return f"{name}={value}"

    async def retry_now(self) -> str:
        if self._under_way.is_set():
            return "the second time"
        self._under_way.set()
        await trio.sleep_forever()
        raise AssertionError


class Inner:
    """Opens it, and counts how often it is open."""

    def __init__(self) -> None:
        self.open_count = 0
        self.keys: list[ProfileKey] = []
        self.under_way = trio.Event()
        self.fails: Exception | None = None

    @asynccontextmanager
    async def opener(self, key: ProfileKey) -> AsyncIterator[Any]:
        if self.fails is not None:
            raise self.fails
        self.keys.append(key)
        self.open_count += 1
        real = Real(self.under_way)
        try:
            yield real
        finally:
            await trio.lowlevel.cancel_shielded_checkpoint()
            self.open_count -= 1
            real.hub.close()


async def refuses(call: Any) -> UserError:
    with pytest.raises(UserError) as refusal:
        await call
    return refusal.value


async def test_it_begins_locked_and_the_passphrase_opens_it(tmp_path: Path) -> None:
    profile, inner = under_owls(tmp_path), Inner()
    async with (
        guarded(profile, inner.opener, key=None, may_wait=True) as engine,
        engine.subscribe() as events,
    ):
        assert (await engine.protection()).is_locked
        assert (await refuses(engine.status())).exit_code is ExitCode.LOCKED
        wrong = await refuses(engine.unlock(passphrase="three large owls"))
        assert wrong.exit_code is ExitCode.LOCKED
        assert inner.open_count == 0
        assert not (await engine.unlock(passphrase=OWLS)).is_locked
        assert await engine.status() == "open"
        assert await engine.set_setting(name="typing", value="on") == "typing=on"
        assert isinstance(await anext(events), Resync)
        await engine.unlock(passphrase="whatever: it is open")
        assert inner.open_count == 1
    assert inner.open_count == 0


async def test_locking_ends_what_runs_and_tells_who_watches(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, inner = under_owls(tmp_path), Inner()
    key = open_key(profile, Passphrase(OWLS))
    refusals: list[UserError] = []

    async with guarded(profile, inner.opener, key=key, may_wait=False) as engine:

        async def call() -> None:
            refusals.append(await refuses(engine.retry_now()))

        async with engine.subscribe() as events:
            nursery.start_soon(call)
            await inner.under_way.wait()
            assert (await engine.lock()).is_locked
            assert inner.open_count == 0  # closed when the answer comes
            assert [each.exit_code for each in refusals] == [ExitCode.LOCKED]
            assert isinstance(await anext(events), Locked)
            assert (await engine.lock()).is_locked  # again: nothing happens
            await engine.unlock(passphrase=OWLS)
            assert isinstance(await anext(events), Resync)
            assert await engine.status() == "open"


async def test_what_has_no_passphrase_cannot_be_locked(tmp_path: Path) -> None:
    profile, inner = make_profile(tmp_path), Inner()
    async with guarded(profile, inner.opener, key=None, may_wait=False) as engine:
        refusal = await refuses(engine.lock())
        assert "restante passphrase set" in str(refusal)
        assert await engine.status() == "open"
        profile.key_path.unlink()  # it was wiped: nothing must stay in memory
        with pytest.raises(UserError, match="no profile"):
            await engine.lock()
        assert inner.open_count == 0


async def test_a_passphrase_is_set_changed_and_taken_away_while_it_runs(tmp_path: Path) -> None:
    profile, inner = make_profile(tmp_path), Inner()
    async with guarded(profile, inner.opener, key=None, may_wait=False, stretching=CHEAP) as engine:
        assert (await engine.passphrase_change(passphrase=None, new=OWLS)).kept_by == "passphrase"
        short = await refuses(engine.passphrase_change(passphrase=OWLS, new="short"))
        assert short.exit_code is ExitCode.FIXABLE
        unproven = await refuses(engine.passphrase_change(passphrase=None, new="another one"))
        assert unproven.exit_code is ExitCode.LOCKED
        await engine.passphrase_change(passphrase=OWLS, new="another one")
        await engine.lock()
        assert (await refuses(engine.unlock(passphrase=OWLS))).exit_code is ExitCode.LOCKED
        await engine.unlock(passphrase="another one")
        assert inner.open_count == 1
        assert (await engine.passphrase_change(passphrase="another one", new=None)).kept_by == (
            "file"
        )
        assert inner.open_count == 1
        assert await engine.status() == "open"
    assert len({key.raw for key in inner.keys}) == 4  # as it was, owls, another one, in a file


async def test_while_the_key_is_changed_calls_wait_and_watchers_look_again(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile, inner = make_profile(tmp_path), Inner()
    said: list[str] = []
    async with guarded(profile, inner.opener, key=None, may_wait=False, stretching=CHEAP) as engine:

        async def call() -> None:
            said.append(str(await engine.retry_now()))  # type: ignore[func-returns-value]

        async with engine.subscribe() as events, engine.subscribe() as late:
            nursery.start_soon(call)
            await inner.under_way.wait()
            await engine.passphrase_change(passphrase=None, new=OWLS)
            assert isinstance(await anext(events), Resync)
            await engine.lock()
            assert isinstance(await anext(events), Locked)
            assert isinstance(await anext(late), Resync | Locked)
            await engine.unlock(passphrase=OWLS)
            assert isinstance(await anext(events), Resync)
    assert said == ["the second time"]


async def test_it_locks_by_itself_when_nobody_uses_it(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    profile, inner = under_owls(tmp_path), Inner()
    key = open_key(profile, Passphrase(OWLS))
    async with guarded(
        profile, inner.opener, key=key, may_wait=False, lock_after_s=600.0
    ) as engine:
        for _ in range(3):
            await trio.sleep(500)
            assert await engine.status() == "open"
        async with engine.subscribe() as events:  # watching is not using
            await trio.sleep(700)
            assert isinstance(await anext(events), Locked)
        assert (await engine.protection()).is_locked
        assert inner.open_count == 0
        # From here on time runs while unlocking waits for a thread, and by itself it would jump.
        autojump_clock.autojump_threshold = math.inf
        await engine.unlock(passphrase=OWLS)
        autojump_clock.jump(500)
        await trio.testing.wait_all_tasks_blocked()
        await engine.unlock(passphrase="whatever: it is open")  # waits for whoever locks
        assert await engine.status() == "open"


async def test_who_stood_by_with_the_former_key_asks_for_the_new_one(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    former = open_key(profile)
    async with open_loop():
        async with open_own_engine(profile) as engine:
            await engine.status()
        keep_otherwise(profile, former, "passphrase", Passphrase(OWLS), stretching=CHEAP)
        async with open_own_engine(profile, key=former, may_wait=True) as engine:
            assert (await engine.protection()).is_locked
            await engine.unlock(passphrase=OWLS)
            assert (await engine.status()).profile == "default"


async def test_what_cannot_be_opened_stays_locked_and_says_why(tmp_path: Path) -> None:
    profile, inner = under_owls(tmp_path), Inner()
    async with guarded(profile, inner.opener, key=None, may_wait=True) as engine:
        inner.fails = StoreError("the disk is full")
        with pytest.raises(StoreError, match="full"):
            await engine.unlock(passphrase=OWLS)
        assert (await engine.protection()).is_locked
        inner.fails = None
        await engine.unlock(passphrase=OWLS)
        assert await engine.status() == "open"


async def test_who_cannot_wait_is_refused(tmp_path: Path) -> None:
    profile, inner = under_owls(tmp_path), Inner()
    with pytest.raises(LockedError, match="RESTANTE_PASSPHRASE_FILE"):
        async with guarded(profile, inner.opener, key=None, may_wait=False):
            pytest.fail("it has no key")


async def test_a_fault_of_the_real_engine_ends_it_all(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    inner = Inner()
    inner.fails = StoreError("the disk is full")
    with pytest.raises(StoreError, match="full"):
        async with guarded(profile, inner.opener, key=None, may_wait=True):
            pytest.fail("it can't be opened")


async def test_everybody_who_is_attached_is_told_and_can_unlock(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    profile = under_owls(tmp_path)
    opener = partial(open_own_engine, key=open_key(profile, Passphrase(OWLS)))
    with trio.fail_after(60):
        async with (
            open_loop(),
            engine_for(profile, opener) as host,
            engine_for(profile, opener) as attached,
            host.subscribe() as here,
            attached.subscribe() as there,
        ):
            assert (host.is_host, attached.is_host) == (True, False)
            assert (await attached.engine.lock()).is_locked
            assert isinstance(await anext(here), Locked)
            assert isinstance(await anext(there), Locked)
            refusal = await refuses(attached.engine.status())
            assert refusal.exit_code is ExitCode.LOCKED
            await attached.engine.unlock(passphrase=OWLS)
            assert isinstance(await anext(here), Resync)
            assert isinstance(await anext(there), Resync)
            assert (await attached.engine.status()).profile == "default"


def open_files() -> list[str]:
    return [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]


async def test_locked_holds_no_key_and_no_open_file(tmp_path: Path) -> None:
    """Of freed memory nobody can promise anything; that nothing refers to a key, we do."""
    profile = under_owls(tmp_path)
    raw = open_key(profile, Passphrase(OWLS)).raw

    def keys_in_memory() -> int:
        gc.collect()
        holders = [each for each in gc.get_objects() if isinstance(each, ProfileKey | DatabaseKey)]
        return sum(getattr(each, "raw", getattr(each, "_raw", b"")) == raw for each in holders)

    with trio.fail_after(60):
        async with open_loop(), open_own_engine(profile, may_wait=True) as engine:
            assert keys_in_memory() == 0
            await engine.unlock(passphrase=OWLS)
            assert keys_in_memory() > 0
            assert str(profile.database_path) in open_files()
            await engine.lock()
            assert keys_in_memory() == 0
            assert not [
                each for each in open_files() if each.startswith(str(profile.database_path))
            ]


def test_a_command_that_is_attached_ends_when_it_is_locked(tmp_path: Path) -> None:
    profile = under_owls(tmp_path)
    key = open_key(profile, Passphrase(OWLS))

    def host(profile: Profile, lock: ProfileLock) -> EngineThread:
        return EngineThread.start(profile, lock, partial(open_engine_alone, key=key))

    with Caller(profile, host=host) as hosting, Caller(profile, host=host) as attached:
        assert not attached.is_host
        attached.subscribe()
        hosting.call("lock")
        with pytest.raises(LockedError):
            attached.wait_for_received()
        with pytest.raises(UserError) as refusal:
            attached.call("status")
        assert refusal.value.exit_code is ExitCode.LOCKED


def test_the_key_is_asked_for_before_the_lock_is_taken(tmp_path: Path) -> None:
    """Who types slowly keeps nobody else from the profile."""
    profile = under_owls(tmp_path)
    keep_otherwise(profile, open_key(profile, Passphrase(OWLS)), "file")
    was_free: list[bool] = []

    def before(profile: Profile) -> None:
        lock = ProfileLock.try_acquire(profile)
        was_free.append(lock is not None)
        if lock is not None:
            lock.release()

    def host(profile: Profile, lock: ProfileLock) -> EngineThread:
        return EngineThread.start(profile, lock, open_engine_alone)

    with Caller(profile, host=host, before_hosting=before) as caller:
        assert caller.call("status")["profile"] == "default"
    assert was_free == [True]
