"""What an anonymous connection may ask: fetch what is published, slots and blobs, and deposit.

Rule: nothing here knows, or asks, who is asking. Look-ups and strangers' envelopes pay from the
bucket of the peer's network. Spec: docs/protocol/relay.md, sections 6 and 7.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from restante.errors import StoreError, WireCode
from restante.protocol import frames as f
from restante.protocol.envelope import check_bucket
from restante.protocol.ids import EnvelopeId, MailboxId
from restante.protocol.limits import MAX_BLOB_PART_BYTES
from restante.relay.depositing import FrameDeposits, outcome
from restante.relay.refusal import Refusal, slow_down, store_refusal
from restante.store.relay_mailbox_facts import Standing
from restante.store.relay_mailboxes import HOUR_S, Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.relay.mailrooms import Mailbox
    from restante.relay.session import Session

_REFUSED = outcome(f.Outcome.REFUSED)
_FIRST = (0,)
_SLOW_DOWN = f.Outcome.SLOW_DOWN.name.lower()

QUEUED_PART_BYTES: Final = 2 * MAX_BLOB_PART_BYTES
"""Parts of blobs that wait to be read by one connection, before the next one is looked for."""


def _met(limit: f.Limit, wait_s: int) -> f.TargetOutcome:
    """Return what a contact is told of a limit that an envelope met."""
    result = f.Outcome.SLOW_DOWN if wait_s else f.Outcome.FULL
    return outcome(result, retry_after_s=wait_s, limit=limit)


class AnonymousTalk:
    """An anonymous connection's requests."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._services = session.services
        self._strange_bytes: Counter[int] = Counter()

    def ended(self) -> None:
        """Let go of nothing: what was deposited is the writer's."""

    async def take(self, frame: Any) -> None:
        """Carry out a request."""
        if isinstance(frame, f.Deposit):
            await self._deposit(frame)
            return
        gates, now_s = self._services.gates, trio.current_time()
        gate, limit = gates.fetches, "fetches_per_network"
        if isinstance(frame, (f.FetchCode, f.FetchSlot)):
            gate, limit = gates.requests, "requests_per_network"
        elif isinstance(frame, f.PutSlot):
            gate, limit = gates.slots, "slots_per_network"
        if wait_s := gate.take(self._session.network, 1, now_s):
            self._session.refuse(frame.request, slow_down(limit, wait_s))
            return
        registry = self._services.registry
        if isinstance(frame, f.FetchManifest):
            carry_out: Any = partial(self._look_up, partial(registry.find_manifest, frame))
        elif isinstance(frame, f.FetchPrekeys):
            carry_out = partial(self._look_up, partial(registry.find_prekeys, frame))
        elif isinstance(frame, f.FetchCode):
            carry_out = partial(self._look_up, partial(registry.find_code, frame))
        elif isinstance(frame, f.PutSlot):
            carry_out = partial(self._services.slots.put, frame)
        elif isinstance(frame, f.FetchSlot):
            carry_out = partial(self._services.slots.find, frame)
        else:
            carry_out = partial(self._fetch_blob, frame)
            # Who asks for parts faster than it reads them waits here, and its queue doesn't grow;
            # and nobody of its network with it, whose look-up it has not begun.
            await self._session.room(QUEUED_PART_BYTES)
        async with self._services.turns.look_up(self._session.network):
            await self._session.answer(frame.request, carry_out)

    async def _look_up(self, find: Callable[[], Awaitable[f.Frame]]) -> f.Frame:
        """Look an account up; of one that isn't here say when to try again if it may come back."""
        try:
            return await find()
        except Refusal as refusal:
            if refusal.code is not WireCode.NOT_FOUND or not self._services.is_awaiting:
                raise
            wait_s = self._services.limits.awaited_retry_s
            raise Refusal(refusal.code, refusal.reason, retry_after_s=wait_s) from None

    async def _fetch_blob(self, frame: f.FetchBlob) -> f.Frame:
        try:
            return await self._services.blobs.fetch(frame)
        except Refusal as refusal:
            if refusal.code is WireCode.NOT_FOUND and (
                wait_s := self._services.gates.requests.take(
                    self._session.network, 1, trio.current_time()
                )
            ):
                raise slow_down("requests_per_network", wait_s) from None
            raise

    async def _deposit(self, frame: f.Deposit) -> None:
        for item in frame.items:
            check_bucket(item.payload)
        targets = [target.mailbox for item in frame.items for target in item.targets]
        count = len(targets)
        services = self._services
        if count > services.limits.targets_per_frame:
            most = services.limits.targets_per_frame
            reason = f"{count} targets, {most} are the most (targets_per_frame)"
            self._session.refuse(frame.request, Refusal(WireCode.TOO_LARGE, reason))
            return
        gate, now_s = services.gates.deposits, trio.current_time()
        if wait_s := gate.take(self._session.network, count, now_s):
            self._session.was_hasty()
            late = outcome(
                f.Outcome.SLOW_DOWN, retry_after_s=wait_s, limit=f.Limit.DEPOSITS_PER_NETWORK
            )
            results = [[late] * len(item.targets) for item in frame.items]
            services.figures.outcomes[_SLOW_DOWN] += count
            self._session.send(f.Deposited(request=frame.request, results=results))
            return
        late_s = 0
        if services.mailrooms.lacks(targets, frame.items):
            try:
                late_s = await self._fetch_mailboxes(targets)
            except StoreError as error:
                self._session.refuse(frame.request, store_refusal(error))
                return
            now_s = trio.current_time()
        deposits = self._admitted(frame, late_s, now_s)
        if not deposits.arrivals:
            self._session.send(f.Deposited(request=frame.request, results=deposits.results))
            return
        services.writer.deposit(deposits)
        if services.writer.is_crowded(self._session.network):
            services.turns.pause(self._session.network)
            await services.writer.room(self._session.network)

    async def _fetch_mailboxes(self, targets: list[bytes]) -> int:
        """Have all targets at hand; or, not to look them up too often, return when to ask again."""
        fetches = self._services.gates.fetches
        late_s = fetches.take(self._session.network, 1, trio.current_time())
        if not late_s:
            async with self._services.turns.look_up(self._session.network):
                await self._services.mailrooms.fetch(map(MailboxId, targets))
        return late_s

    def _admitted(self, frame: f.Deposit, late_s: int, now_s: float) -> FrameDeposits:
        """Decide on every target; what is admitted waits for its commit."""
        deposits = FrameDeposits(self._session, frame.request)
        add, results, is_retry = deposits.add, deposits.results, frame.is_retry
        admit_known = self._services.mailrooms.admit_known
        expiries: dict[int, tuple[int, list[f.TargetOutcome]]] = {}
        for at, item in enumerate(frame.items):
            expiry = expiries.get(item.ttl_s)
            if expiry is None:
                expiry = expiries[item.ttl_s] = self._expiry(item.ttl_s)
            expires_hour, stored = expiry
            targets, payload, to = item.targets, item.payload, None
            if len(targets) == 1 and not item.ephemeral:
                # What nearly every item is: one envelope, from a contact, to one device.
                to = admit_known(targets[0].mailbox, targets[0].token, len(payload), now_s)
            envelope = EnvelopeId(item.id)
            if to is not None:
                results.append(stored)
                add(Arrival(envelope, payload, expires_hour, is_retry, to), at, _FIRST)
                continue
            places, admitted = self._admit_each(item, stored[0], deposits, late_s)
            if admitted:
                add(Arrival(envelope, payload, expires_hour, is_retry, admitted), at, places)
        return deposits

    def _admit_each(
        self, item: f.DepositItem, stored: f.TargetOutcome, deposits: FrameDeposits, late_s: int
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """Decide on each target of one item; return the admitted ones' places and mailboxes."""
        results: list[f.TargetOutcome] = []
        places: list[int] = []
        targets: list[tuple[int, int]] = []
        figures = self._services.figures
        for target in item.targets:
            mailbox = self._services.mailrooms.at_hand.get(target.mailbox)
            judged = self._judge(item, target, mailbox, late_s)
            if isinstance(judged, f.Lane) and mailbox is not None:
                targets.append((mailbox.device, judged))
                places.append(len(results))
                results.append(stored)
            elif isinstance(judged, f.TargetOutcome):
                results.append(judged)
                if judged.outcome:
                    figures.outcomes[f.Outcome(judged.outcome).name.lower()] += 1
        deposits.results.append(results)
        return places, targets

    def _expiry(self, asked_ttl_s: int) -> tuple[int, list[f.TargetOutcome]]:
        """Return the hour in which an envelope is gone, never before its time, and its results."""
        limits, now_s = self._services.limits, self._services.now_s
        ttl_s = min(asked_ttl_s or limits.default_ttl_s, limits.max_ttl_s)
        expires_hour = (now_s + ttl_s + HOUR_S - 1) // HOUR_S
        left_s = expires_hour * HOUR_S - now_s
        return expires_hour, [outcome(f.Outcome.STORED, expires_in_s=left_s)]

    def _judge(
        self, item: f.DepositItem, target: f.Target, mailbox: Mailbox | None, late_s: int
    ) -> f.Lane | f.TargetOutcome:
        """Return the lane of one admitted envelope, or what its depositor is told at once.

        With `late_s` not all mailboxes of the frame could be looked up: strangers are told so of
        each, or those at hand would stand out.
        """
        services, size_bytes = self._services, len(item.payload)
        lane, is_stranger = f.Lane.REQUEST, True
        is_open = mailbox is not None and mailbox.standing is Standing.OPEN
        if mailbox is not None and is_open:
            lane, is_stranger = services.mailrooms.lane_of(mailbox, target.token)
        now_s = trio.current_time()
        if is_stranger and (late := self._stranger_is_late(target.mailbox, late_s, now_s)):
            return late
        if mailbox is None or not is_open:
            return self._nobody(mailbox)
        if item.ephemeral:
            self._forward(item, mailbox, lane)
            return outcome(f.Outcome.STORED)
        if is_stranger:
            left = self._strange_bytes[mailbox.device] + size_bytes
            if left > services.limits.request_connection_bytes:
                return _REFUSED
            self._strange_bytes[mailbox.device] = left
        limit, wait_s = services.mailrooms.admit(
            mailbox, lane, size_bytes, now_s, is_stranger=is_stranger
        )
        if not limit:
            return lane
        services.figures.limits_hit[limit.name.lower()] += 1
        if wait_s:
            self._session.was_hasty()
        return _REFUSED if is_stranger else _met(limit, wait_s)

    def _nobody(self, mailbox: Mailbox | None) -> f.TargetOutcome:
        """Return what is said of a mailbox that doesn't exist, or receives nothing now.

        After a restore the accounts and devices that the backup has, and those that it hasn't, are
        told alike: come again, for somebody may be back to say which there are.
        """
        is_blocked = mailbox is not None and mailbox.standing is Standing.BLOCKED
        if is_blocked or not self._services.is_awaiting:
            return _REFUSED
        wait_s = self._services.limits.awaited_retry_s
        return outcome(f.Outcome.SLOW_DOWN, retry_after_s=wait_s)

    def _stranger_is_late(
        self, mailbox_id: bytes, late_s: int, now_s: float
    ) -> f.TargetOutcome | None:
        """Return what a stranger is told who comes too often; of a mailbox as of none."""
        gates = self._services.gates
        limit, wait_s = f.Limit.FETCHES_PER_NETWORK, late_s
        if not wait_s:
            limit = f.Limit.REQUESTS_PER_NETWORK
            wait_s = gates.requests.take(self._session.network, 1, now_s)
        if not wait_s:
            limit = f.Limit.REQUESTS_PER_MAILBOX
            wait_s = gates.requests_of_mailbox.take(mailbox_id, 1, now_s)
        if not wait_s:
            return None
        self._session.was_hasty()
        return outcome(f.Outcome.SLOW_DOWN, retry_after_s=wait_s, limit=limit)

    def _forward(self, item: f.DepositItem, mailbox: Mailbox, lane: f.Lane) -> None:
        # A stranger's typing is nobody's business.
        if lane is f.Lane.CONTACT:
            self._services.forward(mailbox.device, EnvelopeId(item.id), item.payload)
