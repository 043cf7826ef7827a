"""Devices that are linked as users link them: a code from one screen, six digits from the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from restante.client.engine import LocalEngine, open_engine
from restante.client.interface import LinkState
from tests.client.world import QUICK, World, connected, eventually, have_database, key_of

if TYPE_CHECKING:
    from restante.client.clock import Clock
    from restante.client.context import Tuning
    from restante.client.interface import Device, DeviceLink


@asynccontextmanager
async def a_new_device(
    world: World, name: str, *, tuning: Tuning = QUICK, clock: Clock | None = None
) -> AsyncIterator[LocalEngine]:
    """Run an engine over an empty profile."""
    await have_database(world.profile(name), name)
    async with open_engine(
        world.profile(name), key_of(name), profile=name, tuning=tuning, clock=clock
    ) as engine:
        yield engine


async def comes_to(engine: LocalEngine, state: LinkState) -> DeviceLink:
    """Wait until a linking is in a state, and return it."""

    async def look() -> DeviceLink | None:
        found = await engine.link_state()
        return found if found is not None and found.state is state else None

    found = await eventually(engine, look)
    assert found is not None
    return found


async def digits_of(new: LocalEngine) -> str:
    """Wait for the digits that a new device shows."""
    digits = (await comes_to(new, LinkState.COMPARE)).digits
    assert digits is not None
    return digits


async def link(old: LocalEngine, new: LocalEngine, *, name: str | None = None) -> Device:
    """Link a new device to the account of an old one, and wait until it is connected."""
    address = (await old.status()).address
    assert address is not None
    shown = await new.link_begin(address=address, name=name)
    assert shown.code is not None
    await old.link_open(shown.code)
    linked = await old.link_confirm(await digits_of(new))
    await comes_to(new, LinkState.LINKED)
    await connected(new)
    return linked
