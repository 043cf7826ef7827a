"""Four people with three devices each, who do everything that can be done to messages at once.

Real engines over real files. What everybody does is chance, by the test's seed, and what they have
done is tallied, so that a test knows what all devices must show in the end (see `agreement`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import UserError
from tests.client.linked import a_new_device, link
from tests.client.second_device import a_second_device
from tests.client.tally import Said, Tally
from tests.client.world import TurnedClock, World, connected, eventually, introduce
from tests.rounds import rounds

if TYPE_CHECKING:
    from restante.client.engine import LocalEngine
    from restante.client.interface import Message

PEOPLE: Final = ("alice", "bob", "carol", "dave")
DEVICES: Final = 3
LINKED: Final = "dave3"
"""The one device that is linked as users do it; the others are written to disk as if they were."""

PATIENCE_S: Final = rounds(30, 900)
HOUR_MS: Final = 3_600_000
MANY_WAITING: Final = 6
"""Who has so many messages in the outbox mostly waits until they are gone."""

EMOJI: Final = ("👍", "🎉", "😢", "❤️", "")
LATELY: Final = 40
"""People edit, react to and delete what was said lately."""


@dataclass(eq=False)
class Device:
    """One device of somebody's, and what chance has in store for it."""

    name: str
    """Of its profile."""
    account: str
    chance: Random
    clock: TurnedClock
    left: int = 0
    """Messages that it has still to send."""
    engine: LocalEngine | None = None

    @property
    def running(self) -> LocalEngine:
        assert self.engine is not None
        return self.engine


