"""One envelope for many of a large group: an entry for each relay, with all mailboxes there.

A message is for all members' devices; a part of the log comes sealed, and for those that it names.

    queued       one outbox entry for each relay that a member's device has its mailbox at
    sealed       once, on this device's sender key; all entries of the message carry the same bytes
    deposited    one payload, many mailboxes: the relay stores it once
    results      stored: done. Full or refused: that device gets the message alone, like any other
                 content. Slow down: the whole entry later, under the same id
Rule: the envelope goes to devices of members as the log stands when it is deposited, and the key to
open it only to them. Inside the caller's transaction. Spec: docs/protocol/groups.md, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client import tracing
from restante.client.finishing import in_group
from restante.client.groups import chains
from restante.client.groups.posting import in_epoch
from restante.client.interface import MessageState
from restante.client.queueing import enqueue_content, local_id
from restante.client.sealing import Goal, Ready
from restante.protocol import frames as f
from restante.protocol.content import Content
from restante.protocol.ids import ID_BYTES, Token
from restante.protocol.limits import MAX_FANOUT_TARGETS
from restante.store import client_fan_outs, client_outbox
from restante.store.client_contacts import contact
from restante.store.client_marks import mark
from restante.store.client_messages import message
from restante.store.client_outbox import OutboxRow, outbox_entry

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.groups.chains import Recipient
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows

_LATER: Final = frozenset({int(f.Outcome.SLOW_DOWN), int(f.Outcome.RELAY_FULL)})


def prepare(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    entries: Sequence[OutboxRow],
    *,
    randomness: Randomness,
    now_ms: int,
) -> list[Ready]:
    """Seal what isn't yet; return what can be deposited now, with the mailboxes that it is for."""
    ready: list[Ready] = []
    people: dict[bytes, list[Recipient]] = {}
    for listed in entries:
        entry = outbox_entry(rows, listed.id)
        if entry is None:
            continue  # taken back meanwhile
        group_id = entry.account_id
        people[group_id] = people.get(group_id) or chains.recipients(rows, own, group_id)
        here = [each for each in people[group_id] if each.relay == entry.relay]
        if entry.message_id is None:
            readers = client_fan_outs.readers_of(rows, entry.id)
            here = [each for each in here if each.device_id in readers]
            _note_tried(rows, entry)
        elif entry.payload is None:
            sealed = _sealed(
                rows,
                changes,
                own,
                entry,
                people=people[group_id],
                randomness=randomness,
                now_ms=now_ms,
            )
            if sealed is None:
                client_outbox.delete(rows, entry.id)
                continue
            entry = sealed
        if not here:
            client_outbox.delete(rows, entry.id)
            client_fan_outs.forget_readers(rows, entry.id)
            continue
        goals = [
            Goal(
                mailbox=each.mailbox,
                token=None if each.account.token is None else Token(each.account.token),
                account_id=each.account.account_id,
                device_id=each.device_id,
            )
            for each in here
        ]
        ready.append(Ready(entry=entry, goals=tuple(goals[:MAX_FANOUT_TARGETS])))
        for each in goals[MAX_FANOUT_TARGETS:]:
            _alone(rows, changes, entry, each, now_ms=now_ms)
    return ready


def _sealed(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    entry: OutboxRow,
    *,
    people: Sequence[Recipient],
    randomness: Randomness,
    now_ms: int,
) -> OutboxRow | None:
    """Seal a message once, for all its entries; None if it has disappeared meanwhile."""
    content = Content.from_bytes(entry.content)
    message_id = entry.message_id or b""
    packed = in_group(rows, changes, content, message_id, now_ms=now_ms)
    if packed is None:
        return None
    others = [
        each
        for each in client_outbox.by_message(rows, message_id)
        if each.account_id == entry.account_id
    ]
    envelope = chains.seal(
        rows,
        changes,
        own,
        entry.account_id,
        in_epoch(rows, packed),
        readers=people,
        may_have={each.device_id for each in people},
        randomness=randomness,
        now_ms=now_ms,
    )
    envelope_id = randomness.random(ID_BYTES)
    for each in others:
        client_outbox.save_sealed(
            rows,
            each.id,
            envelope_id=envelope_id,
            device_id=b"",
            payload=envelope,
            relay=each.relay,
        )
        _note_tried(rows, each)
    tracing.note(rows, message_id, tracing.Event.SEALED, now_ms=now_ms)
    return replace(entry, envelope_id=envelope_id, device_id=b"", payload=envelope)


def _note_tried(rows: Rows, entry: OutboxRow) -> None:
    """From here on an attempt may have reached the relay, whatever happens to this process."""
    client_outbox.mark(
        rows,
        entry.id,
        state=MessageState.QUEUED.value,
        attempts=entry.attempts,
        next_attempt_ms=entry.next_attempt_ms,
        was_sent=True,
    )


def is_to_wait(outcomes: Sequence[f.TargetOutcome]) -> f.TargetOutcome | None:
    """Return the outcome for which the whole entry is sent again later; None if there is none."""
    late = [each for each in outcomes if each.outcome in _LATER]
    return max(late, key=lambda each: each.retry_after_s, default=None)


def send_alone(
    rows: Rows,
    changes: Changes,
    ready: Ready,
    outcomes: Sequence[f.TargetOutcome],
    *,
    now_ms: int,
) -> None:
    """Queue the message once more for each device whose mailbox didn't take it."""
    client_fan_outs.forget_readers(rows, ready.entry.id)
    for goal, outcome in zip(ready.goals, outcomes, strict=True):
        if outcome.outcome != f.Outcome.STORED:
            _alone(rows, changes, ready.entry, goal, now_ms=now_ms)


def _alone(rows: Rows, changes: Changes, entry: OutboxRow, goal: Goal, *, now_ms: int) -> None:
    whom, message_id = contact(rows, goal.account_id), entry.message_id
    known = None if message_id is None else message(rows, message_id) or mark(rows, message_id)
    if whom is None or (known is None and message_id is not None):
        return
    enqueue_content(
        rows,
        changes,
        whom,
        entry.content if known is None else known.body,
        entry_id=local_id("group-alone", message_id or entry.id, goal.device_id),
        message_id=message_id,
        now_ms=now_ms,
        device_id=goal.device_id,
    )
