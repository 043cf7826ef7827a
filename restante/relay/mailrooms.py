"""What the relay knows of mailboxes at hand: tokens, and how full each is. No I/O but one question.

Rule: a deposit is admitted here and nowhere else. To a stranger a mailbox that is full and one that
doesn't exist are the same; a retired token is answered like a live one. Room is taken when a
deposit is admitted and given back when its envelope is gone, or wasn't stored; a mailbox is counted
in the store only while nothing leaves it. Spec: docs/relay.md, section 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import trio

from restante.protocol.frames import Lane, Limit
from restante.protocol.ids import MailboxId, Token, token_hash
from restante.protocol.limits import BUCKETS
from restante.relay.account_rooms import AccountRoom, AccountRooms
from restante.relay.limits import Limits
from restante.relay.shares import (
    LEAST_BYTES,
    LEAST_ENVELOPES,
    MAX_AGE_S,
    RECOUNT_S,
    most_until_counted,
)
from restante.store.quick_lock import QuickLock
from restante.store.relay_mailbox_facts import MailboxFacts, Standing, mailbox_facts
from restante.store.relay_store import Notice, NoticeKind

if TYPE_CHECKING:
    from restante.protocol.frames import DepositItem
    from restante.store.database import Database
    from restante.store.relay_mailboxes import Arrival, Removed
    from restante.store.relay_store import Neighbours

MAX_CACHED: Final = 16_384
"""Mailboxes kept at hand, at up to 3 KiB each."""

MAX_SET_ASIDE: Final = 1_024
"""Of mailboxes that are no more at hand, so many are still counted: deposits to them may be on
their way to the disk, where nobody who asks the store sees them yet."""

_ROOM: Final = attrgetter("device", "lane", "size_bytes")

_CONTACT: Final = Lane.CONTACT
_TAKEN: Final = (Limit.NONE, 0)
"""To ask an enumeration for a member costs ten times as much as a name here; each envelope does."""

BURST_S: Final = 20
"""So many seconds' deposits may come into one mailbox at once."""


@dataclass(slots=True)
class Mailbox:
    """One mailbox: whose, what opens it, and what it holds, by lane."""

    id: MailboxId
    device: int
    account: int
    live: frozenset[bytes]
    retired: frozenset[bytes]
    envelopes: list[int]
    size_bytes: list[int]
    all_devices: AccountRoom
    """What waits for the account, in all its mailboxes."""
    budget: float
    """Envelopes that contacts may leave at once; it refills with time."""
    budget_at_s: float
    standing: Standing
    most_envelopes: list[int]
    most_bytes: list[int]
    """What it may hold before it is full, or is to be counted again."""
    counted_at_s: float
    as_contact: tuple[tuple[int, int]]
    """What an arrival from a contact has as its targets: of many, one."""
    opened: dict[bytes, Lane] = field(default_factory=dict)
    """Tokens that were shown and are live or retired: a hash less for each further envelope."""


