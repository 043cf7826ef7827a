"""A relay's figures as Prometheus reads them. The only module that knows prometheus-client.

Rule: nothing is kept here; each scrape reads the counters and looks at the rest. Names begin with
`restante_relay_`, units are in the names, and no label says who. Spec: docs/watching.md.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from restante import __version__
from restante.protocol.connection import State
from restante.relay.watching.ages import Ages
from restante.store.relay_counts import Holdings, holdings

if TYPE_CHECKING:
    from pathlib import Path

    from restante.relay.services import Services
    from restante.relay.watching.figures import Histogram

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
HOLDINGS_S: Final = 60.0
"""For how long counts over whole tables are good enough."""

_STATES: Final = {
    State.ANONYMOUS: "anonymous",
    State.DEVICE: "device",
    State.SUBSCRIBED: "subscribed",
}

_GATES: Final = {
    "connects": "connects_per_network",
    "deposits": "deposits_per_network",
    "requests": "requests_per_network",
    "requests_of_mailbox": "requests_per_mailbox",
    "requests_of_account": "requests_per_account",
    "blob_parts": "blob_parts_per_account",
    "fetches": "fetches_per_network",
    "hasty": "refusals_per_network",
    "slots": "slots_per_network",
    "one_time": "one_time_per_account",
}
"""The limit that each of the relay's token buckets is, as it is called in the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disk:
    database_bytes: int
    journal_bytes: int
    free_bytes: int
    size_bytes: int


class Exposition:
    """Writes the figures of one relay."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._holdings: Holdings | None = None
        self._counted_at = 0.0
        self._ages = Ages()
        self._turn = trio.Lock()

    async def text(self) -> bytes:
        """Return all metrics in Prometheus' text format. Raises StoreError."""
        async with self._turn:
            now = trio.current_time()
            if self._holdings is None or now - self._counted_at >= HOLDINGS_S:
                self._holdings = await self._services.db.read(holdings)
                self._counted_at = now
                self._ages.note(self._holdings.last_seq, now)
        settings = self._services.settings
        disk = await trio.to_thread.run_sync(_look_at_disk, settings.database)
        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        age_s = self._ages.at_least_s(self._holdings.first_seq, now)
        registry.register(_Relay(self._services, self._holdings, disk, age_s))
        return generate_latest(registry)


def _look_at_disk(database: Path) -> _Disk:
    usage = shutil.disk_usage(database.parent)
    return _Disk(
        database_bytes=_size(database),
        journal_bytes=_size(database.with_name(f"{database.name}-wal")),
        free_bytes=usage.free,
        size_bytes=usage.total,
    )


def _size(file: Path) -> int:
    try:
        return os.stat(file).st_size
    except OSError:
        return 0


