"""Waiting until all that is due is done: what comes up meanwhile is done too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from restante.client.synchronising import synchronise
from tests.client.world import PATIENCE_S, a_world, connected, introduce

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from restante.client.outbox import Outbox


@dataclass
class Talkative:
    """An outbox beside which somebody writes once more, whenever it has just been emptied."""

    outbox: Outbox
    write: Callable[[], Awaitable[Any]]
    left: int

    async def hurry(self) -> None:
        await self.outbox.hurry()

    async def flush(self) -> None:
        await self.outbox.flush()
        if self.left:
            self.left -= 1
            await self.write()


async def test_what_is_queued_meanwhile_goes_too(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        await connected(alice)
        running = alice._services.running()
        talkative: Any = Talkative(running.outbox, lambda: alice.send(to_bob, "one more"), left=3)
        context, services = alice._context, alice._services
        assert await synchronise(context, services, replace(running, outbox=talkative))
        sent = await alice.messages(to_bob, start=0, count=10)
        assert [each.state in {"relayed", "delivered"} for each in sent] == [True] * 3


async def test_what_a_contacts_relay_does_not_take_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    async with a_world(tmp_path / "here") as here, here.online("alice") as alice:
        async with a_world(tmp_path / "there") as there:
            async with there.online("bob") as bob:
                to_bob, _ = await introduce(alice, bob)
            await connected(alice)
        await alice.send(to_bob, "for nobody now")
        assert not await alice.synchronise(timeout_s=PATIENCE_S)
