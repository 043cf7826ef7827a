"""The order of a conversation: cause before effect, and the same on every device."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import example, given
from hypothesis import strategies as st

from restante.protocol.ids import MessageId
from restante.protocol.limits import CLOCK_DRIFT_MAX_S
from restante.protocol.order import (
    OrderKey,
    advance,
    is_credible,
    next_rank,
    order_key,
    rank_at,
)

NOW_MS = 1_800_000_000_000
DAY_MS = CLOCK_DRIFT_MAX_S * 1000
MAX_U63 = 2**63 - 1

moments = st.integers(0, 4_000_000_000_000)
ranks = st.integers(0, MAX_U63)


@given(clock=ranks, now_ms=moments)
def test_a_rank_fits_the_wire_and_passes_every_credible_clock(clock: int, now_ms: int) -> None:
    rank = next_rank(clock, now_ms)
    assert rank_at(now_ms) <= rank <= MAX_U63
    assert rank <= rank_at(now_ms + 2 * DAY_MS) + 1
    if is_credible(clock, now_ms):
        assert rank > clock


@given(clock=ranks, rank=ranks, now_ms=moments)
@example(clock=0, rank=MAX_U63, now_ms=NOW_MS)
def test_a_clock_never_goes_back_and_never_more_than_a_day_ahead(
    clock: int, rank: int, now_ms: int
) -> None:
    after = advance(clock, rank, now_ms)
    assert after >= clock
    assert after == clock or after <= rank_at(now_ms + DAY_MS)
    if rank <= rank_at(now_ms + DAY_MS):
        assert after >= rank


@given(st.lists(st.tuples(ranks, st.binary(min_size=16, max_size=16))))
def test_keys_sort_as_bytes_by_rank_then_id(messages: list[tuple[int, bytes]]) -> None:
    keys = [order_key(rank, MessageId(message)) for rank, message in messages]
    assert all(len(key) == 24 for key in keys)
    assert sorted(keys) == [order_key(r, MessageId(m)) for r, m in sorted(messages)]


@dataclass(slots=True)
class Device:
    """A device of a conversation, whose clock is off by so much."""

    off_ms: int
    clock: int = 0
    seen: list[OrderKey] = field(default_factory=list)

    def write(self, now_ms: int, chance: random.Random) -> tuple[int, OrderKey]:
        rank = next_rank(self.clock, now_ms + self.off_ms)
        self.clock = rank
        key = order_key(rank, MessageId(chance.randbytes(16)))
        self.seen.append(key)
        return rank, key

    def read(self, rank: int, key: OrderKey, now_ms: int) -> None:
        self.clock = advance(self.clock, rank, now_ms + self.off_ms)
        self.seen.append(key)


def talk(
    devices: list[Device], chance: random.Random, *, steps: int, step_ms: int
) -> list[tuple[OrderKey, OrderKey]]:
    """Let the devices write and read in disorder; return each (seen before, written after)."""
    causes = []
    waiting: list[list[tuple[int, OrderKey]]] = [[] for _ in devices]
    now_ms = NOW_MS
    for _ in range(steps):
        now_ms += chance.randrange(step_ms)
        at = chance.randrange(len(devices))
        device = devices[at]
        if waiting[at] and chance.random() < 0.7:
            device.read(*waiting[at].pop(chance.randrange(len(waiting[at]))), now_ms)
            continue
        before = list(device.seen)
        written = device.write(now_ms, chance)
        causes += [(seen, written[1]) for seen in before]
        for other, queue in enumerate(waiting):
            if other != at:
                queue.append(written)
    for device, queue in zip(devices, waiting, strict=True):
        for message in queue:
            device.read(*message, now_ms)
    return causes


@given(
    offs_h=st.lists(st.integers(-11, 11), min_size=2, max_size=5),
    chance=st.randoms(use_true_random=False),
    step_ms=st.sampled_from([1, 2, 1_000, 3_600_000]),
)
def test_an_answer_stands_below_what_its_writer_had_seen_with_clocks_off_by_hours(
    offs_h: list[int], chance: random.Random, step_ms: int
) -> None:
    devices = [Device(off_ms=hours * 3_600_000) for hours in offs_h]
    for seen, written in talk(devices, chance, steps=60, step_ms=step_ms):
        assert seen < written
    assert all(sorted(device.seen) == sorted(devices[0].seen) for device in devices)


@given(
    offs_h=st.lists(st.integers(-20_000, 20_000), min_size=2, max_size=4),
    chance=st.randoms(use_true_random=False),
)
def test_all_devices_show_the_same_order_with_clocks_off_by_years(
    offs_h: list[int], chance: random.Random
) -> None:
    devices = [Device(off_ms=hours * 3_600_000) for hours in offs_h]
    talk(devices, chance, steps=60, step_ms=3_600_000)
    assert all(sorted(device.seen) == sorted(devices[0].seen) for device in devices)


@given(
    hostile=st.lists(ranks | st.integers(rank_at(NOW_MS), rank_at(NOW_MS + 3 * DAY_MS))),
    chance=st.randoms(use_true_random=False),
)
def test_hostile_ranks_neither_wedge_nor_disorder_the_honest(
    hostile: list[int], chance: random.Random
) -> None:
    alice, bob = Device(off_ms=0), Device(off_ms=0)
    exchanged: list[OrderKey] = []
    now_ms = NOW_MS
    for rank in [*hostile, MAX_U63]:
        now_ms += 1
        key = order_key(rank, MessageId(chance.randbytes(16)))
        for reader in (alice, bob):
            reader.read(rank, key, now_ms)
        for writer, reader in ((alice, bob), (bob, alice)):
            now_ms += 1
            written, honest = writer.write(now_ms, chance)
            assert written <= rank_at(now_ms + DAY_MS) + 0xFFFF
            reader.read(written, honest, now_ms)
            exchanged.append(honest)
    assert exchanged == sorted(exchanged), "the honest go on in their own order"


def test_two_messages_of_one_millisecond_keep_their_order() -> None:
    first = next_rank(0, NOW_MS)
    second = next_rank(first, NOW_MS)
    assert second == first + 1
    edge = rank_at(NOW_MS + DAY_MS)
    assert next_rank(next_rank(edge, NOW_MS), NOW_MS) == edge + 2, "at the edge of a day, too"


def test_a_clock_from_when_ours_was_years_ahead_is_left_behind() -> None:
    wrong = rank_at(NOW_MS + 400 * DAY_MS)
    assert next_rank(wrong, NOW_MS) == rank_at(NOW_MS)
    assert next_rank(rank_at(NOW_MS + DAY_MS), NOW_MS) > rank_at(NOW_MS + DAY_MS)


def test_a_day_ahead_is_credible_and_no_more() -> None:
    assert is_credible(rank_at(NOW_MS + DAY_MS), NOW_MS)
    assert not is_credible(rank_at(NOW_MS + DAY_MS) + 1, NOW_MS)
