"""A group's membership log on this device: entries verified and kept, and what follows from them.

Rule: an entry is kept only if a device of its author, listed in a manifest that its author's root
key vouches for, has signed it, and all that it follows on is here; what the log says is then the
same for everybody (`protocol.group_rules`). Nobody is in a group because a relay says so (attack
41). Inside the caller's transaction. Spec: docs/protocol/groups.md, sections 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_welcome, new_contact, others_at
from restante.client.groups.sentences import sentence_of
from restante.client.history import file_note
from restante.client.interface import ContactState, Trust
from restante.client.queueing import local_id
from restante.client.syncing.putting import put
from restante.crypto.signatures import verify_group_entry, verify_manifest
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.content import RecordKind
from restante.protocol.group import (
    Add,
    EntryBody,
    EntryHash,
    Field,
    Found,
    Role,
    SignedEntry,
    read_act,
)
from restante.protocol.group_rules import Log, Node
from restante.protocol.ids import ID_BYTES, Token
from restante.protocol.manifest import SignedManifest
from restante.protocol.order import is_out_of_reach, rank_at
from restante.protocol.text import printable
from restante.store import client_groups as store
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import own_counter
from restante.store.client_groups import EntryRow, GroupRow, MemberRow
from restante.store.client_messages import message, update_state
from restante.store.client_records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.group_rules import State
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

JOINED: Final = "joined"
REQUEST: Final = "request"
LEFT: Final = "left"
PARTIAL: Final = "partial"
"""Its log has come so far that we are no member yet."""

MAX_UNJOINED: Final = 64
"""Groups that strangers have put us into, or began to: more wait nowhere."""

MAX_UNJOINED_ENTRIES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A group's log, with the manifests by which it was verified."""

    group_id: bytes
    log: Log = field(default_factory=Log)
    nodes: dict[bytes, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of new entries. `is_lacking`: some follow on others that aren't here."""

    nodes: tuple[Node, ...]
    is_lacking: bool


def load(rows: Rows, group_id: bytes) -> Ledger:
    """Read a group's log. What is kept was verified before."""
    ledger = Ledger(group_id=group_id)
    manifests: dict[bytes, VerifiedManifest] = {}
    for row in store.entries(rows, group_id):
        if row.manifest_hash not in manifests:
            packed = store.group_manifest(rows, row.manifest_hash) or b""
            manifests[row.manifest_hash] = verify_manifest(SignedManifest.from_bytes(packed))
        signed = SignedEntry(body=row.body, signature=row.signature)
        node = _node(signed, signed.entry(), manifests[row.manifest_hash])
        ledger.log.add(node)
        ledger.nodes[node.hash] = node
    return ledger


def take_entries(
    rows: Rows,
    ledger: Ledger,
    entries: Sequence[SignedEntry],
    manifests: Iterable[bytes],
) -> Taken:
    """Verify entries and keep those that follow on what is here; the others are left out."""
    known = _verified(manifests)
    taken: list[Node] = []
    is_lacking = False
    for signed in entries:
        if signed.hash in ledger.log:
            continue
        try:
            body = signed.entry()
            if body.group != (b"" if not body.parents else ledger.group_id):
                continue  # of another group
            if not body.parents and signed.hash != ledger.group_id:
                continue
            manifest = known.get(body.manifest) or _kept(rows, body.manifest)
            if manifest is None:
                is_lacking = True
                continue
            verify_group_entry(signed, manifest)
            node = _node(signed, body, manifest)
        except (CryptoError, RemoteProtocolError):
            continue
        if any(each not in ledger.log for each in body.parents):
            is_lacking = True
            continue
        try:
            ledger.log.add(node)
        except RemoteProtocolError:
            continue
        ledger.nodes[node.hash] = node
        row = EntryRow(
            hash=node.hash,
            group_id=ledger.group_id,
            manifest_hash=body.manifest,
            signature=signed.signature,
            body=signed.body,
        )
        store.add_entry(rows, row, manifest.signed.to_bytes())
        taken.append(node)
    return Taken(nodes=tuple(taken), is_lacking=is_lacking)


def settle(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    ledger: Ledger,
    taken: Sequence[Node],
    *,
    now_ms: int,
) -> GroupRow | None:
    """Let what the log says be so here: members, settings, notices of what changed.

    Members must be contacts of some kind by now (`know_members`). None if it isn't ours to know.
    """
    group_id, state = ledger.group_id, ledger.log.state()
    before = store.group_row(rows, group_id)
    own_role = state.role(own.account_id)
    row = _row(rows, own, ledger, state, before, now_ms=now_ms)
    store.put_group(rows, row)
    _settle_members(rows, group_id, state)
    heads = b"".join(ledger.log.heads)
    put(rows, RecordKind.GROUP, group_id, heads, now_ms=now_ms, is_decision=False)
    if before is None and own_role is Role.NONE and row.state == PARTIAL:
        return row
    is_new = before is None or before.state == PARTIAL
    told = list(ledger.nodes.values()) if is_new and row.state != PARTIAL else list(taken)
    if row.state != PARTIAL:
        _note(rows, changes, own, row, nodes=told, state=state, now_ms=now_ms)
        _note_forks(rows, changes, row, ledger, now_ms=now_ms)
        changes.conversations[group_id] = None
    return row


def know_members(
    rows: Rows,
    own: OwnAccount,
    state: State,
    manifests: Iterable[bytes],
    tokens: dict[bytes, bytes],
    *,
    now_s: int,
) -> None:
    """Keep the members whom we don't know yet, by the manifests that came with the log.

    A manifest vouches for its account by itself, for its account id is the hash of its root key.
    A token that we have ourselves is kept: theirs is at least as good.
    """
    for manifest in _verified(manifests).values():
        account = manifest.account_id
        if account == own.account_id or not state.role(account):
            continue
        known = contact(rows, account)
        token = tokens.get(account)
        if known is None:
            row = new_contact(
                manifest,
                state=ContactState.MEMBER,
                trust=Trust.UNVERIFIED,
                token=None if token is None else Token(token),
                petname=None,
                is_stale=True,  # a member's word: their relay is asked before we write to them
                now_s=now_s,
            )
            if others_at(rows, row):
                row = replace(row, trust=Trust.CHANGED.value)
            upsert_contact(rows, row)
        elif known.token is None and token is not None:
            upsert_contact(rows, replace(known, token=token))


def may_be_kept(rows: Rows, ledger: Ledger, who: ContactRow, *, fresh: int) -> bool:
    """Whether there is room for what somebody says of a group that we haven't joined."""
    row = store.group_row(rows, ledger.group_id)
    if row is not None and row.state in {JOINED, LEFT}:
        return True
    if len(ledger.log) + fresh > MAX_UNJOINED_ENTRIES:
        return False
    if row is not None:
        return True
    if is_welcome(who):
        return True
    return store.count_groups(rows, PARTIAL) + store.count_groups(rows, REQUEST) < MAX_UNJOINED


def _verified(manifests: Iterable[bytes]) -> dict[bytes, VerifiedManifest]:
    found: dict[bytes, VerifiedManifest] = {}
    for packed in manifests:
        try:
            manifest = verify_manifest(SignedManifest.from_bytes(packed))
        except (CryptoError, RemoteProtocolError):
            continue
        found[manifest.head] = manifest
    return found


def _kept(rows: Rows, manifest_hash: bytes) -> VerifiedManifest | None:
    packed = store.group_manifest(rows, manifest_hash)
    return None if packed is None else verify_manifest(SignedManifest.from_bytes(packed))


def _node(signed: SignedEntry, body: EntryBody, manifest: VerifiedManifest) -> Node:
    return Node(
        hash=signed.hash,
        parents=tuple(body.parents),
        author=body.author,
        device=body.device,
        sequence=body.sequence,
        at_ms=body.at_ms,
        acts=tuple(read_act(each) for each in body.acts),
        position=(manifest.generation, manifest.sequence),
        manifest=body.manifest,
        listed=frozenset(
            each.device_id for each in manifest.devices if each.entry.mailbox is not None
        ),
    )


def _row(
    rows: Rows,
    own: OwnAccount,
    ledger: Ledger,
    state: State,
    before: GroupRow | None,
    *,
    now_ms: int,
) -> GroupRow:
    own_role = state.role(own.account_id)
    adder = _adder(ledger, own.account_id)
    parent = state.text(Field.PARENT)
    return GroupRow(
        group_id=ledger.group_id,
        state=_standing(rows, own, ledger.group_id, own_role=own_role, adder=adder, before=before),
        adder=adder,
        name=printable(state.shown_name, multiline=False).strip() or ledger.group_id.hex()[:8],
        description=printable(state.text(Field.DESCRIPTION), multiline=True),
        is_space=state.is_space,
        parent=bytes.fromhex(parent) if _is_hex_id(parent) else None,
        timer_s=min(state.number(Field.TIMER_S), 366 * 86_400),
        may_post=int(state.may_post),
        may_mention_all=int(state.may_mention_all),
        own_role=int(own_role),
        heads=b"".join(ledger.log.heads),
        begun_at_ms=now_ms if before is None else before.begun_at_ms,
    )


def _is_hex_id(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == store.GROUP_ID_BYTES
    except ValueError:
        return False


def _adder(ledger: Ledger, account_id: bytes) -> bytes | None:
    """Return who has let an account in, the last time."""
    found = None
    for node in ledger.nodes.values():
        for each in node.acts:
            is_founder = isinstance(each, Found) and node.author == account_id
            if is_founder or (isinstance(each, Add) and each.account == account_id):
                found = node.author
    return found


def _standing(
    rows: Rows,
    own: OwnAccount,
    group_id: bytes,
    *,
    own_role: Role,
    adder: bytes | None,
    before: GroupRow | None,
) -> str:
    """Return whether we are in a group: a stranger who adds us has only asked."""
    was = None if before is None else before.state
    if own_role is Role.NONE:
        return PARTIAL if was in {None, PARTIAL} else LEFT
    if was == JOINED:
        return JOINED
    decided = record(rows, int(RecordKind.GROUP_JOINED), group_id)
    if decided is not None and decided.value is not None:
        return JOINED
    who = None if adder is None else contact(rows, adder)
    is_known = adder == own.account_id or (who is not None and is_welcome(who))
    return JOINED if is_known else REQUEST


def _settle_members(rows: Rows, group_id: bytes, state: State) -> None:
    here = {each.account_id: each for each in store.members(rows, group_id)}
    since = own_counter(rows, group_id)
    for account, role in state.members.items():
        if account not in here or here[account].role != role:
            store.put_member(
                rows,
                MemberRow(
                    group_id=group_id, account_id=account, role=int(role), since_counter=since
                ),
            )
    for account in here.keys() - state.members.keys():
        store.drop_member(rows, group_id, account)


def _note(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    group: GroupRow,
    *,
    nodes: Sequence[Node],
    state: State,
    now_ms: int,
) -> None:
    """Say who changed what, where it was changed; what turned out to be void says so."""
    for node in nodes:
        sentence = sentence_of(rows, own, node, is_void=node.hash in state.ignored)
        if sentence is None:
            continue
        rank = rank_at(node.at_ms)
        note_of(
            rows,
            changes,
            group,
            sentence,
            entry_id=notice_id(node.hash),
            author=node.author,
            rank=None if is_out_of_reach(rank, now_ms) else rank,
            now_ms=now_ms,
        )
    for entry in state.ignored:
        shown = message(rows, notice_id(EntryHash(entry)))
        known = None if shown is None else shown.error
        node_ = None if shown is None else _find(nodes, entry)
        if shown is not None and node_ is None and known and not known.endswith(VOID):
            changes.message_changed(update_state(rows, shown.id, shown.state, f"{known} {VOID}"))


VOID: Final = "(It has no effect.)"


def _find(nodes: Sequence[Node], entry: bytes) -> Node | None:
    return next((each for each in nodes if each.hash == entry), None)


def _note_forks(
    rows: Rows, changes: Changes, group: GroupRow, ledger: Ledger, *, now_ms: int
) -> None:
    """Say that a device has written two histories: whoever holds it lies (attack 45)."""
    for device in sorted(ledger.log.forked):
        author = next(node.author for node in ledger.nodes.values() if node.device == device)
        who = contact(rows, author)
        name = "Somebody" if who is None else (who.petname or who.address)
        note_of(
            rows,
            changes,
            group,
            f"{name} has told different people different things about this group. Whoever holds "
            "that device is not to be trusted: what it changed at the same time has no effect.",
            entry_id=local_id("group-fork", group.group_id, device),
            author=author,
            rank=None,
            now_ms=now_ms,
        )


def note_of(
    rows: Rows,
    changes: Changes,
    group: GroupRow,
    sentence: str,
    *,
    entry_id: bytes,
    author: bytes,
    rank: int | None,
    now_ms: int,
) -> None:
    """File a notice in a group, once for an id."""
    file_note(
        rows,
        changes,
        author,
        conversation=group.group_id,
        entry_id=entry_id,
        device_id=bytes(ID_BYTES),
        kind="notice",
        error=sentence,
        rank=rank,
        feed_type="notice" if group.state == JOINED else None,
        now_ms=now_ms,
    )


def notice_id(entry: EntryHash) -> bytes:
    """Name the notice of an entry: the same on all devices."""
    return local_id("group-entry-notice", entry)
