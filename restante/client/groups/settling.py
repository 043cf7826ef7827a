"""What a group's log says, let be so here: members, settings, invite links, notices of changes.

Rule: all that is kept of a group beside its entries follows from them, and is written anew when
they change. Who a stranger has added is only asked; who came by a link that the user followed is
in. Inside the caller's transaction. Spec: docs/protocol/groups.md, sections 3, 4 and 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client.groups.ledger import JOINED, LEFT, PARTIAL, REQUEST, Ledger
from restante.client.groups.sentences import sentence_of
from restante.client.groups.standing import adder_of, parent_of, standing_of, was_asked
from restante.client.history import file_note
from restante.client.queueing import local_id
from restante.client.syncing.putting import put
from restante.protocol.group import EntryHash, Field, Role
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import is_out_of_reach, rank_at
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store import client_group_invites as invites
from restante.store import client_groups as store
from restante.store.client_contacts import contact
from restante.store.client_conversations import own_counter
from restante.store.client_group_invites import LinkRow
from restante.store.client_groups import GroupRow, MemberRow
from restante.store.client_messages import message, update_state
from restante.store.client_spaces import ChannelRow, channels, put_channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.protocol.group_state import Node, State
    from restante.store.client_rows import Rows


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

    Members must be contacts of some kind by now (`knowing`). None if it isn't ours to know.
    """
    group_id, state = ledger.group_id, ledger.log.state()
    before = store.group_row(rows, group_id)
    own_role = state.role(own.account_id)
    standing = standing_of(rows, own.account_id, ledger, state, before=before)
    begun_at_ms = now_ms if before is None else before.begun_at_ms
    row = _row(own.account_id, ledger, state, standing=standing, begun_at_ms=begun_at_ms)
    store.put_group(rows, row)
    if _settle_members(rows, group_id, state):
        changes.is_upkeep_due = True  # a capability key may write to who has left
    _settle_links(rows, group_id, state)
    _settle_joins(rows, group_id, row, state)
    if state.is_space:
        _settle_channels(rows, changes, row, state)
    if state.is_space or row.parent is not None:
        changes.spaces.add(row.parent or group_id)
    if row.state == JOINED and (before is None or before.state != JOINED):
        changes.joined.add(group_id)
        _note_joined(rows, ledger, own, now_ms=now_ms)
    heads = b"".join(ledger.log.named_heads)
    put(rows, RecordKind.GROUP, group_id, heads, now_ms=now_ms, is_decision=False)
    if before is None and own_role is Role.NONE and row.state == PARTIAL:
        return row
    if row.state == PARTIAL and before is not None and before.state == REQUEST:
        changes.is_resync = True  # whoever asked has taken it back: it is in no list any more
    is_new = before is None or before.state == PARTIAL
    told = list(ledger.nodes.values()) if is_new and row.state != PARTIAL else list(taken)
    if row.state != PARTIAL:
        _note(rows, changes, own, row, nodes=told, state=state, now_ms=now_ms)
        _note_forks(rows, changes, row, ledger, now_ms=now_ms)
        changes.conversations[group_id] = None
    return row


def settle_as_it_was(
    rows: Rows,
    changes: Changes,
    account_id: bytes,
    ledger: Ledger,
    *,
    state: str,
    begun_at_ms: int,
) -> None:
    """Let what a log says be so where a history is taken in: nothing is noted and nobody told.

    `state` is how the account stood to the group; what the log says since counts for more, and so
    does what this device knows of it.
    """
    said = ledger.log.state()
    before = store.group_row(rows, ledger.group_id)
    was = state if before is None or before.state != JOINED else JOINED
    if said.role(account_id) is Role.NONE:
        was = LEFT
    elif was != JOINED:
        was = REQUEST
    row = _row(
        account_id,
        ledger,
        said,
        standing=was,
        begun_at_ms=begun_at_ms if before is None else before.begun_at_ms,
    )
    store.put_group(rows, row)
    _settle_members(rows, ledger.group_id, said)
    _settle_links(rows, ledger.group_id, said)
    if said.is_space:
        put_channels(rows, ledger.group_id, _listed(ledger.group_id, said))
    changes.conversations[ledger.group_id] = None