@dataclass(eq=False)
class Crowd:
    """All of them, in one world."""

    world: World
    devices: list[Device]
    keys: dict[str, str] = field(default_factory=dict)
    """Account: the key of the conversation with it, the same with everybody."""
    tally: Tally = field(default_factory=Tally)
    acts: int = 0
    awake: int = 0
    _moved: trio.Event = field(default_factory=trio.Event)

    def of(self, account: str) -> list[Device]:
        return [device for device in self.devices if device.account == account]

    @asynccontextmanager
    async def present(self, device: Device) -> AsyncIterator[LocalEngine]:
        """Run a device's engine."""
        async with self.world.online(device.name, clock=device.clock) as engine:
            device.engine = engine
            self._moves(awake=1)
            try:
                yield engine
            finally:
                device.engine = None
                self._moves(awake=-1)

    async def live(self, device: Device, count: int) -> None:
        """Send so many messages, and do other things meanwhile; the engine ends now and then."""
        device.left = count
        while device.left:
            async with self.present(device) as engine:
                for _ in range(device.chance.randint(10, 60)):
                    if not device.left:
                        break
                    await self._act(device, engine)
                    self.acts += 1
                    self._moves()
                if device.chance.random() < 0.3:
                    await self._sent_all(engine)
            if device.chance.random() < 0.7:
                await self._stay_away(device.chance.randint(1, 40))

    async def _stay_away(self, acts: int) -> None:
        """Wait until the others have done so much, or nobody is there any more."""
        until = self.acts + acts
        while self.acts < until and self.awake:
            await self._moved.wait()

    def _moves(self, *, awake: int = 0) -> None:
        self.awake += awake
        self._moved.set()
        self._moved = trio.Event()

    async def _sent_all(self, engine: LocalEngine, *, but: int = 0) -> None:
        """Wait until the outbox is empty, `but` for so many."""
        with trio.fail_after(PATIENCE_S):
            async with engine.subscribe() as events:
                while (await engine.status()).outbox_count > but:
                    await anext(events)

    async def _act(self, device: Device, engine: LocalEngine) -> None:
        if device.chance.random() < 0.8:
            await self._sent_all(engine, but=MANY_WAITING)
        people = await self._known(device, engine)
        if not people:
            self._moves(awake=-1)  # whoever can tell it of people must not wait for what it does
            people = await eventually(engine, lambda: self._known(device, engine))
            self._moves(awake=1)
        whom = device.chance.choice(people)
        (act,) = device.chance.choices([each for each, _ in ACTS], [often for _, often in ACTS])
        await act(self, device, engine, whom)

    async def _known(self, device: Device, engine: LocalEngine) -> list[str]:
        """Return whom a device has heard of by now."""
        known = {each.key for each in await engine.contacts()}
        return [each for each in PEOPLE if each != device.account and self.keys[each] in known]

    async def _pick(
        self, device: Device, engine: LocalEngine, whom: str, *, own: bool | None = None
    ) -> Message | None:
        """Choose a text that was said lately; one's own or another's, if that matters."""
        key = self.keys[whom]
        line = next((each for each in await engine.conversations() if each.key == key), None)
        if line is None:
            return None
        start = max(line.message_count - LATELY, 0)
        found = [
            each
            for each in await engine.messages(key, start=start, count=LATELY)
            if each.kind == "text" and own in {None, each.sender.is_me}
        ]
        return device.chance.choice(found) if found else None

    async def send(self, device: Device, engine: LocalEngine, whom: str) -> None:
        device.left -= 1
        text = f"{device.name} to {whom}: {device.left}"
        if device.chance.random() < 0.02:
            text += " long" * device.chance.randint(1_000, 3_000)
        quoted = None
        if device.chance.random() < 0.1:
            quoted = await self._pick(device, engine, whom)
        quote = None if quoted is None else quoted.id
        sent = await engine.send(self.keys[whom], text, quote=quote)
        self.tally.said[sent.id] = Said(by=device.account, to=whom, text=text)

    async def place(self, device: Device, engine: LocalEngine, whom: str) -> None:
        label = f"{device.name} at {self.acts}"
        latitude, longitude = device.chance.uniform(-90, 90), device.chance.uniform(-180, 180)
        sent = await engine.send_location(
            self.keys[whom], latitude=latitude, longitude=longitude, label=label
        )
        said = Said(by=device.account, to=whom, text=sent.body, kind="location")
        self.tally.said[sent.id] = said

    async def card(self, device: Device, engine: LocalEngine, whom: str) -> None:
        others = [each for each in await self._known(device, engine) if each != whom]
        if others:
            about = self.keys[device.chance.choice(others)]
            sent = await engine.send_contact(self.keys[whom], contact=about)
            said = Said(by=device.account, to=whom, text=sent.body, kind="contact")
            self.tally.said[sent.id] = said

    async def edit(self, device: Device, engine: LocalEngine, whom: str) -> None:
        message = await self._pick(device, engine, whom, own=True)
        if message is None:
            return
        text = f"edited by {device.name} at {self.acts}"
        if await went_through(engine, message, lambda: engine.edit(message.id, text)):
            self.tally.edits[message.id].append(text)
            self.tally.chose(device.name, text, "edit", message.id)

    async def react(self, device: Device, engine: LocalEngine, whom: str) -> None:
        message = await self._pick(device, engine, whom)
        if message is None:
            return
        emoji = device.chance.choice(EMOJI)
        if await went_through(engine, message, lambda: engine.react(message.id, emoji)):
            self.tally.chose(device.name, emoji, "reaction", message.id, device.account)

    async def pin(self, device: Device, engine: LocalEngine, whom: str) -> None:
        message = await self._pick(device, engine, whom)
        if message is None:
            return
        is_pinned = not message.pinned
        if await went_through(engine, message, lambda: engine.pin(message.id, pinned=is_pinned)):
            self.tally.chose(device.name, is_pinned, "pin", message.id)

    async def erase(self, device: Device, engine: LocalEngine, whom: str) -> None:
        message = await self._pick(device, engine, whom, own=True)
        if message is None or not await went_through(
            engine, message, lambda: engine.delete(message.id, for_everyone=True)
        ):
            return
        if await found(engine, message) is None:
            self.tally.take_back(message.id)
        else:
            self.tally.erased.add(message.id)

    async def hide(self, device: Device, engine: LocalEngine, whom: str) -> None:
        message = await self._pick(device, engine, whom, own=False)
        if message is not None and await went_through(
            engine, message, lambda: engine.delete(message.id, for_everyone=False)
        ):
            self.tally.hidden[device.account].add(message.id)

    async def read(self, device: Device, engine: LocalEngine, whom: str) -> None:
        message = await self._pick(device, engine, whom)
        if message is not None:
            await engine.mark_read(self.keys[whom], up_to=message.id)

    async def rename(self, device: Device, engine: LocalEngine, whom: str) -> None:
        name = f"{whom} of {device.name} at {self.acts}"
        await engine.contact_rename(self.keys[whom], name)
        self.tally.chose(device.name, name, "petname", device.account, whom)

    async def verify(self, device: Device, engine: LocalEngine, whom: str) -> None:
        is_verified = device.chance.random() < 0.5
        digits = (await engine.safety_number(self.keys[whom])).payload
        await engine.set_verified(self.keys[whom], verified=is_verified, digits=digits)
        trust = "verified" if is_verified else "unverified"
        self.tally.chose(device.name, trust, "trust", device.account, whom)

    async def mute(self, device: Device, engine: LocalEngine, whom: str) -> None:
        until = device.chance.choice((None, "2100-01-01T00:00:00.000Z"))
        await engine.set_muted(self.keys[whom], until=until)
        self.tally.chose(device.name, until, "muted_until", device.account, whom)

    async def keep_on_top(self, device: Device, engine: LocalEngine, whom: str) -> None:
        is_pinned = device.chance.random() < 0.5
        await engine.set_chat_pinned(self.keys[whom], pinned=is_pinned)
        self.tally.chose(device.name, is_pinned, "pinned", device.account, whom)

    async def draft(self, device: Device, engine: LocalEngine, whom: str) -> None:
        text = f"begun on {device.name} at {self.acts}"
        await engine.set_draft(self.keys[whom], text)
        self.tally.chose(device.name, text, "draft", device.account, whom)

    async def note(self, device: Device, engine: LocalEngine, _: str) -> None:
        text = f"note of {device.name} at {self.acts}"
        noted = await engine.send(self.keys[device.account], text)
        said = Said(by=device.account, to=device.account, text=text)
        self.tally.said[noted.id] = said


