"""What a relay has at hand of a mailbox is what its owner published last, and what it holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from restante.protocol import frames as f
from restante.protocol.frames import Lane, Limit
from restante.protocol.ids import Token, token_hash
from restante.relay.limits import Limits
from restante.relay.mailrooms import Mailrooms
from restante.relay.writer import Writer
from restante.store.relay_mailboxes import Removed
from restante.store.relay_seam import Database
from tests.relay.residents import (
    RANDOM,
    STORED,
    Resident,
    a_link,
    an_item,
    deposit,
    registered,
)
from tests.relay.wire import (
    relay_at,
    sql,
)

pytestmark = pytest.mark.usefixtures("engine")


class Interrupted:
    """A database during one of whose reads something else happens, just before it is answered."""

    def __init__(
        self, db: Database, meanwhile: Callable[[], Awaitable[None]], *, at_read: int = 1
    ) -> None:
        self._db = db
        self._meanwhile = meanwhile
        self._reads_left = at_read

    async def read(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """Read, then let it happen."""
        found = await self._db.read(work)
        self._reads_left -= 1
        if self._reads_left == 0:
            await self._meanwhile()
        return found


async def test_tokens_that_change_while_a_mailbox_is_fetched_are_the_new_ones(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        [bob] = await registered(relay.address, ["bob"])
        device = await relay.services.registry.device(bob.device.key)
        assert device is not None
        old, new = bob.tokens[0], Token(RANDOM.random(16))

        async def replace() -> None:
            async with a_link(relay.address, bob) as link:
                live = [token_hash(token) for token in (new, *bob.tokens[1:])]
                await link.ask(f.Done, lambda n: f.PublishTokens(request=n, live=live, retired=[]))
            mailrooms.forget_account(device.account)  # as the registry does with its own

        interrupted: Any = Interrupted(relay.services.db, replace)
        mailrooms = Mailrooms(interrupted, Limits())
        await mailrooms.fetch([bob.mailbox])
        mailbox = mailrooms.at_hand[bob.mailbox]
        assert mailrooms.lane_of(mailbox, new) == (Lane.CONTACT, False)
        assert mailrooms.lane_of(mailbox, old) == (Lane.REQUEST, True)


async def test_who_is_at_hand_is_not_forgotten_for_the_others_of_the_frame(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        people = await registered(relay.address, ["a", "b", "c", "d"])
        first, second, third, fourth = (person.mailbox for person in people)
        mailrooms = Mailrooms(relay.services.db, Limits(), most_at_hand=3)
        await mailrooms.fetch([first])
        await mailrooms.fetch([second, third])
        await mailrooms.fetch([first, fourth])
        assert {first, fourth} < mailrooms.at_hand.keys()
        assert len(mailrooms.at_hand) == 3


async def test_who_is_forgotten_while_the_others_are_fetched_is_fetched_again(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        alice, bob = await registered(relay.address, ["alice", "bob"])
        device = await relay.services.registry.device(alice.device.key)
        assert device is not None

        async def forget() -> None:
            mailrooms.forget_account(device.account)
            await trio.lowlevel.checkpoint()

        # Two reads bring alice's, a third one is for bob's.
        interrupted: Any = Interrupted(relay.services.db, forget, at_read=3)
        mailrooms = Mailrooms(interrupted, Limits())
        await mailrooms.fetch([alice.mailbox])
        await mailrooms.fetch([alice.mailbox, bob.mailbox])
        assert mailrooms.at_hand.keys() == {alice.mailbox, bob.mailbox}


async def fill(relay: Any, person: Resident, count: int) -> None:
    """Leave envelopes in a mailbox."""
    async with a_link(relay.address) as link:
        outcomes = await deposit(link, [an_item(person.target) for _ in range(count)])
    assert outcomes == [[STORED]] * count


async def test_what_is_acked_while_a_mailbox_is_counted_takes_no_room(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, trio.open_nursery() as nursery:
        [bob] = await registered(relay.address, ["bob"])
        await fill(relay, bob, 5)
        db = relay.services.db
        rows = await sql(relay, "SELECT seq, device, lane, size_bytes FROM waiting")

        async def ack() -> None:
            writer.ack([Removed(*row, None) for row in rows[:2]])
            with trio.move_on_after(0.2):  # it can't be done before the counting is
                await writer.barrier()

        interrupted: Any = Interrupted(db, ack, at_read=2)
        mailrooms = Mailrooms(interrupted, Limits())
        writer = Writer(
            relay.services.mailboxes,
            clock=relay.services.clock,
            counting=mailrooms.counting,
            on_removed=mailrooms.release_all,
            after_commit=lambda: None,
        )
        nursery.start_soon(writer.run)
        await mailrooms.fetch([bob.mailbox])
        await writer.barrier()
        assert mailrooms.at_hand[bob.mailbox].envelopes == [3, 0]
        nursery.cancel_scope.cancel()


async def test_what_is_on_its_way_to_the_disk_is_counted_though_its_mailbox_was_forgotten(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        [bob] = await registered(relay.address, ["bob"])
        mailrooms = Mailrooms(relay.services.db, Limits())
        await mailrooms.fetch([bob.mailbox])
        mailbox = mailrooms.at_hand[bob.mailbox]
        now_s = trio.current_time()
        admitted = mailrooms.admit(mailbox, Lane.CONTACT, 512, now_s, is_stranger=False)
        assert admitted == (Limit.NONE, 0)
        mailrooms.forget_account(mailbox.account)
        await mailrooms.fetch([bob.mailbox])
        assert mailrooms.at_hand[bob.mailbox].envelopes == [1, 0]
        mailrooms.release(mailbox.device, Lane.CONTACT, 512)
        assert mailrooms.at_hand[bob.mailbox].envelopes == [0, 0]


async def test_mailboxes_that_nobody_has_are_looked_up_at_a_bounded_rate(tmp_path: Path) -> None:
    limits = Limits(fetches_per_network=1, requests_per_network=10_000, request_burst=10_000)
    async with relay_at(tmp_path, limits=limits) as relay:
        alice, bob = await registered(relay.address, ["alice", "bob"])
        await fill(relay, bob, 1)  # bob's mailbox is at hand now, alice's is not
        async with a_link(relay.address) as link:

            async def outcomes(*targets: f.Target) -> list[int]:
                (found,) = await deposit(link, [an_item(*targets)])
                return found

            def nobodys() -> f.Target:
                return f.Target(mailbox=RANDOM.random(16), token=alice.tokens[0])

            refused, late = int(f.Outcome.REFUSED), int(f.Outcome.SLOW_DOWN)
            told = [refused]
            while told == [refused]:
                told = await outcomes(nobodys())
            assert told == [late]
            assert await outcomes(alice.target, bob.stranger_target, bob.target) == [
                late,
                late,
                STORED,
            ], "what is at hand is served, and no stranger learns what is"
