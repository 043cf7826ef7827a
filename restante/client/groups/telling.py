"""Entries of a group's log written here, and logs told to members: whole, or what somebody lacks.

Rule: what is told is what is kept, byte for byte, with the manifests that it takes to verify it and
to reach its members. A newcomer gets the log whole; who was removed still hears of that. Nobody
else gets any of it. Inside the caller's transaction. Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.groups import chains, spreading
from restante.client.groups import ledger as ledgers
from restante.client.groups.packing import parts_of
from restante.client.groups.settling import settle
from restante.client.interface import ContactState
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing.self_contact import other_devices, self_contact
from restante.crypto.signing import sign_group_entry
from restante.errors import UserError
from restante.protocol.content import Kind
from restante.protocol.group import (
    MAX_ACTS,
    MAX_PARENTS,
    EntryBody,
    Found,
    GroupAsk,
    GroupLog,
    act,
)
from restante.store import client_groups as store
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from msgspec import Struct

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.groups.ledger import Ledger
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.protocol.group_state import Node
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

_DEAF: Final = frozenset({ContactState.BLOCKED.value, ContactState.LEFT.value})


def found(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    own: OwnAccount,
    first: Found,
    *more: Struct,
) -> Ledger:
    """Found a group: its id is the hash of its first entry. Nobody else is told of it yet."""
    body = EntryBody(
        version=1,
        group=b"",
        parents=[],
        author=own.account_id,
        device=own.device_id,
        manifest=own.manifest.head,
        sequence=1,
        at_ms=context.now_ms(),
        acts=[act(each) for each in (first, *more)],
    )
    signed = sign_group_entry(own.device.signing, body)
    ledger = ledgers.Ledger(group_id=signed.hash)
    manifests = [own.manifest.signed.to_bytes()]
    taken = ledgers.take_entries(rows, ledger, [signed], manifests)
    settle(rows, changes, own, ledger, taken.nodes, now_ms=context.now_ms())
    news = parts_of(rows, own, ledger, hashes=[signed.hash], people=[])
    _tell_own(rows, changes, context, ledger, news)
    return ledger


def write_entry(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    own: OwnAccount,
    *,
    ledger: Ledger,
    acts: Sequence[Struct],
) -> Node:
    """Sign an entry, let it count here, and tell everybody whom it concerns.

    UserError if the log says that we have no right to it, or there are too many acts in it.
    """
    return write_entries(rows, changes, context, own, ledger=ledger, entries=[acts])[0]


def write_entries(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    own: OwnAccount,
    *,
    ledger: Ledger,
    entries: Sequence[Sequence[Struct]],
) -> list[Node]:
    """Write entries, each after the one before, and tell everybody of all of them at once."""
    before = ledger.log.state()
    nodes = [_written(rows, context, own, ledger, acts) for acts in entries]
    settle(rows, changes, own, ledger, nodes, now_ms=context.now_ms())
    after = ledger.log.state()
    hashes = [each.hash for each in nodes]
    newcomers = after.members.keys() - before.members.keys()
    gone = before.members.keys() - after.members.keys()
    news = parts_of(rows, own, ledger, hashes=hashes, people=sorted(newcomers))
    stay = after.members.keys() - newcomers
    # Where the newcomers live, and the tokens to write to them, is for those who stay alone: who
    # is taken out may have the sender key of now, which is replaced first then.
    ended = parts_of(rows, own, ledger, hashes=hashes, people=()) if gone else ()
    _tell_all(
        rows,
        changes,
        context,
        own,
        ledger,
        people=_reached(rows, own, stay),
        parts=news,
        leaving=frozenset() if newcomers else gone,
    )
    for whom in _reached(rows, own, gone):
        _tell_alone(rows, changes, context, ledger, whom, parts=ended)
    if newcomers:
        all_of_it = list(ledger.nodes)
        whole = parts_of(rows, own, ledger, hashes=all_of_it, people=list(after.members))
        those = _reached(rows, own, newcomers)
        _tell_all(
            rows, changes, context, own, ledger, people=those, parts=whole, leaving=frozenset()
        )
    _tell_own(rows, changes, context, ledger, news)
    return nodes


def _written(
    rows: Rows,
    context: EngineContext,
    own: OwnAccount,
    ledger: Ledger,
    acts: Sequence[Struct],
) -> Node:
    """Sign one entry and add it to the log. UserError: no right to it, too many acts."""
    if len(acts) > MAX_ACTS:
        raise UserError(f"At most {MAX_ACTS} members at a time.")
    log = ledger.log
    body = EntryBody(
        version=1,
        group=ledger.group_id,
        parents=list(log.parents_for(own.device_id)),
        author=own.account_id,
        device=own.device_id,
        manifest=own.manifest.head,
        sequence=1 + log.last_number(own.device_id),
        at_ms=context.now_ms(),
        acts=[act(each) for each in acts],
    )
    signed = sign_group_entry(own.device.signing, body)
    taken = ledgers.take_entries(rows, ledger, [signed], [own.manifest.signed.to_bytes()])
    if not taken.nodes or signed.hash in log.state().ignored:
        raise UserError("Your role in this group doesn't allow that. See: restante group show")
    return taken.nodes[0]


def _reached(rows: Rows, own: OwnAccount, accounts: Iterable[bytes]) -> list[ContactRow]:
    """Return those of some accounts, but for our own, whom something can be sent to."""
    found = (contact(rows, each) for each in sorted(accounts) if each != own.account_id)
    return [
        row
        for row in found
        if row is not None and row.manifest is not None and row.state not in _DEAF
    ]


def _tell_all(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    own: OwnAccount,
    ledger: Ledger,
    *,
    people: Sequence[ContactRow],
    parts: Sequence[GroupLog],
    leaving: Set[bytes],
) -> None:
    """Tell members: where they have many devices, by one payload for all of them."""
    known = [each for each in people if each.token is not None]
    readers = chains.devices_of(known)
    if len(readers) <= context.tuning.most_pairwise:
        known = []
    elif parts:
        spreading.spread(
            rows,
            changes,
            own,
            ledger.group_id,
            parts,
            readers=readers,
            leaving=leaving,
            randomness=context.randomness,
            now_ms=context.now_ms(),
        )
    told = {each.account_id for each in known}
    for whom in people:
        if whom.account_id not in told:
            _tell_alone(rows, changes, context, ledger, whom, parts=parts)


def _tell_alone(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    ledger: Ledger,
    whom: ContactRow,
    *,
    parts: Sequence[GroupLog],
) -> None:
    now_ms = context.now_ms()
    tell(rows, changes, ledger.group_id, whom, parts, randomness=context.randomness, now_ms=now_ms)


def _tell_own(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    ledger: Ledger,
    parts: Sequence[GroupLog],
) -> None:
    """Tell this account's other devices what was written here."""
    us = self_contact(rows)
    if us is not None and other_devices(rows, us):
        _tell_alone(rows, changes, context, ledger, us, parts=parts)