def _row(
    account_id: bytes, ledger: Ledger, state: State, *, standing: str, begun_at_ms: int
) -> GroupRow:
    return GroupRow(
        group_id=ledger.group_id,
        state=standing,
        adder=adder_of(ledger, account_id),
        name=printable(state.shown_name, multiline=False).strip() or ledger.group_id.hex()[:8],
        description=printable(state.text(Field.DESCRIPTION), multiline=True),
        is_space=state.is_space,
        parent=parent_of(state),
        timer_s=min(state.number(Field.TIMER_S), 366 * 86_400),
        may_post=int(state.may_post),
        may_mention_all=int(state.may_mention_all),
        own_role=int(state.role(account_id)),
        heads=b"".join(ledger.log.named_heads),
        begun_at_ms=begun_at_ms,
        picture=state.picture,
    )


def _settle_members(rows: Rows, group_id: bytes, state: State) -> bool:
    """Let those be members who are; return whether somebody has left."""
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
    gone = here.keys() - state.members.keys()
    for account in gone:
        store.drop_member(rows, group_id, account)
    return bool(gone)


def _note_joined(rows: Rows, ledger: Ledger, own: OwnAccount, *, now_ms: int) -> None:
    """Say that we are in by a link that was followed; our other devices may not know of it."""
    if was_asked(rows, adder_of(ledger, own.account_id)):
        put(rows, RecordKind.GROUP_JOINED, ledger.group_id, b"\x01", now_ms=now_ms)


def _settle_links(rows: Rows, group_id: bytes, state: State) -> None:
    """Keep the invite links as they stand: one ends with its maker's right to make any."""
    for each in invites.links(rows, group_id):
        if each.link_id not in state.links:
            invites.put_link(rows, replace(each, is_live=False))
    for link_id, invite in state.links.items():
        row = LinkRow(
            link_id=link_id,
            group_id=group_id,
            maker=invite.maker,
            expires_at_s=invite.link.expires_at_s,
            uses=invite.link.uses,
            used=len(state.used.get(link_id, ())),
            needs_approval=invite.link.needs_approval,
            is_live=state.role(invite.maker) >= Role.ADMIN,
        )
        invites.put_link(rows, row)


def _settle_channels(rows: Rows, changes: Changes, space: GroupRow, state: State) -> None:
    """Keep which channels a space has; who is in the space is in those that wait for an answer."""
    put_channels(rows, space.group_id, _listed(space.group_id, state))
    if space.state == JOINED:
        join_channels(rows, changes, space.group_id)


def _listed(space_id: bytes, state: State) -> list[ChannelRow]:
    return [
        ChannelRow(
            space_id=space_id,
            group_id=each.group,
            category=each.category,
            position=each.position,
        )
        for each in state.channels.values()
    ]


def join_channels(rows: Rows, changes: Changes, space_id: bytes) -> None:
    """Be in the channels that follow a space, and that waited for the user to be in that."""
    for each in channels(rows, space_id):
        row = store.group_row(rows, each.group_id)
        if row is not None and row.state == REQUEST and row.parent == space_id:
            store.put_group(rows, replace(row, state=JOINED))
            changes.conversations[row.group_id] = None


def _settle_joins(rows: Rows, group_id: bytes, group: GroupRow, state: State) -> None:
    """Forget who waits and is in by now, and all of them where it is no more ours to decide."""
    may_admit = group.state == JOINED and group.own_role >= Role.ADMIN
    for each in invites.joins(rows, group_id):
        if each.account_id in state.members or not may_admit:
            invites.drop_join(rows, group_id, each.account_id)


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
