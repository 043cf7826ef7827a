"""Entries of a group's log written here, and logs told to members: whole, or what somebody lacks.

Rule: what is told is what is kept, byte for byte, with the manifests that it takes to verify it and
to reach its members. A newcomer gets the log whole; who was removed still hears of that. Nobody
else gets any of it. Inside the caller's transaction. Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.groups import ledger as ledgers
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
    MemberToken,
    SignedEntry,
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
    from restante.store.client_groups import EntryRow
    from restante.store.client_rows import Rows

PART_BYTES: Final = 40_000
"""Of one GROUP_LOG, so that it fits an envelope that is also a hello."""

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
    if len(acts) > MAX_ACTS:
        raise UserError(f"At most {MAX_ACTS} members at a time.")
    now_ms, log = context.now_ms(), ledger.log
    before = log.state()
    body = EntryBody(
        version=1,
        group=ledger.group_id,
        parents=list(log.heads[:MAX_PARENTS]),
        author=own.account_id,
        device=own.device_id,
        manifest=own.manifest.head,
        sequence=1
        + max((n.sequence for n in ledger.nodes.values() if n.device == own.device_id), default=0),
        at_ms=now_ms,
        acts=[act(each) for each in acts],
    )
    signed = sign_group_entry(own.device.signing, body)
    taken = ledgers.take_entries(rows, ledger, [signed], [own.manifest.signed.to_bytes()])
    after = log.state()
    if not taken.nodes or signed.hash in after.ignored:
        raise UserError("Your role in this group doesn't allow that. See: restante group show")
    settle(rows, changes, own, ledger, taken.nodes, now_ms=now_ms)
    newcomers = [each for each in after.members if each not in before.members]
    news = parts_of(rows, own, ledger, hashes=[signed.hash], people=newcomers)
    whole: list[GroupLog] = []
    for account in {*before.members, *after.members} - {own.account_id}:
        whom = contact(rows, account)
        if whom is None or whom.state in _DEAF:
            continue
        parts = news
        if account in newcomers:
            parts = whole = whole or parts_of(
                rows, own, ledger, hashes=list(ledger.nodes), people=list(after.members)
            )
        tell(
            rows,
            changes,
            ledger.group_id,
            whom,
            parts,
            randomness=context.randomness,
            now_ms=now_ms,
        )
    _tell_own(rows, changes, context, ledger, news)
    return taken.nodes[0]


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
        now_ms = context.now_ms()
        tell(
            rows, changes, ledger.group_id, us, parts, randomness=context.randomness, now_ms=now_ms
        )


def parts_of(
    rows: Rows,
    own: OwnAccount,
    ledger: Ledger,
    *,
    hashes: Sequence[bytes],
    people: Iterable[bytes],
) -> list[GroupLog]:
    """Pack entries, in their order, and whom they are about, into as few contents as hold them."""
    part = _Part()
    parts = [part]
    for row in _kept(rows, ledger, hashes):
        signed = SignedEntry(body=row.body, signature=row.signature)
        manifest = store.group_manifest(rows, row.manifest_hash) or b""
        size = len(row.body) + len(manifest) + 128
        if part.size + size > PART_BYTES:
            part = _Part()
            parts.append(part)
        part.add(size, entry=signed, manifest=manifest)
    for account in people:
        row_ = contact(rows, account)
        if account == own.account_id:
            part.add(0, manifest=own.manifest.signed.to_bytes())
        elif row_ is not None and row_.manifest is not None:
            size = len(row_.manifest) + 64
            if part.size + size > PART_BYTES:
                part = _Part()
                parts.append(part)
            token = None if row_.token is None else MemberToken(account, row_.token)
            part.add(size, manifest=row_.manifest, token=token)
    return [
        GroupLog(entries=each.entries, manifests=list(each.manifests), tokens=each.tokens)
        for each in parts
        if each.entries or each.manifests
    ]


def _kept(rows: Rows, ledger: Ledger, hashes: Sequence[bytes]) -> list[EntryRow]:
    if len(hashes) == 1:
        one = store.entry(rows, hashes[0])
        return [] if one is None else [one]
    wanted = set(hashes)
    return [row for row in store.entries(rows, ledger.group_id) if row.hash in wanted]


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


class _Part:
    """One GROUP_LOG that is being filled."""

    def __init__(self) -> None:
        self.size = 0
        self.entries: list[SignedEntry] = []
        self.manifests: dict[bytes, None] = {}
        self.tokens: list[MemberToken] = []

    def add(
        self,
        size: int,
        *,
        manifest: bytes,
        entry: SignedEntry | None = None,
        token: MemberToken | None = None,
    ) -> None:
        """Add an entry or a person, with the manifest that vouches for it."""
        self.size += size
        self.manifests[manifest] = None
        if entry is not None:
            self.entries.append(entry)
        if token is not None:
            self.tokens.append(token)


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
