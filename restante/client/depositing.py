"""Deposits as frames, and what their results do to entries and messages. No waiting in here.

    STORED       done; the message is relayed, until the relay says it expires
    REFUSED      ask the directory once more, then give up
    FULL         their mailbox or the relay is full: later
    SLOW_DOWN    when the relay says
Rule: an entry leaves the outbox only by one of these. Spec: docs/engine.md, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from restante.client import tracing
from restante.client.giving_up import give_up
from restante.client.grammar.timers import start_clock
from restante.client.groups.fanning_out import is_to_wait, send_alone
from restante.client.interface import MessageState
from restante.client.states import moved
from restante.client.syncing.outgoing import publish, read_items
from restante.client.syncing.self_contact import is_self
from restante.protocol import frames as f
from restante.protocol.limits import MAX_DEPOSIT_ITEMS, MAX_FRAME_BYTES
from restante.store import client_outbox
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_groups import is_group
from restante.store.client_messages import message, set_expiry, update_state
from restante.store.client_outbox import OutboxRow, outbox_entry
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.sealing import Ready
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

_ITEM_BYTES: Final = 128
"""More than the framing of one item takes."""

_GOAL_BYTES: Final = 48
"""More than one mailbox and its token take."""

_MOST_GOALS: Final = 4096
"""Mailboxes that one frame names: a relay's own limit is as high unless it was set."""

_FULL_AGAIN_S: Final = 60.0
_LONGEST_RETRY_S: Final = 900.0

REFUSED: Final = (
    "The relay takes no message for them: the account or its device is gone, or strangers may not "
    "write there. Ask for a contact code."
)
FULL: Final = "Their mailbox is full. It is tried again until there is room."
RELAY_FULL: Final = "Their relay has no room for anybody at the moment. It is tried again."
SLOW_DOWN: Final = "Their relay asks to slow down. It is sent as soon as the relay allows."

_LIMITS: Final = {int(limit): limit.name.lower() for limit in f.Limit if limit}

_LATER: Final = {
    int(f.Outcome.FULL): (FULL, _FULL_AGAIN_S),
    int(f.Outcome.SLOW_DOWN): (SLOW_DOWN, 1.0),
    int(f.Outcome.RELAY_FULL): (RELAY_FULL, _FULL_AGAIN_S),
}


def batches(
    ready: list[Ready], welcome: f.Welcome
) -> Iterator[tuple[Callable[[int], f.Deposit], list[Ready]]]:
    """Split sealed entries into deposits that fit a frame, those that may be there already apart.

    Yields, for each, a function of the request number, and its entries.
    """
    most = min(welcome.max_deposit_items, MAX_DEPOSIT_ITEMS)
    for is_retry in (True, False):  # what was tried before is older
        batch: list[Ready] = []
        size_bytes = _ITEM_BYTES
        for each in ready:
            if each.entry.was_sent is not is_retry:
                continue
            more = _GOAL_BYTES * (len(each.goals) - 1)
            item_bytes = len(each.entry.payload or b"") + _ITEM_BYTES + more
            count = sum(len(other.goals) for other in batch) + len(each.goals)
            is_full = len(batch) >= most or count > _MOST_GOALS
            if batch and (is_full or size_bytes + item_bytes > MAX_FRAME_BYTES):
                yield partial(_deposit, batch, welcome, is_retry), batch
                batch, size_bytes = [], _ITEM_BYTES
            batch.append(each)
            size_bytes += item_bytes
        if batch:
            yield partial(_deposit, batch, welcome, is_retry), batch


def _deposit(
    batch: list[Ready],
    welcome: f.Welcome,
    is_retry: bool,
    request: int,
) -> f.Deposit:
    items = [
        f.DepositItem(
            id=each.entry.envelope_id or b"",
            ttl_s=min(each.entry.ttl_s, welcome.max_ttl_s),
            ephemeral=False,
            payload=each.entry.payload or b"",
            targets=[f.Target(mailbox=goal.mailbox, token=goal.token) for goal in each.goals],
        )
        for each in batch
    ]
    return f.Deposit(request=request, is_retry=is_retry, items=items)


def keep_results(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    batch: list[Ready],
    answer: f.Deposited,
) -> None:
    """Do what each entry's result asks for."""
    for each, outcomes in zip(batch, answer.results, strict=True):
        entry = outbox_entry(rows, each.entry.id)
        if entry is None:
            continue
        if is_group(entry.account_id):
            _keep_fan_out(rows, changes, context, each, outcomes)
            continue
        result = outcomes[0]
        if result.outcome == f.Outcome.STORED:
            now_ms = context.now_ms()
            expires_at_ms = now_ms + result.expires_in_s * 1000
            _stored(rows, changes, entry, now_ms=now_ms, expires_at_ms=expires_at_ms)
        elif result.outcome == f.Outcome.REFUSED:
            _refused(rows, changes, context, entry)
        else:
            sentence, wait_s = _LATER.get(result.outcome, (RELAY_FULL, _FULL_AGAIN_S))
            postpone(
                rows,
                changes,
                context,
                [entry.id],
                sentence=sentence + _named(result.limit),
                at_least_s=max(wait_s, result.retry_after_s),
            )
    reach("outbox.settling")