class _Relay(Collector):
    """What one scrape finds."""

    def __init__(
        self, services: Services, held: Holdings, disk: _Disk, oldest_age_s: float
    ) -> None:
        self._oldest_age_s = oldest_age_s
        self._services = services
        self._held = held
        self._disk = disk

    def collect(self) -> Iterator[Metric]:
        """Return every metric."""
        yield _gauge("info", "Which version runs; always 1.", 1, version=__version__)
        yield from self._connections()
        yield from self._envelopes()
        yield from self._commits()
        yield from self._requests()
        yield from self._room()
        yield from self._wakes()

    def _connections(self) -> Iterator[Metric]:
        services, figures = self._services, self._services.figures
        states = dict.fromkeys(_STATES.values(), 0)
        for session in services.sessions:
            if (name := _STATES.get(session.state)) is not None:
                states[name] += 1
        yield _gauges("connections", "Open connections that were greeted.", "kind", states)
        yield _counter("connections_opened", "Connections that were let in.", figures.opened)
        behind = sum([one.is_behind for one, _ in services.subscribers.values()])
        yield _gauge("subscribers_behind", "Subscribers that are read from the database.", behind)
        hits = dict(figures.limits_hit)
        for gate, buckets in vars(services.gates).items():
            name = _GATES.get(gate, gate)
            hits[name] = hits.get(name, 0) + buckets.refusals
        yield _counters("limits_hit", "Takings that a limit refused.", "limit", hits)
        yield _counters(
            "closed", "Connections that the relay ended, by wire code.", "code", figures.closed
        )

    def _envelopes(self) -> Iterator[Metric]:
        figures = self._services.figures
        yield _counter("envelopes_stored", "Envelopes made durable, by mailbox.", figures.stored)
        yield _counter("envelopes_delivered", "Envelopes handed to devices.", figures.delivered)
        yield _counter("envelopes_acked", "Envelopes deleted after their ack.", figures.acked)
        yield _counter("envelopes_expired", "Envelopes deleted in their hour.", figures.expired)
        yield _counters(
            "deposits_refused", "Targets not stored, by outcome.", "outcome", figures.outcomes
        )
        yield _histogram(
            "deposit_seconds", "From a deposit's arrival to its answer.", figures.deposits_s
        )

    def _commits(self) -> Iterator[Metric]:
        figures, writer = self._services.figures, self._services.writer
        yield _histogram("commit_seconds", "Duration of group commits.", figures.commits_s)
        yield _histogram(
            "commit_envelopes", "Envelopes in a group commit.", figures.commits_envelopes
        )
        yield _counters(
            "commit_failures",
            "Commits that the disk refused, by error.",
            "error",
            figures.commit_failures,
        )
        yield _gauge("commit_queue_bytes", "Waiting for a commit.", writer.waiting_bytes)
        yield _gauge(
            "commit_queue_age_seconds",
            "For how long the oldest deposit that isn't committed has waited.",
            writer.oldest_wait_s,
        )

    def _requests(self) -> Iterator[Metric]:
        figures = self._services.figures
        yield _counters("frames", "Frames that came, by type.", "frame", figures.frames)
        yield _counters(
            "requests_refused",
            "Requests not carried out, by wire code.",
            "code",
            figures.refused,
        )
        yield _histogram(
            "request_seconds", "From a request's arrival to its answer.", figures.requests_s
        )
        yield _counter("faults", "Unexpected exceptions: bugs.", figures.faults)

    def _room(self) -> Iterator[Metric]:
        held, disk = self._held, self._disk
        yield _gauge("accounts", "Accounts.", held.accounts)
        yield _gauge("devices", "Devices of all accounts.", held.devices)
        yield _gauge("envelopes_waiting", "Envelopes in all mailboxes.", held.envelopes)
        yield _gauge(
            "envelopes_oldest_age_seconds",
            "For how long at least the oldest envelope in any mailbox has waited.",
            self._oldest_age_s,
        )
        yield _gauge("blobs", "Blobs.", held.blobs)
        yield _gauge("blobs_bytes", "Received for all blobs.", held.blobs_bytes)
        at_hand = len(self._services.mailrooms.at_hand)
        yield _gauge("mailboxes_at_hand", "Mailboxes whose facts are in memory.", at_hand)
        yield _gauge("database_bytes", "Size of the database file.", disk.database_bytes)
        yield _gauge("journal_bytes", "Size of its journal.", disk.journal_bytes)
        yield _gauge("disk_free_bytes", "Room left on the database's disk.", disk.free_bytes)
        yield _gauge("disk_size_bytes", "Size of the database's disk.", disk.size_bytes)

    def _wakes(self) -> Iterator[Metric]:
        services = self._services
        yield _counters(
            "wakes", "Wakings, by what became of them.", "result", services.figures.wakes
        )
        yield _gauge("wakes_waiting", "Devices to be woken.", services.waker.waiting)
        wakeable = len(services.waker.devices)
        yield _gauge("wakeable_devices", "Devices that asked to be woken.", wakeable)


_PREFIX: Final = "restante_relay_"


def _gauge(name: str, help_text: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(_PREFIX + name, help_text, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def _gauges(name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(GaugeMetricFamily, name, help_text, label, values)


def _counter(name: str, help_text: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, help_text, value=value)


def _counters(name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(CounterMetricFamily, name, help_text, label, values)


def _labelled(
    kind: Callable[..., GaugeMetricFamily | CounterMetricFamily],
    name: str,
    help_text: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    family = kind(_PREFIX + name, help_text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _histogram(name: str, help_text: str, of: Histogram) -> Metric:
    family = HistogramMetricFamily(_PREFIX + name, help_text)
    family.add_metric([], of.cumulated(), of.total)
    return family
