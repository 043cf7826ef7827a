"""A relay's store, whichever engine it is: transactions, mailboxes, and the relays beside this one.

Rule: the relay's services know these interfaces and no engine. `relay_sqlite` is one file for one
process; `relay_postgres` is a server for any number of them. Spec: docs/relay.md, sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import trio

from restante.protocol.ids import EnvelopeId
from restante.store.database import Database
from restante.store.relay_mailboxes import Arrival, Removed, Waiting


class Mailboxes(Protocol):
    """Envelopes that wait. Every method raises StoreError's subclasses."""

    @property
    def reads_past(self) -> bool:
        """Whether a later reading has only later sequences: one writer, and its order is all."""

    async def load(self) -> Sequence[int]:
        """Read where the numbers stand, at the start; return devices that are no more, to empty."""

    async def commit(
        self, arrivals: Sequence[Arrival], acks: Collection[Removed], *, hour: int
    ) -> list[int]:
        """Store arrivals and delete what was acked, durably, in one transaction.

        Returns for each target of each arrival, in order, its sequence, or 0 if the envelope was
        stored before. One at a time.
        """

    def shared_of(self, seq: int) -> int | None:
        """Return the number of the shared payload of an envelope of the last commit, if any."""

    async def read(
        self,
        device: int,
        *,
        after_seq: int,
        besides: Collection[int],
        max_items: int,
        max_bytes: int,
        hour: int,
    ) -> list[Waiting]:
        """Return the next envelopes of a mailbox, in its order, as many as fit (at least one).

        Where `reads_past`, those after a sequence; else all but those with one of `besides`.
        """

    async def find_acked(self, device: int, ids: Collection[EnvelopeId]) -> list[Removed]:
        """Return what of a mailbox has one of these ids: acks of an earlier connection."""

    async def expire(self, *, hour: int) -> list[Removed]:
        """Delete some envelopes whose time has passed, and return them; empty: none is left."""

    async def empty(self, devices: Sequence[int]) -> None:
        """Delete all that waits for devices that are no more."""

    async def upkeep(self, *, hour: int) -> None:
        """Do a little of what is to be done between commits."""

    async def run(self) -> None:
        """Do what is to be done beside commits, for ever; or end at once where that is nothing."""

    async def forget_ids(self, *, hour: int) -> None:
        """Forget the ids of envelopes whose retry window is over."""


class NoticeKind(StrEnum):
    """What one relay process tells the others. Each is a hint, and may be lost."""

    ARRIVED = "a"
    """Something was stored for these devices."""
    CHANGED = "c"
    """Tokens or devices of these accounts are others now."""
    DISMISSED = "d"
    """These devices are no more."""
    RENAMED = "r"
    """The devices of the first account are the second's now."""
    HELD = "h"
    """A device has subscribed: its number, and the subscription's."""
    EPHEMERAL = "e"
    """An envelope for who is online: the device's number, and the envelope in `data`."""
    SWEEP = "s"
    """Too much to tell: look for what was stored."""
    BLOCKED = "b"
    """The operator has blocked these accounts."""
    LOST = "l"
    """Never told: words may have been lost, anything may have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One word of another relay's."""

    kind: NoticeKind
    numbers: Sequence[int] = ()
    data: bytes = b""


class Neighbours(Protocol):
    """The relay processes over the same database."""

    @property
    def are_possible(self) -> bool:
        """Whether there can be any: else nothing needs to be told."""

    @property
    def notices(self) -> trio.MemoryReceiveChannel[Notice]:
        """What the others tell."""

    async def is_alone(self) -> bool:
        """Whether no other runs now; until `settled` none starts."""

    async def settled(self) -> None:
        """Let others start: what only one may do at the start is done."""

    def arrived(self, devices: Iterable[int]) -> None:
        """Tell that something was stored for these devices."""

    def tell(self, notice: Notice) -> None:
        """Tell it soon. What is lost is made up for by a sweep."""

    async def run(self) -> None:
        """Tell and listen, for ever."""

    async def hold(self, device: int) -> int:
        """Note that a device has subscribed here; return the number of the subscription."""

    async def held(self, devices: Sequence[int]) -> dict[int, int]:
        """Return for devices the number of their newest subscription, wherever it is."""

    async def with_mail(self, devices: Sequence[int]) -> list[int]:
        """Return for which of these devices something waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayStore:
    """What `open_relay_store` opens."""

    db: Database
    mailboxes: Mailboxes
    neighbours: Neighbours
