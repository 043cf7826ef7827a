"""What all services of one engine share: database, clock, chance, events, and how they are tuned.

Rule: frozen; services hold it and nothing global. Knows no service.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, TypeVar

from restante.client.backoff import backoff_s, unit_interval
from restante.client.grammar.presences import Presences
from restante.client.groups.ledger import Shelf
from restante.crypto.backups import LEAST_CHUNKS
from restante.crypto.own_keys import ONE_TIME_PREKEYS
from restante.protocol.history_part import MAX_PART_BYTES
from restante.protocol.limits import SLOT_TTL_S
from restante.store.client_rows import Rows
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.clock import Clock
    from restante.client.events import EventHub
    from restante.crypto.randomness import Randomness
    from restante.store.seam import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Pauses of the engine, in seconds, and sizes; a test or a command takes smaller ones."""

    receipt_jitter_s: float = 10.0
    """Receipts wait up to so long: at once, they would tell who reads whom (attack 50)."""
    resend_grace_s: float = 20.0
    """A missing message may just be late; after so long it is asked for."""
    doubt_grace_s: float = 3600.0
    """How long a relay may show an older list of devices than a contact goes by, before the user
    is told."""
    first_backoff_s: float = 1.0
    longest_backoff_s: float = 300.0
    """A laptop that was shut for a night is online again within five minutes."""
    most_pairwise: int = 32
    """Devices of a group past which what is said in it is sealed once for all, on a sender key."""
    join_step_s: float = 3.0
    """How long each device that may let somebody into a group waits for the one before it."""
    slot_poll_s: float = 2.0
    """How often a linking device looks into a slot; two behind one address share a limit."""
    link_patience_s: float = 60.0
    """How long one step of a linking waits for the other device, or for a relay that is lost."""
    link_ttl_s: float = float(SLOT_TTL_S)
    """How long a code for linking is good."""
    one_time_prekeys: int = ONE_TIME_PREKEYS
    """Of a kind at the relay, in a full set; below half of it, it is filled up again."""
    history_part_bytes: int = MAX_PART_BYTES
    """Of a part of a history; the first one is small in any case."""
    housekeeping_delay_s: float = 0.0
    """How long an engine puts off what nobody waits for: one message goes without it."""
    backup_delay_s: float = 60.0
    """How long an engine runs before it makes a backup that is due: a command is over by then."""
    backup_least_chunks: int = LEAST_CHUNKS
    """The size of the smallest backup, in 64 KiB."""
    restarts_services: bool = True
    """Whether a service that fails by a bug is started again; a test wants to see it fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineContext:
    """The shared surroundings of one engine's services."""

    profile: str
    database: Database
    clock: Clock
    randomness: Randomness
    hub: EventHub
    tuning: Tuning
    proxy: str | None
    presences: Presences = field(default_factory=Presences)
    """What others say of being there: in memory alone."""
    shelf: Shelf = field(default_factory=Shelf)

    async def read(self, work: Callable[[Rows], T]) -> T:
        """Run `work` on one snapshot, in the database's thread. Raises StoreError."""
        return await self.database.read_raw(lambda connection: work(Rows(connection)))

    async def write(self, work: Callable[[Rows], T]) -> T:
        """Run `work` in one transaction, in the database's thread, and commit it durably.

        Raises StoreError, or what `work` raises, and then nothing of it is kept. What `work` does
        beside the database must be harmless if it never happened: it may be rolled back.
        Cancellation: committed, or no effect.
        """
        return await self.database.write_raw(lambda connection: work(Rows(connection)))

    def now_ms(self) -> int:
        """Return the wall clock, in unix milliseconds."""
        return self.clock.now_ms()

    def now_s(self) -> int:
        """Return the wall clock, in unix seconds."""
        return self.clock.now_ms() // 1000

    def chance(self) -> float:
        """Draw a number in [0, 1)."""
        return unit_interval(self.randomness.random(7))

    def backoff_s(self, attempts: int, *, at_least_s: float = 0.0) -> float:
        """Return how long to wait after so many failures, with this engine's tuning and chance."""
        return backoff_s(
            attempts,
            self.chance(),
            first_s=self.tuning.first_backoff_s,
            longest_s=self.tuning.longest_backoff_s,
            at_least_s=at_least_s,
        )
