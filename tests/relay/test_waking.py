"""A device that is away is woken: once, without content, and never at anybody else's expense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.protocol import frames as f
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from restante.store.relay_tables import devices
from tests.relay.push_server import push_server
from tests.relay.wire import (
    Person,
    anonymous,
    authenticated,
    deposit,
    item,
    registered,
    relay_at,
    subscribed,
)

SOON = Limits(wake_after_s=0)
PATIENCE_S = 20


async def set_wake(relay: RunningRelay, who: Person, endpoint: str | None) -> Any:
    async with authenticated(relay, who) as wire:
        return await wire.ask(f.SetWake, endpoint=endpoint)


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
            (signed,) = [line for line in lines if line.startswith("authorization: vapid t=")]
            assert lines - {signed} == {
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
