"""Backups that make themselves, and thin themselves out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from restante.client.clock import rfc3339
from restante.errors import UserError
from tests.client.backup_folder import names_in
from tests.client.world import (
    QUICK,
    TurnedClock,
    a_world,
    eventually,
)

QUICK_BACKUPS = replace(QUICK, backup_delay_s=0.0, backup_least_chunks=1)


async def test_backups_are_made_by_themselves_and_old_ones_go(tmp_path: Path) -> None:
    clock, place = TurnedClock(), tmp_path / "disk"
    place.mkdir()
    async with (
        a_world(tmp_path) as world,
        world.online("alice", clock=clock, tuning=QUICK_BACKUPS) as alice,
    ):
        with pytest.raises(UserError, match="write down its words"):
            await alice.backup_set_schedule(directory=str(place))
        with pytest.raises(UserError, match="name a file"):
            await alice.backup_create()
        await alice.backup_create(str(tmp_path / "first"))
        with pytest.raises(UserError, match="no directory"):
            await alice.backup_set_schedule(directory=str(tmp_path / "nowhere"))
        with pytest.raises(UserError, match="once an hour"):
            await alice.backup_set_schedule(directory=str(place), every_s=1)

        async def numbers(*expected: int) -> None:
            """Wait until these are there, listed and on the disk, and the next one is due later."""
            with trio.fail_after(120):
                while True:
                    found = [each.number for each in await alice.backups() if each.scheduled]
                    now = await alice.backup_schedule()
                    is_later = now is not None and now.next_at > rfc3339(clock.now_ms())
                    are_there = len(names_in(place)) == len(expected)
                    if tuple(found) == expected and are_there and is_later:
                        return
                    await trio.sleep(0.2)

        def an_hour_later() -> None:
            clock.ahead_ms += 3_600_001
            alice._doors.scheduling._alarm.set_anew()

        await alice.backup_set_schedule(directory=str(place), every_s=3600, keep=2)
        await numbers(2)
        an_hour_later()
        await numbers(3, 2)
        an_hour_later()
        await numbers(4, 3)
        assert {each.state for each in await alice.backups()} == {"there"}
        assert (await alice.backup_create()).number == 5
        await numbers(5, 4)
        # What fails is said, and nothing goes for it.
        place.rename(tmp_path / "pulled out")
        an_hour_later()

        async def says_so() -> bool:
            return "can't be written" in ((await alice.status()).error or "")

        await eventually(alice, says_so, patience_s=60)
        schedule = await alice.backup_schedule()
        assert schedule is not None
        assert "can't be written" in (schedule.error or "")
        assert {each.state for each in await alice.backups() if each.scheduled} == {"missing"}
        assert len(names_in(tmp_path / "pulled out")) == 2
        assert await alice.backup_set_schedule(directory=None) is None
        assert (await alice.status()).error is None
