"""Quotas and rates: who asks for too much is told so, and nobody else notices."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.ids import MailboxId
from restante.protocol.limits import BUCKETS
from restante.relay.buckets import MAX_BUCKETS, Buckets
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from tests.relay.wire import (
    Person,
    anonymous,
    authenticated,
    deposit,
    envelope,
    item,
    person,
    registered,
    relay_at,
    sql,
    subscribed,
)

pytestmark = pytest.mark.usefixtures("engine")

LAVISH = {
    "requests_per_network": 10_000,
    "request_burst": 10_000,
    "requests_per_mailbox": 10_000,
}


def _kinds(outcomes: list[Any]) -> list[int]:
    return [outcome.outcome for outcome in outcomes]


async def test_a_full_mailbox_says_so_to_contacts_and_nothing_to_strangers(tmp_path: Path) -> None:
    limits = Limits(mailbox_envelopes=3, request_mailbox_envelopes=2, **LAVISH)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            contacts = await deposit(wire, *(item(bob) for _ in range(5)))
            assert _kinds(contacts) == [f.Outcome.STORED] * 3 + [f.Outcome.FULL] * 2
            strangers = await deposit(wire, *(item(bob, token=None) for _ in range(4)))
            assert _kinds(strangers) == [f.Outcome.STORED] * 2 + [f.Outcome.REFUSED] * 2
            assert contacts[-1].limit == f.Limit.MAILBOX_ENVELOPES
            unknown = f.DepositItem(
                id=os.urandom(16),
                ttl_s=0,
                ephemeral=False,
                payload=envelope(),
                targets=[f.Target(mailbox=os.urandom(16), token=bob.tokens[0])],
            )
            (no_such,) = await deposit(wire, unknown)
            assert no_such == strangers[-1], "full and unknown look alike"


async def test_bytes_count_as_envelopes_do(tmp_path: Path) -> None:
    limits = Limits(mailbox_bytes=2 * BUCKETS[2])
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            big = envelope(size=BUCKETS[2])
            outcomes = await deposit(wire, *(item(bob, payload=big) for _ in range(3)))
            assert _kinds(outcomes) == [f.Outcome.STORED] * 2 + [f.Outcome.FULL]
            assert outcomes[-1].limit == f.Limit.MAILBOX_BYTES


async def _with_two_devices(relay: RunningRelay, name: str) -> tuple[Person, Person]:
    """Register an account with two devices; return it as it is seen by each of them."""
    first = person(name)
    second = replace(
        first, device=own_keys.generate_device(SystemRandomness()), mailbox=MailboxId(bytes(16))
    )
    listed = [
        own_keys.device_entry(one.device, mailbox=one.mailbox, now_s=0) for one in (first, second)
    ]
    async with authenticated(relay, first) as wire:
        answer = await wire.ask(
            f.Register,
            name=name,
            invite=None,
            manifest=first.manifest(relay.address, devices=listed).to_bytes(),
            tokens=first.hashes,
        )
        assert isinstance(answer, f.Done), answer
    return first, second


async def _acked(relay: RunningRelay, who: Person, count: int) -> None:
    async with subscribed(relay, who) as wire:
        await wire.delivered(count)
        await wire.ask(f.FetchPrekeyState)  # answered after the ack was taken
    await relay.services.writer.barrier()


async def test_an_accounts_devices_share_a_quota_of_envelopes(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(account_envelopes=3)) as relay:
        desk, phone = await _with_two_devices(relay, "bob")
        async with anonymous(relay) as wire:
            first = await deposit(wire, item(desk), item(desk), item(phone), item(phone))
            assert _kinds(first) == [f.Outcome.STORED] * 3 + [f.Outcome.FULL]
            assert first[-1].limit == f.Limit.ACCOUNT_ENVELOPES
            stranger = await deposit(wire, item(phone, token=None))
            assert _kinds(stranger) == [f.Outcome.STORED], "strangers have room of their own"
            await _acked(relay, desk, 2)
            again = await deposit(wire, *(item(phone) for _ in range(3)))
            assert _kinds(again) == [f.Outcome.STORED] * 2 + [f.Outcome.FULL]


async def test_an_accounts_own_quota_stands_in_place_of_the_settings(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        desk, phone = await _with_two_devices(relay, "bob")
        await sql(relay, "UPDATE accounts SET quota_bytes = 3 * 4096")
        async with anonymous(relay) as wire:
            outcomes = await deposit(wire, *(item(one) for one in (desk, phone) * 2))
            assert _kinds(outcomes) == [f.Outcome.STORED] * 3 + [f.Outcome.FULL]
            assert outcomes[-1].limit == f.Limit.ACCOUNT_BYTES


async def test_what_an_account_holds_is_counted_again_after_a_restart(tmp_path: Path) -> None:
    limits = Limits(account_envelopes=2)
    async with relay_at(tmp_path, limits=limits) as relay:
        desk, phone = await _with_two_devices(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(desk), item(desk))
    async with relay_at(tmp_path, limits=limits) as relay, anonymous(relay) as wire:
        assert _kinds(await deposit(wire, item(phone))) == [f.Outcome.FULL]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_a_mailbox_takes_so_many_a_second_and_says_when_to_come_back(tmp_path: Path) -> None:
    limits = Limits(deposits_per_mailbox=1)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob, carol = await registered(relay, "bob"), await registered(relay, "carol")
        async with anonymous(relay) as wire:
            outcomes = await deposit(wire, *(item(bob) for _ in range(25)))
            late = outcomes[-1]
            assert _kinds(outcomes[:20]) == [f.Outcome.STORED] * 20
            assert (late.outcome, late.limit) == (
                f.Outcome.SLOW_DOWN,
                f.Limit.DEPOSITS_PER_MAILBOX,
            )
            assert late.retry_after_s >= 1
            assert _kinds(await deposit(wire, item(carol))) == [f.Outcome.STORED]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_strangers_of_one_recipient_share_a_rate_whether_or_not_there_is_one(
    tmp_path: Path,
) -> None:
    limits = Limits(request_mailbox_envelopes=3, **LAVISH | {"requests_per_mailbox": 1})
    async with relay_at(tmp_path, limits=limits) as relay:
        bob, nobody = await registered(relay, "bob"), person("nobody")
        async with anonymous(relay) as wire:
            at_bob = await deposit(wire, *(item(bob, token=None) for _ in range(5)))
            at_nobody = await deposit(wire, *(item(nobody, token=None) for _ in range(5)))
            assert at_bob[3:] == at_nobody[3:]
            assert at_bob[3].limit == f.Limit.REQUESTS_PER_MAILBOX
            assert at_bob[3].retry_after_s >= 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_requests_of_an_account_have_a_rate_that_is_named(tmp_path: Path) -> None:
    limits = Limits(requests_per_account=1, blob_parts_per_account=1)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with authenticated(relay, bob) as wire:
            answers = [await wire.ask(f.FetchPrekeyState) for _ in range(25)]
            assert isinstance(answers[0], f.PrekeyState)
            assert answers[-1].code == WireCode.SLOW_DOWN
            assert answers[-1].reason.endswith("(requests_per_account)")
            parts = [
                await wire.ask(f.PutBlob, blob=bytes(32), offset=0, data=b"x") for _ in range(15)
            ]
            assert parts[0].code == WireCode.NOT_FOUND, "parts have a rate of their own"
            assert parts[-1].reason.endswith("(blob_parts_per_account)")
            assert parts[-1].retry_after_s >= 1


async def test_room_comes_back_with_the_ack_also_after_a_restart(tmp_path: Path) -> None:
    limits = Limits(mailbox_envelopes=2)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob), item(bob))
    async with relay_at(tmp_path, limits=limits) as relay, anonymous(relay) as wire:
        assert _kinds(await deposit(wire, item(bob))) == [f.Outcome.FULL]
    # The port is another one: the device registered under the first one's name.
    async with relay_at(tmp_path, limits=limits) as relay:
        ((device,),) = await sql(relay, "SELECT number FROM devices")
        ids = [row[0] for row in await sql(relay, "SELECT id FROM waiting")]
        async with anonymous(relay) as wire:
            assert _kinds(await deposit(wire, item(bob))) == [f.Outcome.FULL]
            await relay.services.writer.ack_by_ids(device, frozenset(ids[:1]))
            await relay.services.writer.barrier()
            outcomes = await deposit(wire, item(bob), item(bob))
            assert _kinds(outcomes) == [f.Outcome.STORED, f.Outcome.FULL]


async def test_a_duplicate_takes_no_room(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(mailbox_envelopes=2)) as relay:
        bob = await registered(relay, "bob")
        sent = item(bob)
        async with anonymous(relay) as wire:
            for _ in range(5):
                assert _kinds(await deposit(wire, sent, is_retry=True)) == [f.Outcome.STORED]
            assert _kinds(await deposit(wire, item(bob))) == [f.Outcome.STORED]


async def test_one_connection_leaves_a_stranger_so_much_and_no_more(tmp_path: Path) -> None:
    limits = Limits(request_connection_bytes=2 * BUCKETS[0], **LAVISH)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob, carol = await registered(relay, "bob"), await registered(relay, "carol")
        async with anonymous(relay) as wire:
            outcomes = await deposit(wire, *(item(bob, token=None) for _ in range(3)))
            assert _kinds(outcomes) == [f.Outcome.STORED] * 2 + [f.Outcome.REFUSED]
            assert _kinds(await deposit(wire, item(carol, token=None))) == [f.Outcome.STORED]
            assert _kinds(await deposit(wire, item(bob))) == [f.Outcome.STORED]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_too_many_envelopes_a_second_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(deposits_per_network=10)) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, *(item(bob) for _ in range(20)))
            outcomes = await deposit(wire, *(item(bob) for _ in range(15)))
            assert _kinds(outcomes) == [f.Outcome.SLOW_DOWN] * 15
            assert all(outcome.retry_after_s >= 1 for outcome in outcomes)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_strangers_and_look_ups_pay_from_a_small_bucket(tmp_path: Path) -> None:
    limits = Limits(requests_per_network=1, request_burst=4)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            looked_up = await _until_late(
                lambda: wire.ask(f.FetchCode, lookup_id=os.urandom(16)), WireCode.SLOW_DOWN
            )
            assert looked_up.retry_after_s >= 1
            assert looked_up.reason.endswith("(requests_per_network)")

            async def leave() -> Any:
                return (await deposit(wire, item(bob, token=None)))[0]

            late = await _until_late(leave, f.Outcome.SLOW_DOWN)
            assert late.retry_after_s >= 1
            assert late.limit == f.Limit.REQUESTS_PER_NETWORK
            assert _kinds(await deposit(wire, item(bob))) == [f.Outcome.STORED], "contacts go on"


async def _until_late(ask: Callable[[], Awaitable[Any]], code: int) -> Any:
    """Ask until that is too often: on a slow machine a bucket fills up again meanwhile."""
    while True:
        answer = await ask()
        if getattr(answer, "code", None) == code or getattr(answer, "outcome", None) == code:
            return answer


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_fetches_have_a_rate(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(fetches_per_network=1)) as relay:
        await registered(relay, "bob")
        async with anonymous(relay) as wire:
            codes = []
            for _ in range(12):
                answer = await wire.ask(f.FetchManifest, name="bob", since_sequence=0)
                codes.append(getattr(answer, "code", 0))
            assert WireCode.SLOW_DOWN in codes


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
async def test_more_targets_than_a_frame_may_have_are_refused(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(targets_per_frame=3)) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            answer = await wire.ask(f.Deposit, is_retry=False, items=[item(bob) for _ in range(4)])
            assert (answer.code, "3" in answer.reason) == (WireCode.TOO_LARGE, True)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
def test_a_bucket_refills_at_its_rate_and_says_when() -> None:
    buckets = Buckets(rate=2, burst=4)
    assert [buckets.take(b"a", 1, 0.0) for _ in range(5)] == [0, 0, 0, 0, 1]
    assert buckets.take(b"b", 4, 0.0) == 0
    assert buckets.take(b"a", 2, 1.0) == 0
    assert buckets.take(b"a", 100, 1.0) > 0
    assert buckets.take(b"a", 100, 100.0) == 0, "more than the burst passes a full bucket"
    assert buckets.take(b"a", 1, 100.0) > 40, "and leaves a debt"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
def test_buckets_that_are_full_again_are_forgotten_and_no_others() -> None:
    buckets = Buckets(rate=2, burst=4)
    assert buckets.take(b"waits", 4, 0.0) == 0
    for n in range(1000):
        assert buckets.take(b"%d" % n, 4, 1.0 + n) == 0
    assert len(buckets) == 2, "the last two: of those before each has had its two seconds"
    assert buckets.take(b"waits", 4, 1000.0) == 0
    assert buckets.take(b"999", 1, 1000.0) > 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database in it
def test_of_too_many_buckets_the_one_unused_for_longest_is_forgotten() -> None:
    buckets = Buckets(rate=2, burst=4)
    for n in range(MAX_BUCKETS + 1):
        assert buckets.take(b"%d" % n, 4, 0.0) == 0
    assert len(buckets) == MAX_BUCKETS
    assert buckets.take(b"1", 1, 0.0) > 0
    assert buckets.take(b"0", 1, 0.0) == 0