class Mailrooms:
    """The mailboxes at hand; past so many, those that came first are forgotten."""

    def __init__(
        self,
        db: Database,
        limits: Limits,
        *,
        neighbours: Neighbours | None = None,
        most_at_hand: int = MAX_CACHED,
    ) -> None:
        """`neighbours` are told of changes; where there are any, rooms are counted anew."""
        self._db = db
        self._neighbours = neighbours
        self._are_shared = neighbours is not None and neighbours.are_possible
        self.pending: Callable[[Iterable[int]], dict[int, list[Arrival]]] = lambda _: {}
        """What is admitted and not committed: the writer's to say."""
        self._most_at_hand = most_at_hand
        # By lane, as everything that is counted.
        self._most_envelopes = (limits.mailbox_envelopes, limits.request_mailbox_envelopes)
        self._most_bytes = (limits.mailbox_bytes, limits.request_mailbox_bytes)
        self._rate = float(limits.deposits_per_mailbox)
        self._burst = BURST_S * self._rate
        self._accounts = AccountRooms(limits)
        self._by_id: dict[bytes, Mailbox] = {}
        self._by_device: dict[int, Mailbox] = {}
        self._set_aside: dict[int, None] = {}
        self._changes = 0
        self.counting = QuickLock()
        """Whoever deletes envelopes holds it until their room is given back."""

    @property
    def at_hand(self) -> Mapping[bytes, Mailbox]:
        """The mailboxes at hand, by their ids."""
        return self._by_id

    async def fetch(self, wanted: Iterable[MailboxId]) -> None:
        """Bring mailboxes to hand, all at once; only those that don't exist are not there then.

        Raises StoreError.
        """
        all_wanted = list(dict.fromkeys(wanted))
        nobodys: set[MailboxId] = set()
        while missing := [
            mailbox
            for mailbox in all_wanted
            if mailbox not in self._by_id and mailbox not in nobodys
        ]:
            changes = self._changes
            # First without holding up a commit: what strangers make up costs nobody else.
            facts = await self._look_up(missing)
            if facts:
                async with self.counting:
                    facts = await self._look_up(facts)
                    if changes == self._changes:
                        self._remember(facts.values(), besides=all_wanted)
            if changes == self._changes:
                nobodys.update(set(missing) - facts.keys())
            else:  # what was read may be older than what has been published meanwhile
                nobodys.clear()

    async def _look_up(self, mailboxes: Iterable[MailboxId]) -> dict[MailboxId, MailboxFacts]:
        wanted = list(mailboxes)
        return await self._db.read(lambda tx: mailbox_facts(tx, wanted))

    def lane_of(self, mailbox: Mailbox, token: bytes | None) -> tuple[Lane, bool]:
        """Return which lane a token opens, and whether its bearer is a stranger.

        A retired token makes no stranger: its bearer is answered as before, and lands among the
        requests, where the recipient's client recognises the session.
        """
        if token is None:
            return Lane.REQUEST, True
        lane = mailbox.opened.get(token)
        if lane is None:
            hashed = token_hash(Token(token))
            if hashed in mailbox.live:
                lane = Lane.CONTACT
            elif hashed in mailbox.retired:
                lane = Lane.REQUEST
            else:
                return Lane.REQUEST, True
            mailbox.opened[token] = lane
        return lane, False

    def admit_known(
        self, mailbox_id: bytes, token: bytes | None, size_bytes: int, now_s: float
    ) -> tuple[tuple[int, int]] | None:
        """Take room for a token that was shown before and is live; return the arrival's targets.

        None: not so; `lane_of` and `admit` have to say what is the matter. This is all that most
        envelopes pass, hence one function.
        """
        mailbox = self._by_id.get(mailbox_id)
        if mailbox is None or token is None or mailbox.opened.get(token) is not _CONTACT:
            return None
        limit, _ = self.admit(mailbox, _CONTACT, size_bytes, now_s, is_stranger=False)
        return None if limit else mailbox.as_contact

    def admit(
        self, mailbox: Mailbox, lane: Lane, size_bytes: int, now_s: float, *, is_stranger: bool
    ) -> tuple[Limit, int]:
        """Take the room that an envelope needs; or return which limit it met, and for how long.

        Each lane has room of its own: a flood of requests never keeps a contact out. Who holds a
        retired token meets the limits of a contact, or would learn from a full request lane that
        it was retired: nobody else's is.
        """
        room = lane if is_stranger else _CONTACT
        if mailbox.envelopes[lane] >= mailbox.most_envelopes[room]:
            return Limit.MAILBOX_ENVELOPES, 0
        if mailbox.size_bytes[lane] + size_bytes > mailbox.most_bytes[room]:
            return Limit.MAILBOX_BYTES, 0
        if not is_stranger:
            account = mailbox.all_devices
            if met := account.met(size_bytes):
                return met, 0
            grown = mailbox.budget + (now_s - mailbox.budget_at_s) * self._rate
            mailbox.budget, mailbox.budget_at_s = min(grown, self._burst), now_s
            if mailbox.budget < 1:
                return Limit.DEPOSITS_PER_MAILBOX, int((1 - mailbox.budget) / self._rate) + 1
            mailbox.budget -= 1
        if lane is _CONTACT:
            mailbox.all_devices.envelopes += 1
            mailbox.all_devices.size_bytes += size_bytes
        mailbox.envelopes[lane] += 1
        mailbox.size_bytes[lane] += size_bytes
        return _TAKEN

    def release_all(self, gone: Iterable[Removed]) -> None:
        """Give back the room of envelopes that are gone: mostly many alike, of few mailboxes."""
        for (device, lane, size_bytes), count in Counter(map(_ROOM, gone)).items():
            self.release(device, lane, count * size_bytes, envelopes=count)

    def release(self, device: int, lane: int, size_bytes: int, *, envelopes: int = 1) -> None:
        """Give back the room of so many envelopes, with so many bytes together."""
        if lane == Lane.CONTACT:
            self._accounts.release(device, size_bytes, envelopes=envelopes)
        mailbox = self._by_device.get(device)
        if mailbox is not None:
            mailbox.envelopes[lane] = max(mailbox.envelopes[lane] - envelopes, 0)
            mailbox.size_bytes[lane] = max(mailbox.size_bytes[lane] - size_bytes, 0)

    def lacks(self, wanted: Sequence[bytes], items: Iterable[DepositItem]) -> bool:
        """Whether `fetch` is needed for a frame with these targets and items."""
        if self._are_shared:
            self._drop_worn(wanted, sum([len(item.payload) for item in items]))
        return bool([mailbox for mailbox in wanted if mailbox not in self._by_id])

    def _drop_worn(self, wanted: Sequence[bytes], size_bytes: int) -> None:
        """Let those be counted again whose share is used up, or whose tokens may be old."""
        now_s = trio.current_time()
        for mailbox_id in set(wanted):
            mailbox = self._by_id.get(mailbox_id)
            if mailbox is None or now_s - mailbox.counted_at_s < RECOUNT_S:
                continue
            is_old = now_s - mailbox.counted_at_s > MAX_AGE_S
            if is_old or _is_worn(mailbox, len(wanted), size_bytes):
                self._drop(mailbox)

    def forget_all(self) -> None:
        """Ask anew about every mailbox: there is no telling what has changed."""
        self._changes += 1
        for mailbox in list(self._by_id.values()):
            self._drop(mailbox)

    def change_account(self, account: int) -> None:
        """Forget an account whose tokens or devices were changed here, and tell the neighbours."""
        self.forget_account(account)
        if self._neighbours is not None:
            self._neighbours.tell(Notice(kind=NoticeKind.CHANGED, numbers=[account]))

    def forget_account(self, account: int) -> None:
        """Ask anew about an account's mailboxes: its tokens or its devices have changed."""
        self._changes += 1
        for mailbox in [box for box in self._by_id.values() if box.account == account]:
            self._drop(mailbox)

    def _remember(self, facts: Iterable[MailboxFacts], *, besides: Iterable[MailboxId]) -> None:
        """Put mailboxes at hand; for their sake others are forgotten, but none of `besides`."""
        for mailbox_id in besides:
            if (mailbox := self._by_id.pop(mailbox_id, None)) is not None:
                self._by_id[mailbox_id] = mailbox
        new = [fact for fact in facts if fact.mailbox not in self._by_id]
        # Others may be there: another task has brought them, and may have admitted deposits.
        devices = {device for fact in new for device in fact.account_devices}
        pending = self.pending(devices) if self._are_shared else {}
        for fact in new:
            mailbox = Mailbox(
                id=fact.mailbox,
                device=fact.device,
                account=fact.account,
                live=fact.live,
                retired=fact.retired,
                envelopes=list(fact.envelopes),
                size_bytes=list(fact.size_bytes),
                all_devices=self._accounts.hold(fact),
                budget=self._burst,
                budget_at_s=0.0,
                standing=fact.standing,
                most_envelopes=list(self._most_envelopes),
                most_bytes=list(self._most_bytes),
                counted_at_s=trio.current_time(),
                as_contact=((fact.device, int(_CONTACT)),),
            )
            aside = self._by_device.get(fact.device)
            if aside is not None:
                if aside.id == fact.mailbox:
                    mailbox.envelopes, mailbox.size_bytes = aside.envelopes, aside.size_bytes
                    mailbox.budget, mailbox.budget_at_s = aside.budget, aside.budget_at_s
                self._accounts.let_go(aside.all_devices)
            if self._are_shared:
                self._take_share(mailbox, fact, pending)
            self._set_aside.pop(fact.device, None)
            self._by_id[mailbox.id] = mailbox
            self._by_device[mailbox.device] = mailbox
            if len(self._by_id) > self._most_at_hand:
                self._drop(next(iter(self._by_id.values())))

    def _take_share(
        self, mailbox: Mailbox, fact: MailboxFacts, pending: Mapping[int, Iterable[Arrival]]
    ) -> None:
        """Count what is on its way, and leave room to those who fill the mailbox elsewhere."""
        mailbox.envelopes, mailbox.size_bytes = list(fact.envelopes), list(fact.size_bytes)
        for arrival in pending[fact.device]:
            for _, lane in arrival.targets:
                mailbox.envelopes[lane] += 1
                mailbox.size_bytes[lane] += len(arrival.payload)
        for lane in (0, 1):
            mailbox.most_envelopes[lane] = most_until_counted(
                self._most_envelopes[lane], mailbox.envelopes[lane], LEAST_ENVELOPES
            )
            mailbox.most_bytes[lane] = most_until_counted(
                self._most_bytes[lane], mailbox.size_bytes[lane], LEAST_BYTES
            )
        sizes = [
            len(arrival.payload)
            for device in fact.account_devices
            for arrival in pending[device]
            if arrival.targets[0][1] == Lane.CONTACT
        ]
        self._accounts.count_again(
            mailbox.all_devices, fact, envelopes=len(sizes), size_bytes=sum(sizes)
        )

    def _drop(self, mailbox: Mailbox) -> None:
        del self._by_id[mailbox.id]
        self._set_aside[mailbox.device] = None
        if len(self._set_aside) > MAX_SET_ASIDE:
            device = next(iter(self._set_aside))
            del self._set_aside[device]
            self._accounts.let_go(self._by_device.pop(device).all_devices)


def _is_worn(mailbox: Mailbox, envelopes: int, size_bytes: int) -> bool:
    """Whether a frame of so much might not fit the share that is left. Strangers bring little."""
    account = mailbox.all_devices
    return (
        mailbox.envelopes[0] + envelopes > mailbox.most_envelopes[0]
        or mailbox.size_bytes[0] + size_bytes > mailbox.most_bytes[0]
        or mailbox.envelopes[1] >= mailbox.most_envelopes[1]
        or mailbox.size_bytes[1] + BUCKETS[1] > mailbox.most_bytes[1]
        or account.envelopes + envelopes > account.most_envelopes
        or account.size_bytes + size_bytes > account.most_bytes
    )
