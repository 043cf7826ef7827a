"""One frame's deposits, from their admission to their answer.

Rule: an outcome says STORED only if its envelope's commit has returned; what the commit refused
gives its room back. Spec: docs/protocol/relay.md, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from restante.errors import StoreError
from restante.protocol import frames as f
from restante.relay.refusal import store_refusal
from restante.store.errors import DiskFull
from restante.store.relay_mailboxes import Arrival, Waiting

if TYPE_CHECKING:
    from restante.relay.session import Session

_RETRY_WHEN_FULL_S = 60


def outcome(
    result: f.Outcome,
    *,
    retry_after_s: int = 0,
    expires_in_s: int = 0,
    limit: f.Limit = f.Limit.NONE,
) -> f.TargetOutcome:
    """Return what became of one target."""
    return f.TargetOutcome(
        outcome=result, retry_after_s=retry_after_s, expires_in_s=expires_in_s, limit=limit
    )


class FrameDeposits:
    """What one Deposit frame brought. `results` say STORED in advance where something waits."""

    def __init__(self, session: Session, request: int) -> None:
        self._session = session
        self._request = request
        self._began_at = perf_counter()
        self.results: list[list[f.TargetOutcome]] = []
        self.arrivals: list[Arrival] = []
        self.size_bytes = 0
        """Payload of what was admitted."""
        self.target_count = 0
        """How many targets were admitted."""
        self._places: list[tuple[int, Sequence[int]]] = []

    def add(self, arrival: Arrival, item: int, targets: Sequence[int]) -> None:
        """Put an admitted payload; `item` and `targets` are the places of its results."""
        self.arrivals.append(arrival)
        self.size_bytes += len(arrival.payload)
        self.target_count += len(targets)
        self._places.append((item, targets))

    @property
    def network(self) -> bytes:
        """By what its depositor is counted."""
        return self._session.network

    def stored(self, sequences: list[int]) -> None:
        """Hand what was committed to whoever is there for it."""
        services, began_at = self._session.services, perf_counter()
        if (
            services.subscribers
            or services.neighbours.are_possible
            or services.waker.devices
            or 0 in sequences
        ):
            self._hand_over(sequences)
            services.turns.spend(self.network, perf_counter() - began_at)

    def answer(self) -> None:
        """Answer."""
        services, began_at = self._session.services, perf_counter()
        self._session.send(f.Deposited(request=self._request, results=self.results))
        now = perf_counter()
        services.figures.deposits_s.add(now - self._began_at)
        services.turns.spend(self.network, now - began_at)

    def _hand_over(self, sequences: list[int]) -> None:
        services = self._session.services
        subscribers, wakeable = services.subscribers, services.waker.devices
        elsewhere: list[int] = []
        at = 0
        for arrival in self.arrivals:
            is_fan_out = len(arrival.targets) > 1
            for device, lane in arrival.targets:
                seq = sequences[at]
                at += 1
                if not seq:  # it was there before: its room is taken already
                    services.mailrooms.release(device, lane, len(arrival.payload))
                    continue
                entry = subscribers.get(device)
                if entry is None:
                    elsewhere.append(device)
                    if device in wakeable and lane == f.Lane.CONTACT:
                        # A stranger, or who was blocked, rings nobody's telephone.
                        services.waker.arrived(device)
                else:
                    payload = arrival.payload
                    shared = services.writer.shared_of(seq) if is_fan_out else None
                    services.touched.add(entry[0])
                    entry[0].offer(Waiting(seq, arrival.id, lane, len(payload), shared, payload))
        if elsewhere:
            services.neighbours.arrived(elsewhere)

    def failed(self, error: StoreError) -> None:
        """Give the room back, and answer that nothing was stored."""
        services = self._session.services
        for arrival in self.arrivals:
            for device, lane in arrival.targets:
                services.mailrooms.release(device, lane, len(arrival.payload))
        if not isinstance(error, DiskFull):
            self._session.refuse(self._request, store_refusal(error))
            return
        services.figures.outcomes[f.Outcome.RELAY_FULL.name.lower()] += self.target_count
        full = outcome(
            f.Outcome.RELAY_FULL, retry_after_s=_RETRY_WHEN_FULL_S, limit=f.Limit.DATABASE_BYTES
        )
        for item, targets in self._places:
            outcomes = list(self.results[item])  # several items may share one list
            for target in targets:
                outcomes[target] = full
            self.results[item] = outcomes
        self._session.send(f.Deposited(request=self._request, results=self.results))
