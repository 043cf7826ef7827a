"""Several accounts open in one chat: none is less locked for being out of sight."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import trio

from restante.client.commands.seats import Seats
from restante.client.interface import Engine
from restante.client.profile import Profile
from tests.tui.scripted_engine import ScriptedEngine

PASSPHRASE = "correct horse battery staple"


def a_profile(place: Path, name: str) -> tuple[Profile, ScriptedEngine]:
    profile = Profile(name=name, directory=place / name)
    profile.create()
    engine = ScriptedEngine()
    engine.put_under(PASSPHRASE, locked=False)
    return profile, engine


async def is_locked(engine: ScriptedEngine) -> None:
    with trio.fail_after(30):
        while not (await engine.protection()).is_locked:  # noqa: ASYNC110  # nobody tells us
            await trio.sleep(0.01)


async def test_whoever_locks_the_account_in_sight_has_locked_all(tmp_path: Path) -> None:
    (one, first), (two, second) = a_profile(tmp_path, "one"), a_profile(tmp_path, "two")
    engines = {"one": first, "two": second}

    @asynccontextmanager
    async def opener(profile: Profile) -> AsyncIterator[Engine]:
        yield cast("Engine", engines[profile.name])

    async with trio.open_nursery() as nursery:
        seats = Seats(nursery, lock_after_s=lambda _: None)
        seats.show(one)
        await seats.open(one, opener)
        shown = seats.show(two)
        await seats.open(two, opener)
        await first.lock()
        assert not (await second.protection()).is_locked, "the one out of sight says nothing of it"
        await first.unlock(passphrase=PASSPHRASE)
        await shown.lock()
        await is_locked(first)
        nursery.cancel_scope.cancel()


async def test_out_of_sight_an_account_locks_when_its_settings_say(tmp_path: Path) -> None:
    (one, first), (two, second) = a_profile(tmp_path, "one"), a_profile(tmp_path, "two")
    engines = {"one": first, "two": second}
    after_s = {"one": 0.05, "two": None}

    @asynccontextmanager
    async def opener(profile: Profile) -> AsyncIterator[Engine]:
        yield cast("Engine", engines[profile.name])

    async with trio.open_nursery() as nursery:
        seats = Seats(nursery, lock_after_s=lambda profile: after_s[profile.name])
        seats.show(one)
        await seats.open(one, opener)
        seats.show(two)
        await seats.open(two, opener)
        await is_locked(first)
        seats.show(one)
        await seats.open(one, opener)
        assert not (await second.protection()).is_locked
        nursery.cancel_scope.cancel()
