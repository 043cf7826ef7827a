"""Leaving: a move is shown to who asks, a deletion erases, and a name is never given twice."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from sqlalchemy import inspect, text

from restante.crypto import own_keys, signing
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.address import Address
from restante.protocol.ids import AccountName, gone_name_hash
from restante.relay.server import RunningRelay
from tests.relay.answers import code_of
from tests.relay.blob import Blob
from tests.relay.generations import RANDOM, anew, next_generation, register
from tests.relay.moved import moved_of, newest
from tests.relay.wire import (
    Person,
    Wire,
    anonymous,
    authenticated,
    deposit,
    item,
    person,
    registered,
    relay_at,
    sql,
    subscribed,
)

pytestmark = pytest.mark.usefixtures("engine")

AWAY = Address.parse("robert@elsewhere.example")


def move(who: Person, relay: RunningRelay, **changed: Any) -> bytes:
    """Sign where somebody has gone."""
    fields: dict[str, Any] = {
        "from_address": Address.parse(f"{who.name}@{relay.address.authority}"),
        "to_address": AWAY,
        "at_s": 1000,
    }
    return signing.sign_moved(who.account.root, **(fields | changed)).to_bytes()


async def test_a_move_is_shown_with_the_manifest_and_only_a_newer_one_replaces_it(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        assert await moved_of(wire, "bob") is None
        first, second = move(bob, relay), move(bob, relay, at_s=2000)
        async with authenticated(relay, bob) as device:
            for _ in range(2):
                assert isinstance(await device.ask(f.PublishMoved, moved=first), f.Done)
            assert await moved_of(wire, "bob") == first
            assert isinstance(await device.ask(f.PublishMoved, moved=second), f.Done)
            other = move(bob, relay, at_s=2000, to_address=Address.parse("b@third.example"))
            for old in (first, other):
                answer = await device.ask(f.PublishMoved, moved=old)
                assert code_of(answer) == WireCode.CONFLICT
            assert await moved_of(wire, "bob") == second
            (outcome,) = await deposit(wire, item(bob))
            assert outcome.outcome == f.Outcome.STORED, "the account goes on"


async def test_a_move_that_is_not_the_accounts_own_is_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        damaged = bytearray(move(bob, relay))
        damaged[-1] ^= 1
        there = Address.parse(f"bob@{relay.address.authority}")
        async with authenticated(relay, bob) as device:
            for bad in (
                move(eve, relay),
                move(eve, relay, from_address=there),
                move(bob, relay, from_address=Address.parse(f"eve@{relay.address.authority}")),
                move(bob, relay, from_address=Address.parse("bob@other.example")),
                move(bob, relay, to_address=there),
                bytes(damaged),
                b"\x92nothing",
            ):
                answer = await device.ask(f.PublishMoved, moved=bad)
                assert code_of(answer) == WireCode.FORBIDDEN
        assert await moved_of(wire, "bob") is None


async def test_a_move_outlives_a_recovery(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        lost = await registered(relay, "bob")
        moved = move(lost, relay)
        async with authenticated(relay, lost) as device:
            await device.ask(f.PublishMoved, moved=moved)
        bob = anew(lost)
        async with authenticated(relay, bob) as device:
            manifest = next_generation(bob, relay.address, generation=1001)
            assert isinstance(await register(device, bob, manifest), f.Done)
        assert await moved_of(wire, "bob") == moved


async def test_nobody_recovers_an_account_into_the_time_before_it_moved(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        lost = await registered(relay, "bob")
        async with authenticated(relay, lost) as device:
            await device.ask(f.PublishMoved, moved=move(lost, relay))
        bob = anew(lost)
        for generation in (2, 1000):
            manifest = next_generation(bob, relay.address, generation=generation)
            async with authenticated(relay, bob) as device:
                answer = await register(device, bob, manifest)
                assert code_of(answer) == WireCode.NAME_TAKEN
        async with authenticated(relay, lost) as device:
            assert isinstance(await device.ask(f.Subscribe), f.Done)


async def fill(relay: RunningRelay, who: Person, wire: Wire) -> Blob:
    """Let an account have some of everything."""
    blob = Blob()
    async with authenticated(relay, who) as device:
        prekeys = own_keys.generate_prekeys(
            RANDOM, who.device, first_id=1, now_s=int(time.time()), one_time=1, kem_one_time=1
        )
        await device.ask(f.PublishPrekeys, prekeys=[secret.public for secret in prekeys])
        await device.ask(f.PublishCode, lookup_id=os.urandom(16), sealed=b"sealed")
        await blob.put_all(device)
    await deposit(wire, item(who), item(who, token=None))
    return blob


KEPT = {
    *("relay_state", "relay_secrets", "restante_schema"),  # the relay's own, about nobody
    *("gone_names", "id_log", "id_segments", "deposit_ids"),
}


async def rows_left(relay: RunningRelay) -> dict[str, int]:
    """Count the rows of each table that has any."""

    async def work(tx: Any) -> dict[str, int]:
        names = await tx.run_sync(lambda connection: inspect(connection).get_table_names())
        counts = {
            name: (await tx.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()  # noqa: S608
            for name in names
            if not re.search(r"_[0-9]+$", name)  # a partition: its table has its rows
        }
        return {name: count for name, count in counts.items() if count}

    await relay.services.writer.barrier()
    return await relay.services.db.read(work)


async def test_a_deleted_account_leaves_the_hash_of_its_name_and_nothing_else(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        blob = await fill(relay, bob, wire)
        head = (await newest(wire, "bob")).hash
        signature = signing.sign_deletion(bob.account.account, head)
        async with subscribed(relay, bob) as other, authenticated(relay, bob) as device:
            await other.delivered(2, ack=False)
            assert isinstance(await device.ask(f.DeleteAccount, signature=signature), f.Done)
            for each in (device, other):
                assert (await each.closed()).code == WireCode.UNAUTHENTICATED
        (outcome,) = await deposit(wire, item(bob))
        assert outcome.outcome == f.Outcome.REFUSED
        assert code_of(await blob.fetch(wire)) == WireCode.NOT_FOUND
        for ask in (
            wire.ask(f.FetchManifest, name="bob", since_sequence=0),
            wire.ask(f.FetchPrekeys, name="bob", devices=[bob.device.device_id], token=None),
        ):
            assert code_of(await ask) == WireCode.NOT_FOUND
        async with authenticated(relay, bob) as device:
            assert code_of(await device.ask(f.Subscribe)) == WireCode.FORBIDDEN
        assert not blob.file(tmp_path).exists()
        left = await rows_left(relay)
        assert set(left) <= KEPT
        assert left["gone_names"] == 1
        kept = await sql(relay, "SELECT hash FROM gone_names")
        assert kept == [(gone_name_hash(AccountName("bob")),)]


async def test_a_deleted_name_is_given_to_nobody_again(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        signature = signing.sign_deletion(bob.account.account, (await newest(wire, "bob")).hash)
        async with authenticated(relay, bob) as device:
            await device.ask(f.DeleteAccount, signature=signature)
        back = anew(bob)
        for who, manifest in (
            (person("bob"), None),
            (bob, None),
            (back, next_generation(back, relay.address)),
        ):
            async with authenticated(relay, who) as device:
                answer = await register(device, who, manifest or who.manifest(relay.address))
                assert code_of(answer) == WireCode.NAME_TAKEN
        await registered(relay, "bobby")


async def test_only_the_account_key_deletes_and_only_what_it_has_seen(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        first = await newest(wire, "bob")
        async with authenticated(relay, bob) as device:
            second = bob.manifest(relay.address, sequence=2, previous=first.hash)
            await device.ask(f.PublishManifest, manifest=second.to_bytes())
            good = signing.sign_deletion(bob.account.account, second.hash)
            for bad in (
                signing.sign_deletion(bob.account.account, first.hash),
                signing.sign_deletion(eve.account.account, second.hash),
                bytes(64),
                good[:-1] + bytes([good[-1] ^ 1]),
            ):
                answer = await device.ask(f.DeleteAccount, signature=bad)
                assert code_of(answer) == WireCode.FORBIDDEN
            async with authenticated(relay, eve) as other:
                answer = await other.ask(f.DeleteAccount, signature=good)
                assert code_of(answer) == WireCode.FORBIDDEN
            assert await newest(wire, "bob") == second
            assert isinstance(await device.ask(f.DeleteAccount, signature=good), f.Done)
        assert (await newest(wire, "eve")).manifest().sequence == 1


async def test_what_is_deposited_while_an_account_goes_does_not_stay(tmp_path: Path) -> None:
    async with (
        relay_at(tmp_path) as relay,
        anonymous(relay) as first,
        anonymous(relay) as second,
        trio.open_nursery() as nursery,
    ):
        bob = await registered(relay, "bob")
        signature = signing.sign_deletion(bob.account.account, (await newest(first, "bob")).hash)
        await deposit(first, item(bob))  # its mailbox is at hand from now on
        async with authenticated(relay, bob) as device:
            # The disk is busy. Bob leaves; one deposit is about to be written after that, and
            # another one is admitted meanwhile.
            async with relay.services.db._write_turn:
                asked = f.DeleteAccount(request=1, signature=signature)
                await device.send(asked)
                await trio.testing.wait_all_tasks_blocked(0.02)
                for sender in (first, second):
                    nursery.start_soon(deposit, sender, item(bob))
                    await trio.testing.wait_all_tasks_blocked(0.02)
            assert isinstance(await device.frame(), f.Done)
        assert await sql(relay, "SELECT * FROM waiting") == []


async def test_envelopes_of_who_left_that_a_crash_has_kept_go_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        await deposit(wire, item(bob), item(bob), item(eve))
        # As if bob had left, and these had been on their way to the disk meanwhile.
        await sql(relay, "DELETE FROM accounts WHERE name = 'bob'")
        assert await sql(relay, "SELECT count(*) FROM waiting") == [(3,)]
    async with relay_at(tmp_path) as relay:
        found = await sql(
            relay, "SELECT mailbox FROM waiting JOIN devices ON devices.number = waiting.device"
        )
        assert found == [(eve.mailbox,)]
        assert await sql(relay, "SELECT count(*) FROM waiting") == [(1,)]
