"""Whether all devices of a crowd show the same, and all of what was done.

Two steps: everything has come to rest (nothing waits on any device or at the relay), and then each
device is compared with what was done. What only an order of ranks decides, such as the last of two
edits from two devices, must be one of the last ones, and the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from restante.store import client_inbox, client_records
from restante.store import client_transfer_rows as history
from restante.store.client_conversations import gaps, own_counter
from restante.store.client_outbox import outbox_entries
from restante.store.client_sync import has_touched
from tests.client.crowd import PATIENCE_S, PEOPLE, Crowd, Device

if TYPE_CHECKING:
    from restante.client.engine import LocalEngine
    from restante.client.interface import Message, Received
    from restante.store.client_rows import Rows

PAGE: Final = 512
KINDS: Final = frozenset({"text", "deleted", "location", "contact"})
LOOK_AGAIN_S: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All that one device shows."""

    conversations: dict[str, list[Message]]
    """Account: the conversation with it."""
    contacts: dict[str, tuple[str | None, str, str]]
    """Account: petname, trust, state."""
    lines: dict[str, tuple[str | None, bool, str]]
    """Account: until when the conversation with it is muted, whether it is pinned, its draft."""
    feed: list[str]
    """Ids of what arrived, in the order in which a consumer gets them."""


def what_waits(rows: Rows) -> list[str]:
    """Say what keeps a device from being at rest."""
    entries = outbox_entries(rows)
    missing = {
        key.hex()[:8]: len(found)
        for key in history.conversation_keys(rows)
        if (found := gaps(rows, key))
    }
    return [
        *([f"{len(entries)} in the outbox"] if entries else []),
        *([f"missing {missing}"] if missing else []),
        *(["receipts"] if client_inbox.count_receipts(rows) else []),
        *(["records to be told"] if has_touched(rows) else []),
    ]


async def comes_to_rest(crowd: Crowd) -> None:
    """Wait until nothing is under way any more, with all devices there."""
    waiting = [True]
    while any(waiting):
        for device in crowd.devices:
            await at_rest(device)
        await crowd.world.relay.emptied()
        waiting = [bool(await device.running._context.read(what_waits)) for device in crowd.devices]


async def at_rest(device: Device) -> None:
    engine = device.running
    try:
        with trio.fail_after(PATIENCE_S):
            async with engine.subscribe() as events:
                while await engine._context.read(what_waits):
                    # What devices of one account miss of each other's talk is shown to nobody.
                    with trio.move_on_after(LOOK_AGAIN_S):
                        await anext(events)
    except trio.TooSlowError:
        left = await engine._context.read(what_waits)
        raise AssertionError(f"{device.name}: {left}, {await engine.status()}") from None


async def picture_of(crowd: Crowd, device: Device) -> Picture:
    """Read everything that a device shows."""
    engine = device.running
    whom = {key: account for account, key in crowd.keys.items()}
    return Picture(
        conversations={account: await _history(engine, crowd.keys[account]) for account in PEOPLE},
        contacts={
            whom[each.key]: (each.petname, each.trust.value, each.state.value)
            for each in await engine.contacts()
            if whom.get(each.key) not in {None, device.account}
        },
        lines={
            whom[each.key]: (each.muted_until, each.pinned, each.draft)
            for each in await engine.conversations()
            if each.key in whom
        },
        feed=[
            line.message.id
            for line in await _consumed(engine)
            if line.type == "message" and not line.message.sender.is_me
        ],
    )


async def _history(engine: LocalEngine, key: str) -> list[Message]:
    shown: list[Message] = []
    while page := await engine.messages(key, start=len(shown), count=PAGE):
        shown += page
    return shown


async def _consumed(engine: LocalEngine) -> list[Received]:
    lines: list[Received] = []
    while page := await engine.consume("agreement", limit=PAGE):
        lines += page
        await engine.acknowledge("agreement", cursor=page[-1].cursor)
    return lines


async def all_agree(crowd: Crowd) -> None:
    """Compare every device with what was done, and the devices with each other."""
    pictures = {device: await picture_of(crowd, device) for device in crowd.devices}
    has_read = {
        account: {
            message.id
            for device in crowd.of(account)
            for messages in pictures[device].conversations.values()
            for message in messages
            if not message.sender.is_me and message.state == "read"
        }
        for account in PEOPLE
    }
    for device, picture in pictures.items():
        for whom, messages in picture.conversations.items():
            _is_complete(crowd, device, whom, messages)
            for message in messages:
                _is_as_done(crowd, device, whom, message, has_read)
        _people_are_as_done(crowd, device, picture)
        twice = [each for each, count in Counter(picture.feed).items() if count > 1]
        assert not twice, f"{device.name}: {len(twice)} messages came twice"
    for account in PEOPLE:
        _own_devices_agree(crowd, account, pictures)
        await _rows_agree(crowd, account)
    for one in PEOPLE:
        for other in PEOPLE:
            if one < other:
                _sides_agree(crowd, one, other, pictures)


def _is_complete(crowd: Crowd, device: Device, whom: str, messages: list[Message]) -> None:
    """A conversation holds each message that was sent in it, once, and nothing else."""
    pair = {device.account, whom}
    expected = {
        message_id for message_id, said in crowd.tally.said.items() if {said.by, said.to} == pair
    } - crowd.tally.hidden[device.account]
    shown = [message.id for message in messages]
    others = [f"[{m.kind}] {m.error}" for m in messages if m.kind not in KINDS]
    where = f"{device.name}, with {whom}"
    assert not others, f"{where}: {others}"
    lost = [crowd.tally.said[each].text for each in expected - set(shown)]
    assert not lost, f"{where}: {len(lost)} are lost: {lost[:5]}"
    surplus = [m.body for m in messages if m.id not in expected]
    assert not surplus, f"{where}: {len(surplus)} should not be there: {surplus[:5]}"
    assert len(shown) == len(set(shown)), f"{where}: doubled"