def _keep_fan_out(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    ready: Ready,
    outcomes: Sequence[f.TargetOutcome],
) -> None:
    """Do what the results of one envelope with many mailboxes ask for."""
    late = is_to_wait(outcomes)
    if late is not None:
        sentence, wait_s = _LATER.get(late.outcome, (RELAY_FULL, _FULL_AGAIN_S))
        postpone(
            rows,
            changes,
            context,
            [ready.entry.id],
            sentence=sentence + _named(late.limit),
            at_least_s=max(wait_s, late.retry_after_s),
        )
        return
    now_ms = context.now_ms()
    send_alone(rows, changes, ready, outcomes, now_ms=now_ms)
    kept_s = [each.expires_in_s for each in outcomes if each.outcome == f.Outcome.STORED]
    expires_at_ms = now_ms + min(kept_s, default=0) * 1000
    _stored(rows, changes, ready.entry, now_ms=now_ms, expires_at_ms=expires_at_ms)


def _named(limit: int) -> str:
    """Return the words that name a limit of the relay's; none for one that isn't known here."""
    name = _LIMITS.get(limit)
    return "" if name is None else f" (The relay's limit: {name}.)"


def postpone(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    entry_ids: list[bytes],
    *,
    sentence: str,
    at_least_s: float,
) -> None:
    """Put entries off, and say on their messages why.

    Everything for the same contact that is due, or was put off before, is put off with them, so
    that no younger message overtakes an older one.
    """
    now_ms = context.now_ms()
    wanted = set(entry_ids)
    found = [entry for entry in map(partial(outbox_entry, rows), entry_ids) if entry is not None]
    for account_id in dict.fromkeys(entry.account_id for entry in found):
        together = [
            entry
            for entry in client_outbox.by_account(rows, account_id)
            if entry.next_attempt_ms is not None
            and (entry.id in wanted or entry.attempts or entry.next_attempt_ms <= now_ms)
        ]
        attempts = 1 + max((each.attempts for each in together if each.id in wanted), default=0)
        pause_s = context.backoff_s(attempts, at_least_s=min(at_least_s, _LONGEST_RETRY_S))
        for entry in together:
            client_outbox.mark(
                rows,
                entry.id,
                state=entry.state,
                attempts=entry.attempts + (entry.id in wanted),
                next_attempt_ms=now_ms + int(pause_s * 1000),
                was_sent=entry.was_sent,
            )
            if entry.id in wanted:
                _explain(rows, changes, entry, sentence, now_ms=now_ms)


def _explain(rows: Rows, changes: Changes, entry: OutboxRow, sentence: str, *, now_ms: int) -> None:
    row = None if entry.message_id is None else message(rows, entry.message_id)
    if row is not None and row.state == MessageState.QUEUED.value and row.error != sentence:
        waiting, device_id = tracing.Event.WAITING, entry.device_id
        tracing.note(rows, row.id, waiting, now_ms=now_ms, device_id=device_id, detail=sentence)
        changes.message_changed(update_state(rows, row.id, row.state, sentence))


def _stored(
    rows: Rows, changes: Changes, entry: OutboxRow, *, now_ms: int, expires_at_ms: int
) -> None:
    client_outbox.delete(rows, entry.id)
    if entry.message_id is None:
        return
    row = message(rows, entry.message_id)
    if row is None:
        return
    tracing.note(
        rows,
        row.id,
        tracing.Event.RELAYED,
        now_ms=now_ms,
        device_id=entry.device_id,
        detail=tracing.until(expires_at_ms),
    )
    set_expiry(rows, row.id, max(expires_at_ms, row.expires_at_ms or 0))
    left = client_outbox.by_message(rows, row.id)
    if not left:
        to = MessageState.RELAYED
    elif all(other.next_attempt_ms is None for other in left):
        to = MessageState.AWAITING_ACCEPTANCE
    else:
        return  # still under way to another device
    if to is MessageState.RELAYED:
        note_left_here(rows, changes, row, now_ms=now_ms)
    if moved(MessageState(row.state), to) is not None:
        changes.message_changed(update_state(rows, row.id, to.value, None))


def note_left_here(rows: Rows, changes: Changes, row: MessageRow, *, now_ms: int) -> None:
    """Start the clock of a message of ours that has left, on all devices of the account."""
    placed = start_clock(rows, row.id, at_ms=now_ms, now_ms=now_ms)
    if placed is not None:
        changes.message_changed(placed)
        publish(rows, changes, *read_items(row.conversation, [row.id], at_ms=now_ms), now_ms=now_ms)


def _refused(rows: Rows, changes: Changes, context: EngineContext, entry: OutboxRow) -> None:
    row = contact(rows, entry.account_id)
    if row is None or entry.attempts:
        give_up(rows, changes, entry, REFUSED, now_ms=context.now_ms())
        return
    # Perhaps they have another device or mailbox by now: look before the second and last attempt.
    if is_self(row):
        changes.is_account_doubtful = True
    else:
        upsert_contact(rows, replace(row, is_stale=True))
    postpone(rows, changes, context, [entry.id], sentence=REFUSED, at_least_s=0)