ACTS: Final[list[tuple[Callable[[Crowd, Device, LocalEngine, str], Awaitable[None]], int]]] = [
    (Crowd.send, 60),
    (Crowd.edit, 8),
    (Crowd.react, 10),
    (Crowd.pin, 4),
    (Crowd.erase, 3),
    (Crowd.hide, 2),
    (Crowd.read, 10),
    (Crowd.rename, 3),
    (Crowd.verify, 1),
    (Crowd.mute, 2),
    (Crowd.keep_on_top, 1),
    (Crowd.draft, 3),
    (Crowd.note, 3),
    (Crowd.place, 2),
    (Crowd.card, 1),
]
"""What is done, and how often beside each other."""


async def found(engine: LocalEngine, message: Message) -> Message | None:
    """Return a message as it stands now, if it is still there."""
    try:
        return await engine.message(message.id)
    except UserError:
        return None


async def went_through(
    engine: LocalEngine, message: Message, act: Callable[[], Awaitable[object]]
) -> bool:
    """Do something to a message; False if it was deleted meanwhile, on another device or there."""
    try:
        await act()
    except UserError:
        now = await found(engine, message)
        if now is None or now.kind == "deleted":
            return False
        raise
    return True


@asynccontextmanager
async def a_crowd(world: World, chance: Random) -> AsyncIterator[Crowd]:
    """Make everybody's accounts and devices, and have all know each other. Nobody is there yet."""
    devices = [
        Device(
            name=account if number == 0 else f"{account}{number + 1}",
            account=account,
            chance=Random(chance.random()),
            # The first ones' clocks are right, others' are off by hours.
            clock=TurnedClock(chance.randint(-3, 3) * HOUR_MS if number else 0),
        )
        for account in PEOPLE
        for number in range(DEVICES)
    ]
    crowd = Crowd(world=world, devices=devices)
    async with AsyncExitStack() as stack:
        firsts = {
            account: await stack.enter_async_context(world.online(account)) for account in PEOPLE
        }
        pairs = [(one, other) for one in PEOPLE for other in PEOPLE if one < other]
        # Some meet before they have several devices, some after.
        for one, other in pairs[::2]:
            crowd.keys[other], crowd.keys[one] = await introduce(firsts[one], firsts[other])
        for device in devices:
            if device.name == LINKED:
                async with a_new_device(world, device.name) as new:
                    await link(firsts[device.account], new)
            elif device.name != device.account:
                await a_second_device(world, firsts[device.account], device.name)
                async with world.online(device.name, clock=device.clock) as engine:
                    await connected(engine)  # others find its prekeys from now on
        for one, other in pairs[1::2]:
            crowd.keys[other], crowd.keys[one] = await introduce(firsts[one], firsts[other])
    yield crowd
