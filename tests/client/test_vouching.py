"""Which list of a contact's devices is the newest: what is late or hidden, who is reminded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.client.acquaintance import keep_manifest
from restante.client.changes import Changes
from restante.client.clock import SystemClock, rfc3339
from restante.client.interface import ContactState
from restante.client.linking.announcing import REMIND_AGAIN_MS, remind
from restante.client.vouching import (
    MAX_EARLIER,
    doubt,
    is_earlier,
    note_earlier,
    note_look,
    note_unknown,
)
from restante.crypto import own_keys
from restante.crypto.signatures import VerifiedManifest
from restante.protocol.ids import ManifestHash
from restante.store.client_contacts import ContactRow, contacts
from restante.store.client_outbox import by_account, delete
from restante.store.client_rows import Rows
from restante.store.client_transfer_rows import AFTER_ALL, messages_before
from tests.client.second_device import sign_with
from tests.client.stranger import Stranger, an_entry
from tests.client.world import a_world, bodies, eventually, introduce, reaches
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Device, Network


@pytest.fixture
def alice(tmp_path: Path) -> Iterator[Device]:
    made = Network(tmp_path, ours=[0, 0], theirs=[0])
    yield made.ours[0]
    made.close()


def wonders(stranger: Stranger, head: bytes, *, now_ms: int = NOW_MS) -> None:
    stranger.alice.run(
        lambda rows, c: note_unknown(rows, c, stranger.row(rows), head, now_ms=now_ms)
    )


def since_ms(stranger: Stranger) -> int | None:
    found = stranger.alice.run(lambda rows, _: doubt(rows, stranger.row(rows)))
    return None if found is None else found.since_ms


def test_a_newer_list_ends_a_doubt_and_the_one_before_is_no_news(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    before = stranger.manifest.head
    wonders(stranger, b"\x01" * 32)
    newer = stranger.lists(an_entry())
    alice.run(lambda rows, _: keep_manifest(rows, stranger.row(rows), newer))
    assert since_ms(stranger) is None
    assert alice.run(lambda rows, _: is_earlier(rows, stranger.row(rows), before))


def test_another_unknown_list_puts_no_warning_off(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    wonders(stranger, b"\x01" * 32)
    wonders(stranger, b"\x02" * 32, now_ms=NOW_MS + 1000)
    assert since_ms(stranger) == NOW_MS


def test_so_many_earlier_lists_are_remembered_and_no_more(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    heads = [bytes([number]) * 32 for number in range(MAX_EARLIER + 1)]
    for head in heads:
        alice.run(lambda rows, _, h=head: note_earlier(rows, stranger.row(rows), h))
    known = [alice.run(lambda rows, _, h=h: is_earlier(rows, stranger.row(rows), h)) for h in heads]
    assert known == [False, *[True] * MAX_EARLIER]


def test_a_relay_that_shows_only_older_lists_warns_after_its_time_and_not_at_once(
    alice: Device,
) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)

    def notices(*, days_later: int) -> list[str]:
        def work(rows: Rows, changes: Changes) -> list[str]:
            row, now_ms = stranger.row(rows), NOW_MS + days_later * 86_400_000
            note_look(rows, changes, row, vouched_at_s=0, now_ms=now_ms)
            return [str(each.error) for each in messages_before(rows, stranger.key, AFTER_ALL, 9)]

        return alice.run(work)

    assert notices(days_later=0) == notices(days_later=3) == []
    (warning,) = notices(days_later=4)
    assert f"since {rfc3339(NOW_MS)[:10]}. " in warning
    assert len(notices(days_later=5)) == 1


def test_who_goes_by_an_older_list_is_reminded_again_every_hour(alice: Device) -> None:
    stranger = Stranger(alice, ContactState.ACCEPTED)
    newest = alice.own.manifest

    def writes(at_ms: int) -> int:
        def work(rows: Rows, changes: Changes) -> int:
            row = stranger.row(rows)
            remind(rows, changes, row, newest, randomness=RANDOM, now_ms=at_ms)
            waiting = by_account(rows, row.account_id)
            for entry in waiting:
                delete(rows, entry.id)  # the relay takes it, and drops it
            return len(waiting)

        return alice.run(work)

    times = [0, 1, REMIND_AGAIN_MS - 1, REMIND_AGAIN_MS, REMIND_AGAIN_MS + 1]
    assert [writes(NOW_MS + each) for each in times] == [1, 0, 0, 1, 0]


async def test_what_is_only_late_warns_nobody(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        now_s = SystemClock().now_ms() // 1000
        signed: list[VerifiedManifest] = []
        for _ in range(3):
            device = own_keys.generate_device(RANDOM)
            signed.append(await sign_with(bob, device, now_s=now_s))
            await bob._services.waiting_with(lambda now: now.mailbox.published())
        row = await alice._context.read(_bob)
        await alice._services.waiting_with(lambda now: now.refreshing.refresh(row))
        late = ManifestHash(signed[0].head)
        assert not await alice._context.read(lambda rows: is_earlier(rows, row, late))
        await alice._context.write(lambda rows: _doubt_that(rows, late))
        changes = Changes(are_lists_doubtful=True)
        await alice._services.tell(changes)

        async def is_settled() -> bool:
            return await alice._context.read(lambda rows: is_earlier(rows, row, late))

        await eventually(alice, is_settled)
        assert "[notice]" not in await bodies(alice, to_bob)


def _bob(rows: Rows) -> ContactRow:
    (row,) = [each for each in contacts(rows) if each.state == "accepted"]
    return row


def _doubt_that(rows: Rows, head: ManifestHash) -> None:
    note_unknown(rows, Changes(), _bob(rows), head, now_ms=0)
