"""What every connection of a relay shares: the writer, what is known of mailboxes, limits, clock.

Rule: made once when the relay starts, and passed on; there is no global state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from restante.protocol.frames import Lane
from restante.protocol.ids import EnvelopeId
from restante.protocol.limits import DEFAULT_TTL_S
from restante.relay.buckets import Buckets
from restante.relay.limits import Limits
from restante.relay.mailrooms import Mailrooms
from restante.relay.ops.draining import Drain
from restante.relay.settings import Settings
from restante.relay.turns import Turns
from restante.relay.waking.waker import Waker
from restante.relay.watching.figures import Figures
from restante.relay.writer import Writer
from restante.store.relay_mailboxes import HOUR_S
from restante.store.relay_store import Notice, NoticeKind

if TYPE_CHECKING:
    from restante.relay.blobs import Blobs
    from restante.relay.delivery import Subscriber
    from restante.relay.leaving import Leaving
    from restante.relay.registration import Registration
    from restante.relay.registry import Registry
    from restante.relay.session import Session
    from restante.relay.slots import Slots
    from restante.relay.socket import Outgoing
    from restante.store.database import Database
    from restante.store.relay_store import Mailboxes, Neighbours


@dataclass(slots=True, kw_only=True)
class Services:
    """The parts of one running relay."""

    settings: Settings
    db: Database
    mailboxes: Mailboxes
    neighbours: Neighbours
    writer: Writer
    mailrooms: Mailrooms
    registry: Registry
    registration: Registration
    leaving: Leaving
    slots: Slots
    blobs: Blobs
    clock: Callable[[], float]
    """Seconds since 1970."""
    spawn: Callable[[Callable[[], Awaitable[None]]], None]
    """Runs a short task that outlives its connection; its exceptions are logged."""
    outgoing: Outgoing
    authorities: frozenset[str]
    """What devices may call this relay when they authenticate; empty: what their address says."""
    epoch: int
    gates: Gates
    turns: Turns
    figures: Figures
    waker: Waker
    sessions: set[Session] = field(default_factory=set)
    by_network: Counter[bytes] = field(default_factory=Counter)
    subscribers: dict[int, tuple[Subscriber, Session]] = field(default_factory=dict)
    subscribing: dict[int, Session] = field(default_factory=dict)
    """Which connection of a device asked last to be its subscriber, while that is prepared."""
    touched: set[Subscriber] = field(default_factory=set)
    """Subscribers that were offered something by the last commit."""
    dismissals: int = 0
    """How often devices were cut off: what was read of one before the last time may be no more."""
    is_stopping: bool = False
    drain: Drain = field(default_factory=Drain)
    seen: set[int] = field(default_factory=set)
    """Accounts whose devices have logged in since `Presence` looked last."""
    restored_hour: int | None = None
    """When the relay was restored from a backup, if it ever was."""

    @property
    def limits(self) -> Limits:
        """The limits of the settings."""
        return self.settings.limits

    @property
    def now_s(self) -> int:
        """Whole seconds since 1970."""
        return int(self.clock())

    @property
    def is_awaiting(self) -> bool:
        """Whether accounts and devices that aren't known may only not have been back yet."""
        if self.restored_hour is None:
            return False
        return self.now_s < self.restored_hour * HOUR_S + DEFAULT_TTL_S

    def forward(self, device: int, envelope: EnvelopeId, payload: bytes) -> None:
        """Hand an ephemeral envelope to a device that is online, here or at a neighbour's."""
        entry = self.subscribers.get(device)
        if entry is not None:
            entry[0].forward(envelope, Lane.CONTACT, payload)
        elif self.neighbours.are_possible:
            notice = Notice(
                kind=NoticeKind.EPHEMERAL, numbers=[device], data=bytes(envelope) + payload
            )
            self.neighbours.tell(notice)

    def end_blocked(self, account: int) -> None:
        """Cut off an account that the operator has blocked."""
        self.dismissals += 1  # who is logging in just now is looked up again
        for session in list(self.sessions):
            session.end_blocked(account)

    def flush_touched(self) -> None:
        """Send what the last commit brought."""
        while self.touched:
            self.touched.pop().flush()


class Gates:
    """The relay's token buckets. Each `take` returns 0, or after how many seconds to ask again."""

    def __init__(self, limits: Limits) -> None:
        self.connects = Buckets(
            rate=limits.connects_per_network, burst=2 * limits.connects_per_network
        )
        self.deposits = Buckets(
            rate=limits.deposits_per_network, burst=2 * limits.deposits_per_network
        )
        self.requests = Buckets(rate=limits.requests_per_network, burst=limits.request_burst)
        self.hasty = Buckets(
            rate=limits.refusals_per_network, burst=10 * limits.refusals_per_network
        )
        self.requests_of_mailbox = Buckets(
            rate=limits.requests_per_mailbox,
            burst=max(limits.requests_per_mailbox, limits.request_mailbox_envelopes),
        )
        self.requests_of_account = Buckets(
            rate=limits.requests_per_account, burst=20 * limits.requests_per_account
        )
        self.blob_parts = Buckets(
            rate=limits.blob_parts_per_account, burst=10 * limits.blob_parts_per_account
        )
        self.fetches = Buckets(
            rate=limits.fetches_per_network, burst=10 * limits.fetches_per_network
        )
        self.slots = Buckets(rate=limits.slots_per_network, burst=40 * limits.slots_per_network)
        self.one_time = Buckets(rate=limits.one_time_per_account, burst=limits.one_time_burst)
        self.earlier_acks = Buckets(rate=1, burst=16)