def _is_as_done(
    crowd: Crowd, device: Device, whom: str, message: Message, has_read: dict[str, set[str]]
) -> None:
    """A message shows what was done to it."""
    tally, said = crowd.tally, crowd.tally.said[message.id]
    where = f"{device.name}, with {whom}: {message}"
    assert message.sender.is_me == (said.by == device.account), where
    if said.by == said.to:
        assert message.state == "delivered", where
    elif message.id not in tally.hidden[said.to]:  # else nobody can say whether it was read
        is_read = message.id in has_read[said.to]
        assert message.state == ("read" if is_read else "delivered"), where
    if message.id in tally.erased:
        assert (message.kind, message.body) == ("deleted", ""), where
        return
    assert message.kind == said.kind, where
    assert (message.location is None) == (said.kind != "location"), where
    assert (message.card is None) == (said.kind != "contact"), where
    assert message.edited == (("edit", message.id) in tally.last), where
    assert message.body in tally.held("edit", message.id, unless=said.text), where
    assert message.pinned in tally.held("pin", message.id, unless=False), where
    for account in {said.by, said.to}:
        mine = account == device.account
        shown = [
            each.emoji
            for each in message.reactions
            if (each.is_mine if mine else each.count > each.is_mine)
        ]
        held = tally.held("reaction", message.id, account, unless="")
        assert (shown or [""])[0] in held, where
        assert len(shown) <= 1, where


def _people_are_as_done(crowd: Crowd, device: Device, picture: Picture) -> None:
    for whom, (petname, trust, state) in picture.contacts.items():
        of, where = (device.account, whom), f"{device.name}, of {whom}"
        held = crowd.tally.held
        assert petname in held("petname", *of, unless=None), where
        assert trust in held("trust", *of, unless="verified"), where
        assert state == "accepted", where
        muted_until, is_pinned, draft = picture.lines[whom]
        assert muted_until in held("muted_until", *of, unless=None), where
        assert is_pinned in held("pinned", *of, unless=False), where
        assert draft in held("draft", *of, unless=""), where


def _own_devices_agree(crowd: Crowd, account: str, pictures: dict[Device, Picture]) -> None:
    first, *others = (device for device in pictures if device.account == account)
    for device in others:
        one, other = pictures[first], pictures[device]
        assert one.contacts == other.contacts, f"{first.name} and {device.name}"
        assert one.lines == other.lines, f"{first.name} and {device.name}"
        for whom, messages in one.conversations.items():
            for left, right in zip(messages, other.conversations[whom], strict=True):
                assert _told(left) == _told(right), f"{first.name} and {device.name}, with {whom}"


def _told(message: Message) -> tuple[object, ...]:
    """All of a message but when it came."""
    return (
        *(message.id, message.position, message.kind, message.body, message.state, message.sent_at),
        *(message.edited, message.edited_at, message.pinned, message.quote, message.sender),
        tuple((each.emoji, each.count, each.is_mine) for each in message.reactions),
    )


def _sides_agree(crowd: Crowd, one: str, other: str, pictures: dict[Device, Picture]) -> None:
    """Both sides of a conversation have it in the same order, with the same texts."""
    hidden = crowd.tally.hidden[one] | crowd.tally.hidden[other]
    left, right = (
        [
            (m.id, m.kind, m.body, m.edited_at, m.pinned, {(r.emoji, r.count) for r in m.reactions})
            for m in pictures[crowd.of(here)[0]].conversations[there]
            if m.id not in hidden
        ]
        for here, there in ((one, other), (other, one))
    )
    for ours, theirs in zip(left, right, strict=True):
        assert ours == theirs, f"{one} and {other}"


async def _rows_agree(crowd: Crowd, account: str) -> None:
    """Records are the same on all devices of an account, and no counter was passed over."""
    devices = crowd.of(account)
    first, *others = [await each.running._context.read(client_records.records) for each in devices]
    for device, records in zip(devices[1:], others, strict=True):
        differ = [(a.kind, a.key.hex()[:8]) for a, b in zip(first, records, strict=True) if a != b]
        assert not differ, f"{devices[0].name} and {device.name} differ in {differ}"
    for writer in devices:
        status = await writer.running.status()
        assert status.device is not None
        for reader in crowd.devices:
            if reader is writer:
                continue
            # Own devices hear all that it wrote to anybody, others what was for them.
            for whom in PEOPLE if reader.account == account else (reader.account,):
                there = whom if reader.account == account else account
                written = await _own_counter(writer, crowd.keys[whom])
                heard = await _highest_counter(reader, crowd.keys[there], status.device)
                assert heard == written, (
                    f"{reader.name} has {heard} of {written} that {writer.name} wrote to {whom}"
                )


async def _own_counter(device: Device, key: str) -> int:
    return await device.running._context.read(lambda rows: own_counter(rows, bytes.fromhex(key)))


async def _highest_counter(device: Device, key: str, of_device: str) -> int:
    found = await device.running._context.read(
        lambda rows: dict(history.highest_counters(rows, bytes.fromhex(key)))
    )
    return found.get(bytes.fromhex(of_device), 0)
