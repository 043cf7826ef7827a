"""What is deposited is delivered: once, in order, and only to whom it is for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio
import trio.testing

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.limits import BUCKETS
from restante.relay.limits import Limits
from tests.relay.wire import (
    anonymous,
    authenticated,
    deposit,
    envelope,
    item,
    registered,
    relay_at,
    sql,
    subscribed,
)

pytestmark = pytest.mark.usefixtures("engine")


async def test_an_envelope_waits_for_its_device_and_is_gone_after_its_ack(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            sent = item(bob, payload=envelope(7))
            (outcome,) = await deposit(wire, sent)
            assert outcome.outcome == f.Outcome.STORED
            assert outcome.expires_in_s > 0
        async with subscribed(relay, bob) as wire:
            (got,) = await wire.delivered(1)
            assert (got.id, got.payload, got.lane) == (sent.id, sent.payload, f.Lane.CONTACT)
        async with subscribed(relay, bob) as wire:
            assert await wire.drained() == []


async def test_what_was_not_acked_comes_again_on_the_next_connection(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        items = [item(bob, payload=envelope(n)) for n in range(5)]
        async with anonymous(relay) as wire:
            await deposit(wire, *items)
        async with subscribed(relay, bob) as wire:
            first = await wire.delivered(5, ack=False)
            await wire.send(f.Ack(ids=[first[2].id]))
            await wire.ask(f.FetchPrekeyState)  # the ack was read before its answer
        async with subscribed(relay, bob) as wire:
            again = await wire.drained()
        assert [got.id for got in again] == [items[n].id for n in (0, 1, 3, 4)]


async def test_acks_of_an_earlier_connection_count_before_subscribing(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        items = [item(bob) for _ in range(3)]
        async with anonymous(relay) as wire:
            await deposit(wire, *items)
        async with authenticated(relay, bob) as wire:
            await wire.send(f.Ack(ids=[items[0].id, os.urandom(16), items[2].id]))
            await wire.ask(f.Subscribe)
            assert [got.id for got in await wire.drained()] == [items[1].id]


async def test_live_envelopes_follow_those_that_waited_in_order(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as sender:
            for n in range(300):
                await deposit(sender, item(bob, payload=envelope(n)))
            async with subscribed(relay, bob) as wire:
                for n in range(300, 500):
                    await deposit(sender, item(bob, payload=envelope(n)))
                got = await wire.delivered(500)
        assert [entry.payload for entry in got] == [envelope(n) for n in range(500)]


async def test_a_slow_reader_gets_everything_in_order_from_the_store(tmp_path: Path) -> None:
    limits = Limits(unacked_bytes=64 * 1024)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with subscribed(relay, bob) as wire, anonymous(relay) as sender:
            assert await wire.drained() == []
            total = 600
            for start in range(0, total, 100):
                await deposit(sender, *(item(bob, payload=envelope(start + n)) for n in range(100)))
            assert relay.services.subscribers
            got = await wire.delivered(total)
            assert [entry.payload for entry in got] == [envelope(n) for n in range(total)]
            await deposit(sender, item(bob, payload=envelope(total)))
            (last,) = await wire.delivered(1)
            assert last.payload == envelope(total)


@pytest.mark.parametrize("is_live", [True, False])
async def test_no_more_than_the_window_is_delivered_without_acks(
    tmp_path: Path, is_live: bool
) -> None:
    window = 10 * BUCKETS[0]
    async with relay_at(tmp_path, limits=Limits(unacked_bytes=window)) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as sender:
            if not is_live:
                await deposit(sender, *(item(bob) for _ in range(25)))
            async with subscribed(relay, bob) as wire:
                if is_live:
                    assert await wire.drained() == []
                    await deposit(sender, *(item(bob) for _ in range(25)))
                first = await wire.delivered(10, ack=False)
                # The relay has read this request, and sent all that it was going to.
                await wire.ask(f.FetchPrekeyState)
                assert len(first) == 10
                assert wire.asides == []
                await wire.send(f.Ack(ids=[got.id for got in first]))
                assert len(await wire.delivered(15)) == 15


async def test_an_envelope_of_every_bucket_arrives_whole(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        payloads = [os.urandom(size) for size in BUCKETS]
        async with anonymous(relay) as wire:
            await deposit(wire, *(item(bob, payload=payload) for payload in payloads))
        async with subscribed(relay, bob) as wire:
            assert [got.payload for got in await wire.delivered(3)] == payloads


async def test_a_fan_out_reaches_each_and_is_stored_once(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        people = [await registered(relay, f"p{n}") for n in range(5)]
        fan_out = f.DepositItem(
            id=os.urandom(16),
            ttl_s=0,
            ephemeral=False,
            payload=envelope(b"shared"),
            targets=[f.Target(mailbox=who.mailbox, token=who.tokens[3]) for who in people],
        )
        async with subscribed(relay, people[0]) as live:
            assert await live.drained() == []
            async with anonymous(relay) as wire:
                outcomes = await deposit(wire, fan_out)
            assert [outcome.outcome for outcome in outcomes] == [f.Outcome.STORED] * 5
            assert (await live.delivered(1))[0].payload == fan_out.payload
        await relay.services.writer.barrier()
        assert await sql(relay, "SELECT count(*) FROM payloads") == [(1,)]
        for who in people[1:]:
            async with subscribed(relay, who) as wire:
                assert (await wire.delivered(1))[0].payload == fan_out.payload
                await wire.ask(f.FetchPrekeyState)
        await relay.services.writer.barrier()
        assert await sql(relay, "SELECT count(*) FROM payloads") == [(0,)]


async def test_a_retried_deposit_is_stored_once_also_after_its_ack(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        sent = item(bob)
        async with anonymous(relay) as sender:
            await deposit(sender, sent)
            (again,) = await deposit(sender, sent, is_retry=True)
            assert again.outcome == f.Outcome.STORED
            async with subscribed(relay, bob) as wire:
                assert len(await wire.delivered(1)) == 1
            (late,) = await deposit(sender, sent, is_retry=True)
            assert late.outcome == f.Outcome.STORED
            async with subscribed(relay, bob) as wire:
                assert await wire.drained() == []


async def test_an_ephemeral_envelope_is_forwarded_or_forgotten(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as sender:
            (gone,) = await deposit(sender, item(bob, ephemeral=True))
            assert gone.outcome == f.Outcome.STORED
            async with subscribed(relay, bob) as wire:
                assert await wire.drained() == []
                await deposit(sender, item(bob, ephemeral=True, payload=envelope(1)))
                (got,) = await wire.delivered(1)
                assert got.payload == envelope(1)
                await wire.ask(f.FetchPrekeyState)
            async with subscribed(relay, bob) as wire:
                assert await wire.drained() == []


async def test_a_newer_connection_fences_off_the_older(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with subscribed(relay, bob) as older:
            await older.drained()
            async with subscribed(relay, bob) as newer:
                assert (await older.closed()).code == WireCode.FENCED
                async with anonymous(relay) as sender:
                    await deposit(sender, item(bob))
                assert len(await newer.delivered(1)) == 1


async def test_of_two_that_subscribe_at_once_the_later_one_stays(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as sender:
        bob = await registered(relay, "bob")
        await deposit(sender, item(bob))
        async with (
            authenticated(relay, bob) as older,
            authenticated(relay, bob) as newer,
            trio.open_nursery() as nursery,
        ):
            async with relay.services.mailrooms.counting:  # no commit ends meanwhile
                nursery.start_soon(deposit, sender, item(bob))
                while not relay.services.writer._queue:  # nobody is told
                    await trio.lowlevel.checkpoint()
                await trio.testing.wait_all_tasks_blocked()
                for count, wire in enumerate((older, newer), 1):
                    await wire.send(f.Subscribe(request=wire.number()))
                    while len(relay.services.writer._barriers) < count:
                        await trio.lowlevel.checkpoint()
            refused = await older.frame()
            assert (type(refused), refused.code) == (f.Refused, WireCode.FENCED)
            assert isinstance(await newer.frame(), f.Done)
            assert len(await newer.delivered(2)) == 2
        assert not relay.services.subscribing


async def test_what_expired_is_not_delivered_and_its_room_is_given_back(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    limits = Limits(mailbox_envelopes=2)
    async with relay_at(tmp_path, limits=limits, clock=lambda: now[0]) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as sender:
            outcomes = await deposit(sender, item(bob, ttl_s=7200), item(bob, ttl_s=3600 * 30))
            assert 7200 <= outcomes[0].expires_in_s <= 7200 + 3600
            (full,) = await deposit(sender, item(bob))
            assert full.outcome == f.Outcome.FULL
            now[0] += 3 * 3600 + 1
            async with subscribed(relay, bob) as wire:
                assert len(await wire.drained()) == 1
            assert await relay.services.writer.expire() == 1
            (stored,) = await deposit(sender, item(bob))
            assert stored.outcome == f.Outcome.STORED
