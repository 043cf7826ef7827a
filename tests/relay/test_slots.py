"""Slots: a place for ten minutes, written once, nobody's, and not for one network to fill."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.limits import MAX_SLOT_BYTES, SLOT_TTL_S
from restante.relay.limits import Limits
from tests.relay.answers import Clock, code_of
from tests.relay.wire import (
    anonymous,
    relay_at,
    sql,
)

pytestmark = pytest.mark.usefixtures("engine")

LAVISH = Limits(requests_per_network=10_000, request_burst=10_000, slots_per_network=1000)


async def test_a_slot_is_written_once_and_read_by_who_knows_it(tmp_path: Path) -> None:
    slot, sealed = os.urandom(16), os.urandom(MAX_SLOT_BYTES)
    async with (
        relay_at(tmp_path, limits=LAVISH) as relay,
        anonymous(relay) as new,
        anonymous(relay) as old,
    ):
        assert code_of(await old.ask(f.FetchSlot, slot=slot)) == WireCode.NOT_FOUND
        assert isinstance(await new.ask(f.PutSlot, slot=slot, sealed=sealed), f.Done)
        for _ in range(2):
            assert (await old.ask(f.FetchSlot, slot=slot)).sealed == sealed
        again = await new.ask(f.PutSlot, slot=slot, sealed=sealed)
        assert isinstance(again, f.Done), "an answer may have been lost"
        other = await old.ask(f.PutSlot, slot=slot, sealed=b"mine")
        assert code_of(other) == WireCode.CONFLICT
        assert (await old.ask(f.FetchSlot, slot=slot)).sealed == sealed


async def test_a_slot_is_gone_after_its_ten_minutes_and_free_again(tmp_path: Path) -> None:
    clock, slot = Clock(), os.urandom(16)
    async with relay_at(tmp_path, limits=LAVISH, clock=clock) as relay:
        async with anonymous(relay) as wire:
            await wire.ask(f.PutSlot, slot=slot, sealed=b"first")
            clock.now_s += SLOT_TTL_S - 1
            assert (await wire.ask(f.FetchSlot, slot=slot)).sealed == b"first"
            clock.now_s += 1
            assert code_of(await wire.ask(f.FetchSlot, slot=slot)) == WireCode.NOT_FOUND
            assert isinstance(await wire.ask(f.PutSlot, slot=slot, sealed=b"second"), f.Done)
            assert (await wire.ask(f.FetchSlot, slot=slot)).sealed == b"second"
        clock.now_s += SLOT_TTL_S
        await relay.services.slots.expire()
        assert await sql(relay, "SELECT count(*) FROM slots") == [(0,)]


async def test_a_slot_outlives_a_restart_of_the_relay(tmp_path: Path) -> None:
    slot = os.urandom(16)
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        await wire.ask(f.PutSlot, slot=slot, sealed=b"still here")
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        assert (await wire.ask(f.FetchSlot, slot=slot)).sealed == b"still here"


async def test_slots_are_bounded_and_come_back(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(slots=2)
    async with relay_at(tmp_path, limits=limits, clock=clock) as relay, anonymous(relay) as wire:
        slots = [os.urandom(16) for _ in range(3)]
        for slot in slots[:2]:
            assert isinstance(await wire.ask(f.PutSlot, slot=slot, sealed=b"x"), f.Done)
        full = await wire.ask(f.PutSlot, slot=slots[2], sealed=b"x")
        assert code_of(full) == WireCode.FULL
        assert full.retry_after_s > 0
        again = await wire.ask(f.PutSlot, slot=slots[0], sealed=b"x")
        assert isinstance(again, f.Done), "what is there already takes no room"
        clock.now_s += SLOT_TTL_S
        assert isinstance(await wire.ask(f.PutSlot, slot=slots[2], sealed=b"x"), f.Done)


async def test_one_network_puts_and_asks_for_slots_at_a_rate(tmp_path: Path) -> None:
    limits = Limits(requests_per_network=1, request_burst=4)
    async with relay_at(tmp_path, limits=limits) as relay, anonymous(relay) as wire:
        # Until it is refused: while it is asked, it also gives some back, one a second.
        with trio.fail_after(120):
            count = 0
            while isinstance(
                put := await wire.ask(f.PutSlot, slot=os.urandom(16), sealed=b"x"), f.Done
            ):
                count += 1
            assert count >= 40
            assert isinstance(put, f.Refused)
            assert put.code == WireCode.SLOW_DOWN
            assert put.retry_after_s > 0
            asked = []
            while WireCode.SLOW_DOWN not in asked:
                asked.append(code_of(await wire.ask(f.FetchSlot, slot=os.urandom(16))))
        assert set(asked) == {WireCode.NOT_FOUND, WireCode.SLOW_DOWN}
