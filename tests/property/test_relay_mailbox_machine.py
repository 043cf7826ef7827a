"""The relay's mailbox against a model: whatever is lost, repeated, rolled back or restarted.

The model is a list for each device. What must hold after every step: each mailbox reads as its
list, and a retried deposit never comes to be there twice.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from restante.protocol.ids import EnvelopeId
from restante.store.driver import RawConnection, sqlite_driver
from restante.store.relay_deposit_ids import RETRY_WINDOW_HOURS
from restante.store.relay_mailboxes import (
    Arrival,
    MailboxWriter,
    Removed,
    expire,
    find_acked,
    read_waiting,
)
from restante.store.relay_tables import metadata
from tests.rounds import rounds

DEVICES = (1, 2, 3)
IDS = st.integers(0, 40).map(lambda number: EnvelopeId(number.to_bytes(16, "little")))
SETS = st.sets(st.sampled_from(DEVICES), min_size=1).map(sorted)


def _make_schema(raw: RawConnection) -> None:
    dialect = sqlite.dialect()
    for table in metadata.sorted_tables:
        raw.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            raw.execute(str(CreateIndex(index).compile(dialect=dialect)))


class MailboxMachine(RuleBasedStateMachine):
    """A writer on a real file, and what should be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.hour = 1000
        self.waiting: dict[int, list[tuple[EnvelopeId, bytes, int]]] = {n: [] for n in DEVICES}
        self.known: dict[tuple[EnvelopeId, int], int] = {}
        self.count = 0

    @initialize()
    def open(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.raw = sqlite_driver().connect(Path(self.directory.name) / "relay.db")
        self.raw.execute("PRAGMA synchronous = OFF")  # a test of logic, not of the disk
        _make_schema(self.raw)
        self.restart()

    def teardown(self) -> None:
        if hasattr(self, "raw"):
            self.raw.close()
            self.directory.cleanup()

    @rule()
    def restart(self) -> None:
        self.writer = MailboxWriter(max_logged_keys=8)
        self.writer.load(self.raw)

    def _transaction(self, work: Any, *, commit: bool = True) -> Any:
        self.raw.execute("BEGIN IMMEDIATE")
        result = work(self.raw)
        self.raw.execute("COMMIT" if commit else "ROLLBACK")
        return result

    def _commit(self, arrivals: list[Arrival], acks: list[Removed], *, is_told: bool) -> None:
        hour = self.hour
        found = self._transaction(lambda raw: self.writer.commit(raw, arrivals, acks, hour=hour))
        expected = []
        for arrival in arrivals:
            for device, _ in arrival.targets:
                is_new = (arrival.id, device) not in self.known
                expected.append(is_new)
                if is_new:
                    self.known[arrival.id, device] = hour
                    self.waiting[device].append((arrival.id, arrival.payload, arrival.expires_hour))
        assert [bool(seq) for seq in found] == expected
        if is_told:
            self.writer.committed(hour=hour)
        else:  # killed between the commit and everything after it
            self.restart()

    def _arrival(self, envelope: EnvelopeId, devices: list[int], ttl_h: int) -> Arrival:
        self.count += 1
        return Arrival(
            id=envelope,
            payload=self.count.to_bytes(4096, "big"),
            expires_hour=self.hour + ttl_h,
            is_retry=True,
            targets=[(device, 0) for device in devices],
        )

    @rule(
        parts=st.lists(st.tuples(IDS, SETS, st.integers(1, 50)), min_size=1, max_size=5),
        is_told=st.booleans(),
    )
    def deposit(self, parts: list[tuple[EnvelopeId, list[int], int]], is_told: bool) -> None:
        self._commit([self._arrival(*part) for part in parts], [], is_told=is_told)

    @rule(envelope=IDS, devices=SETS)
    def deposit_that_is_rolled_back(self, envelope: EnvelopeId, devices: list[int]) -> None:
        arrivals = [self._arrival(envelope, devices, 5)]
        self._transaction(
            lambda raw: self.writer.commit(raw, arrivals, [], hour=self.hour), commit=False
        )

    @rule(device=st.sampled_from(DEVICES), which=st.sets(st.integers(0, 5)), is_told=st.booleans())
    def ack(self, device: int, which: set[int], is_told: bool) -> None:
        mine = self.waiting[device]
        ids = {mine[index][0] for index in which if index < len(mine)}
        gone = find_acked(self.raw, device, ids)
        assert len(gone) == len(ids)
        self.waiting[device] = [entry for entry in mine if entry[0] not in ids]
        self._commit([], gone, is_told=is_told)

    @rule(hours=st.sampled_from([0, 1, 7, 30, RETRY_WINDOW_HOURS]))
    def time_passes(self, hours: int) -> None:
        self.hour += hours
        while self._transaction(lambda raw: expire(raw, hour=self.hour)):
            pass
        for device in DEVICES:
            self.waiting[device] = [entry for entry in self.waiting[device] if entry[2] > self.hour]

    @rule(is_told=st.booleans())
    def fold(self, is_told: bool) -> None:
        ids = self.writer.ids
        if ids.wants_folding(hour=self.hour):
            self._transaction(lambda raw: ids.fold(raw, hour=self.hour))
            if is_told:
                ids.folded()
            else:
                self.restart()

    @rule()
    def forget(self) -> None:
        ids = self.writer.ids
        while self._transaction(lambda raw: ids.forget(raw, hour=self.hour)):
            pass
        segments = self.raw.execute("SELECT hex(key) FROM deposit_ids").fetchall()
        logged = self.raw.execute("SELECT hex(packed) FROM id_log").fetchall()
        kept = {bytes.fromhex(row[0]) for row in segments}
        for row in logged:
            packed = bytes.fromhex(row[0])
            kept |= {packed[at : at + 24] for at in range(0, len(packed), 24)}
        for (envelope, device), hour in list(self.known.items()):
            if envelope + device.to_bytes(8, "big") not in kept:
                assert self.hour - hour >= RETRY_WINDOW_HOURS, "forgotten too early"
                del self.known[envelope, device]

    @invariant()
    def every_mailbox_reads_as_its_list(self) -> None:
        if not hasattr(self, "raw"):
            return
        for device in DEVICES:
            found = read_waiting(
                self.raw, device, after_seq=0, max_items=10_000, max_bytes=10**9, hour=self.hour
            )
            assert [(entry.id, entry.payload) for entry in found] == [
                (envelope, payload) for envelope, payload, _ in self.waiting[device]
            ]

    @invariant()
    def no_payload_outlives_its_last_reader(self) -> None:
        if hasattr(self, "raw"):
            (orphans,) = self.raw.execute(
                "SELECT count(*) FROM payloads WHERE number NOT IN "
                "(SELECT shared FROM waiting WHERE shared IS NOT NULL)"
            ).fetchone()
            assert orphans == 0


TestMailboxMachine = MailboxMachine.TestCase
TestMailboxMachine.settings = settings(
    max_examples=rounds(30, 1500), stateful_step_count=rounds(30, 100), deadline=None
)