def tell(
    rows: Rows,
    changes: Changes,
    group_id: bytes,
    whom: ContactRow,
    parts: Sequence[GroupLog],
    *,
    randomness: Randomness,
    now_ms: int,
    device_id: bytes | None = None,
) -> None:
    """Queue parts of a log for one account, or one device of it; once while they wait."""
    for number, each in enumerate(parts):
        content = control_content(Kind.GROUP_LOG, each, now_ms=now_ms, randomness=randomness)
        content = msgspec.structs.replace(content, conversation=group_id)
        named: list[bytes] = [entry.hash for entry in each.entries] or [
            sha256(each.manifests[0]).digest()
        ]
        enqueue_content(
            rows,
            changes,
            whom,
            content.to_bytes(),
            entry_id=local_id(
                "group-log",
                group_id,
                whom.account_id,
                device_id or b"",
                number.to_bytes(2, "big"),
                b"".join(sorted(named)),
            ),
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
        )


def ask(
    rows: Rows,
    changes: Changes,
    group_id: bytes,
    whom: ContactRow,
    *,
    device_id: bytes | None,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Ask a device, or all of an account's, for what isn't here; once for the same lack."""
    row = store.group_row(rows, group_id)
    heads = [] if row is None else row.head_list[:MAX_PARENTS]
    body = GroupAsk(heads=heads)
    content = control_content(Kind.GROUP_ASK, body, now_ms=now_ms, randomness=randomness)
    content = msgspec.structs.replace(content, conversation=group_id)
    enqueue_content(
        rows,
        changes,
        whom,
        content.to_bytes(),
        entry_id=local_id("group-ask", group_id, device_id or whom.account_id, b"".join(heads)),
        message_id=None,
        now_ms=now_ms,
        device_id=device_id,
    )
