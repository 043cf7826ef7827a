"""Delivery to one subscribed device: what waited, in order, then what comes as it comes.

A subscriber is behind (its envelopes are read from the store, a frame at a time) or live (they are
handed over as they are committed). Rule: never more than a window is delivered and not acked, and
what doesn't fit the window and a small queue is left in the store: a slow reader costs bounded
memory, and no envelope is skipped or delivered twice on one connection. Spec: docs/relay.md, 3.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

from restante.errors import StoreError
from restante.protocol import frames as f
from restante.protocol.ids import EnvelopeId
from restante.protocol.limits import BUCKETS, MAX_ACK_IDS, MAX_DELIVERY_ITEMS
from restante.store.failpoints import reach
from restante.store.relay_mailboxes import Removed, Waiting

if TYPE_CHECKING:
    from restante.store.relay_store import Mailboxes

FRAME_BYTES: Final = 16 * BUCKETS[-1]
"""Payload of one delivery: what MAX_FRAME_BYTES leaves room for."""

READ_ITEMS: Final = 4 * MAX_DELIVERY_ITEMS
"""Of the smallest envelopes, read at once: to ask the store costs as much as a hundred of them."""

QUEUE_BYTES: Final = 1024 * 1024
"""Live envelopes that wait for the window to open before the subscriber is called behind."""

FORWARDED_IDS: Final = 1024
"""Ephemeral envelopes whose acks are expected, and mean nothing."""


class Subscriber:
    """One subscription. All but the reading of what waits is synchronous."""

    def __init__(
        self,
        device: int,
        mailboxes: Mailboxes,
        *,
        number: int = 0,
        send: Callable[[f.Frame], None],
        spawn: Callable[[Callable[[], Awaitable[None]]], None],
        on_failed: Callable[[StoreError], None],
        hour: Callable[[], int],
        window_bytes: int,
    ) -> None:
        self.device = device
        self.number = number
        self._mailboxes = mailboxes
        self._send = send
        self._spawn = spawn
        self._on_failed = on_failed
        self._hour = hour
        self._window_bytes = window_bytes
        self._queue: deque[Waiting] = deque()
        self._queue_bytes = 0
        self._in_flight: dict[bytes, Removed] = {}
        self._in_flight_bytes = 0
        self._forwarded: OrderedDict[bytes, None] = OrderedDict()
        self._last_seq = 0
        self._passed: set[int] = set()
        self._is_behind = True
        self._has_missed = False
        self._is_reading = False
        self._is_drained = False
        self._is_closed = False

    @property
    def is_behind(self) -> bool:
        """Whether it is read from the database rather than handed what is committed."""
        return self._is_behind

    def close(self) -> None:
        """Deliver nothing more; what wasn't acked stays in the store."""
        self._is_closed = True
        self._queue.clear()

    def offer(self, envelope: Waiting) -> None:
        """Take an envelope that was just committed; `flush` follows."""
        if envelope.seq in self._passed:
            return  # it was read from the store, and acked, before its commit was told of here
        if self._is_behind or self._queue_bytes + envelope.size_bytes > QUEUE_BYTES:
            # It is in the store, and will be read from there in its turn.
            self._is_behind = self._has_missed = True
        else:
            self._queue.append(envelope)
            self._queue_bytes += envelope.size_bytes

    def wake(self) -> None:
        """Look into the store: another relay may have put something there. `flush` follows."""
        self._is_behind = self._has_missed = True

    def settled(self, seq: int) -> None:
        """Note that an acked envelope is gone from the store."""
        self._passed.discard(seq)

    def forward(self, envelope: EnvelopeId, lane: f.Lane, payload: bytes) -> None:
        """Hand an ephemeral envelope on if the device is keeping up, else drop it."""
        if self._is_closed or self._is_behind or self._queue or not self._window_is_open:
            return
        self._forwarded[envelope] = None
        if len(self._forwarded) > FORWARDED_IDS:
            self._forwarded.popitem(last=False)
        self._send(f.Deliver(items=[f.Delivery(id=envelope, lane=lane, payload=payload)]))

    def ack(self, ids: Iterable[bytes]) -> tuple[list[Removed], list[bytes]]:
        """Take acks; return what to delete, and ids that this connection was never delivered."""
        gone: list[Removed] = []
        unknown: list[bytes] = []
        take = self._in_flight.pop
        for envelope in ids:
            removed = take(envelope, None)
            if removed is not None:
                gone.append(removed)
                self._in_flight_bytes -= removed.size_bytes
            elif self._forwarded.pop(envelope, unknown) is unknown:
                unknown.append(envelope)
        if not self._mailboxes.reads_past:
            self._passed.update(removed.seq for removed in gone)
        self.flush()
        return gone, unknown

    def flush(self) -> None:
        """Send what can be sent."""
        while self._queue and self._window_is_open and not self._is_closed:
            self._deliver(self._take_frame())
        if self._is_behind and not self._queue and not self._is_reading and self._window_is_open:
            self._is_reading = True
            self._spawn(self._read_what_waits)

    def _gone(self) -> bool:
        """Whether the subscription was closed while the store was read."""
        return self._is_closed

    @property
    def _window_is_open(self) -> bool:
        return self._in_flight_bytes < self._window_bytes and len(self._in_flight) < MAX_ACK_IDS

    @property
    def _most_bytes(self) -> int:
        """Payload that the next delivery may carry."""
        return min(FRAME_BYTES, self._window_bytes - self._in_flight_bytes)

    @property
    def _unread(self) -> list[int]:
        """What is in the store and must not be read again, where that is not told by its order."""
        if self._mailboxes.reads_past:
            return []
        return [*(removed.seq for removed in self._in_flight.values()), *self._passed]

    def _take_frame(self) -> list[Waiting]:
        taken: list[Waiting] = []
        size_bytes = 0
        most_bytes = self._most_bytes
        while self._queue and len(taken) < MAX_DELIVERY_ITEMS:
            if taken and size_bytes + self._queue[0].size_bytes > most_bytes:
                break
            envelope = self._queue.popleft()
            size_bytes += envelope.size_bytes
            taken.append(envelope)
        self._queue_bytes -= size_bytes
        return taken

    def _deliver(self, envelopes: list[Waiting]) -> None:
        items: list[f.Delivery] = []
        in_flight, device = self._in_flight, self.device
        for envelope in envelopes:
            self._last_seq, size_bytes = envelope.seq, envelope.size_bytes
            if envelope.id in in_flight:
                # Deposited again after the retry window, while the first still waits: one is
                # enough, and the ack of the first will not name two. The later expires by itself.
                if in_flight[envelope.id].seq != envelope.seq:
                    self._passed.add(envelope.seq)
                continue
            in_flight[envelope.id] = Removed(
                envelope.seq, device, envelope.lane, size_bytes, envelope.shared
            )
            self._in_flight_bytes += size_bytes
            items.append(f.Delivery(envelope.id, envelope.lane, envelope.payload))
        if items:
            self._send(f.Deliver(items=items))
            reach("relay: after deliver")

    async def _read_what_waits(self) -> None:
        """Deliver from the store until the window closes or nothing is left."""
        try:
            while not self._is_closed and self._window_is_open:
                self._has_missed = False
                found = await self._mailboxes.read(
                    self.device,
                    after_seq=self._last_seq,
                    besides=self._unread,
                    max_items=min(READ_ITEMS, MAX_ACK_IDS - len(self._in_flight)),
                    max_bytes=self._most_bytes,
                    hour=self._hour(),
                )
                if self._gone():
                    return
                if found:
                    for start in range(0, len(found), MAX_DELIVERY_ITEMS):
                        self._deliver(found[start : start + MAX_DELIVERY_ITEMS])
                elif not self._has_missed:
                    self._is_behind = False
                    if not self._is_drained:
                        self._is_drained = True
                        self._send(f.Drained())
                    return
        except StoreError as error:
            self._on_failed(error)
        finally:
            self._is_reading = False
