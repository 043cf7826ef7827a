"""Two relays over one database: any client at either, and what one learns the other knows."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from restante.crypto import own_keys
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.ids import Token, token_hash
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay, running_relay
from restante.relay.shares import LEAST_ENVELOPES
from restante.store.relay_store import Notice, NoticeKind
from restante.store.seam import open_loop
from tests.relay.moved import newest
from tests.relay.residents import RANDOM
from tests.relay.wire import (
    PATIENCE_S,
    Person,
    Wire,
    anonymous,
    authenticated,
    deposit,
    item,
    registered,
    settings_for,
    sql,
)

pytestmark = [
    pytest.mark.usefixtures("engine"),
    pytest.mark.parametrize("engine", ["postgresql"], indirect=True),
    pytest.mark.needs("postgres"),
]


@dataclass
class Pair:
    """Two relays of one name. People register at `a`; what they do at `b` is what is tested."""

    a: RunningRelay
    b: RunningRelay

    @asynccontextmanager
    async def subscribed_at_b(self, who: Person) -> AsyncIterator[Wire]:
        """Subscribe at the other relay than the one where everybody registered."""
        async with authenticated(self.b, who, authority=self.a.address.authority) as wire:
            assert isinstance(await wire.ask(f.Subscribe), f.Done)
            yield wire


@asynccontextmanager
async def a_pair(path: Path, *, limits: Limits | None = None) -> AsyncIterator[Pair]:
    settings = settings_for(path, limits=limits)
    with trio.fail_after(PATIENCE_S):
        async with open_loop(), running_relay(settings) as a, running_relay(settings) as b:
            yield Pair(a, b)


async def test_what_is_left_at_one_relay_is_delivered_at_the_other(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with pair.subscribed_at_b(bob) as device, anonymous(pair.a) as wire:
            await device.drained()
            sent = [item(bob) for _ in range(5)]
            for one in sent:
                await deposit(wire, one)
            found = await device.delivered(5)
            assert [one.id for one in found] == [one.id for one in sent]
            await pair.b.services.writer.barrier()
            assert await sql(pair.a, "SELECT count(*) FROM waiting") == [(0,)]


async def test_a_retry_at_the_other_relay_stores_nothing_twice(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair, anonymous(pair.a) as a, anonymous(pair.b) as b:
        bob = await registered(pair.a, "bob")
        sent = [item(bob) for _ in range(20)]
        async with trio.open_nursery() as nursery:  # the first try and the retry, at once
            nursery.start_soon(deposit, a, *sent)
            nursery.start_soon(partial(deposit, b, *sent, is_retry=True))
        assert await sql(pair.a, "SELECT count(*) FROM waiting") == [(20,)]
        await deposit(a, *sent, is_retry=True)
        assert await sql(pair.a, "SELECT count(*) FROM waiting") == [(20,)]


async def test_the_newest_connection_of_a_device_wins_wherever_it_is(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with authenticated(pair.a, bob) as older:
            await older.ask(f.Subscribe)
            async with pair.subscribed_at_b(bob) as newer:
                assert (await older.closed()).code == WireCode.FENCED
                async with authenticated(pair.a, bob) as newest:
                    await newest.ask(f.Subscribe)
                    assert (await newer.closed()).code == WireCode.FENCED


async def test_a_token_that_was_replaced_at_one_relay_opens_nothing_at_the_other(
    tmp_path: Path,
) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with anonymous(pair.b) as wire:
            assert (await deposit(wire, item(bob)))[0].outcome == f.Outcome.STORED
            mailroom = pair.b.services.mailrooms.at_hand[bob.mailbox]
            fresh = [token_hash(Token(RANDOM.random(16))) for _ in bob.tokens]
            async with authenticated(pair.a, bob) as device:
                await device.ask(f.PublishTokens, live=fresh, retired=[])
            while pair.b.services.mailrooms.at_hand.get(bob.mailbox) is mailroom:
                await trio.testing.wait_all_tasks_blocked(0.01)
            await deposit(wire, item(bob))
        assert await sql(pair.a, "SELECT lane FROM waiting ORDER BY seq") == [(0,), (1,)]


async def test_a_device_that_is_dropped_at_one_relay_is_cut_off_at_the_other(
    tmp_path: Path,
) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with anonymous(pair.a) as wire:
            first = await newest(wire, "bob")
        other = own_keys.generate_device(RANDOM)
        entry = own_keys.device_entry(other, mailbox=os.urandom(16), now_s=int(time.time()))
        second = bob.manifest(
            pair.a.address,
            devices=[entry],
            sequence=2,
            previous=first.hash,
        )
        async with pair.subscribed_at_b(bob) as device, authenticated(pair.a, bob) as itself:
            await itself.send(f.PublishManifest(request=1, manifest=second.to_bytes()))
            assert (await device.closed()).code == WireCode.UNAUTHENTICATED


async def test_a_one_time_prekey_is_handed_out_once_by_both_relays_together(
    tmp_path: Path,
) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        made = own_keys.generate_prekeys(
            RANDOM, bob.device, first_id=1, now_s=int(time.time()), one_time=12, kem_one_time=12
        )
        async with authenticated(pair.a, bob) as device:
            await device.ask(f.PublishPrekeys, prekeys=[secret.public for secret in made])
        handed_out: list[int] = []

        async def ask(relay: RunningRelay) -> None:
            async with anonymous(relay) as wire:
                for _ in range(6):
                    found = await wire.ask(
                        f.FetchPrekeys,
                        name="bob",
                        devices=[bob.device.device_id],
                        token=bob.tokens[0],
                    )
                    handed_out.append(found.bundles[0].one_time.id)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, pair.a)
            nursery.start_soon(ask, pair.b)
        assert sorted(handed_out) == sorted(set(handed_out))
        assert len(handed_out) == 12


async def test_of_two_who_take_a_name_at_once_one_is_told_that_it_is_taken(tmp_path: Path) -> None:
    from tests.relay.wire import person

    async with a_pair(tmp_path) as pair:
        answers: list[Any] = []

        async def take(relay: RunningRelay) -> None:
            who = person("bob")
            async with authenticated(relay, who) as wire:
                answers.append(
                    await wire.ask(
                        f.Register,
                        name="bob",
                        invite=None,
                        manifest=who.manifest(relay.address).to_bytes(),
                        tokens=who.hashes,
                    )
                )

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, pair.a)
            nursery.start_soon(take, pair.b)
        done, refused = sorted(answers, key=lambda answer: type(answer).__name__)
        assert isinstance(done, f.Done)
        assert refused.code == WireCode.NAME_TAKEN


async def test_both_relays_together_overfill_a_mailbox_by_one_share_at_the_most(
    tmp_path: Path,
) -> None:
    most = 4 * LEAST_ENVELOPES
    async with a_pair(tmp_path, limits=Limits(mailbox_envelopes=most)) as pair:
        bob = await registered(pair.a, "bob")
        refused: list[int] = []

        async def flood(relay: RunningRelay) -> None:
            async with anonymous(relay) as wire:
                for _ in range(2 * most // 16):
                    outcomes = await deposit(wire, *(item(bob) for _ in range(16)))
                    refused.append(sum(one.outcome == f.Outcome.FULL for one in outcomes))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(flood, pair.a)
            nursery.start_soon(flood, pair.b)
        ((stored,),) = await sql(pair.a, "SELECT count(*) FROM waiting")
        assert LEAST_ENVELOPES <= stored <= most + LEAST_ENVELOPES
        assert stored + sum(refused) == 4 * most


async def test_an_ephemeral_envelope_finds_its_device_at_the_other_relay(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with pair.subscribed_at_b(bob) as device, anonymous(pair.a) as wire:
            await device.drained()
            await deposit(wire, item(bob, ephemeral=True))
            (found,) = await device.delivered(1)
            assert found.payload == item(bob).payload
        assert await sql(pair.a, "SELECT count(*) FROM waiting") == [(0,)]


async def test_what_words_did_not_tell_a_sweep_finds(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with pair.subscribed_at_b(bob) as device:
            await device.drained()
            # Written by nobody that would tell of it.
            await sql(
                pair.a,
                "INSERT INTO waiting (seq, device, size_bytes, expires_hour, lane, id, payload) "
                "SELECT 1000000, number, 4096, 1000000, 0, '\\x0102030405060708090a0b0c0d0e0f10',"
                " decode(repeat('00', 4096), 'hex') FROM devices",
            )
            pair.a.services.neighbours.tell(Notice(kind=NoticeKind.SWEEP))
            assert len(await device.delivered(1)) == 1


async def test_what_is_committed_late_is_delivered_though_its_sequence_is_lower(
    tmp_path: Path,
) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        async with pair.subscribed_at_b(bob) as device, anonymous(pair.a) as wire:
            await device.drained()
            # Another relay has taken a number, and hasn't committed yet.
            ((late,),) = await sql(pair.a, "SELECT nextval('waiting_seq')")
            await deposit(wire, item(bob))
            assert len(await device.delivered(1, ack=False)) == 1
            await sql(
                pair.a,
                "INSERT INTO waiting (seq, device, size_bytes, expires_hour, lane, id, payload) "
                "SELECT LATE, number, 4096, 1000000, 0, '\\x0102030405060708090a0b0c0d0e0f10',"
                " decode(repeat('00', 4096), 'hex') FROM devices".replace("LATE", str(late)),
            )
            pair.a.services.neighbours.arrived([1])
            pair.a.services.neighbours.tell(Notice(kind=NoticeKind.SWEEP))
            (found,) = await device.delivered(1)
            assert found.id == bytes(range(1, 17))


async def test_who_has_missed_words_looks_at_everything(tmp_path: Path) -> None:
    async with a_pair(tmp_path) as pair:
        bob = await registered(pair.a, "bob")
        eve = await registered(pair.a, "eve")
        async with (
            pair.subscribed_at_b(bob) as lost,
            pair.subscribed_at_b(eve) as kept,
            anonymous(pair.b) as wire,
        ):
            await deposit(wire, item(eve))
            assert pair.b.services.mailrooms.at_hand
            await kept.delivered(1)
            # All of it without a word: a device is gone, and the ear of b is cut off.
            await sql(pair.a, "DELETE FROM accounts WHERE name = 'bob'")
            await sql(
                pair.a,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND"
                " (query LIKE 'LISTEN%' OR query LIKE '%advisory%' OR query = 'SELECT 1')",
            )
            assert (await lost.closed()).code == WireCode.UNAUTHENTICATED
            assert not pair.b.services.mailrooms.at_hand
            await deposit(wire, item(eve))
            assert len(await kept.delivered(1)) == 1
