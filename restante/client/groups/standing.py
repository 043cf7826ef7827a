"""How this account stands to a group: in it, asked, out of it, or never let near.

    partial    its log has come so far that we are no member, and never were by a word of our own
    request    a stranger has put us in, and the user hasn't said yes
    joined     by a contact's word, by a link that the user followed, or the user said yes
    left       out of it again; who was put in and taken out before any answer is "partial" again
Rule: nobody but a contact brings the user into a group unasked, nor keeps one in their list.
Inside the caller's transaction. Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.acquaintance import is_welcome
from restante.client.groups.ledger import JOINED, LEFT, PARTIAL, REQUEST, Ledger
from restante.protocol.group import Add, Field, Found, Link, Role
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.store import client_groups as store
from restante.store.client_contacts import contact
from restante.store.client_records import record, records_of
from restante.store.client_spaces import channel

if TYPE_CHECKING:
    from restante.protocol.group_state import State
    from restante.store.client_groups import GroupRow
    from restante.store.client_records import RecordRow
    from restante.store.client_rows import Rows


def standing_of(
    rows: Rows,
    account_id: bytes,
    ledger: Ledger,
    state: State,
    *,
    before: GroupRow | None,
) -> str:
    """Return whether we are in a group: a stranger who adds us unasked has only asked."""
    was = PARTIAL if before is None else before.state
    if state.role(account_id) is Role.NONE:
        is_taken_back = was == REQUEST and not _has_written(ledger, account_id)
        return PARTIAL if was == PARTIAL or is_taken_back else LEFT
    if was == JOINED:
        return JOINED
    adder, parent = adder_of(ledger, account_id), parent_of(state)
    is_in = _is_let_in(rows, account_id, ledger.group_id, adder=adder, parent=parent)
    is_in = is_in or _is_followed(rows, ledger, account_id, adder=adder)
    return JOINED if is_in else REQUEST


def was_joined(rows: Rows, account_id: bytes, group_id: bytes) -> bool:
    """Whether we are in a group, or were, by more than a stranger's word."""
    row = store.group_row(rows, group_id)
    if row is None or row.state != LEFT:
        return row is not None and row.state == JOINED
    is_in = _is_let_in(rows, account_id, group_id, adder=row.adder, parent=row.parent)
    return is_in or was_asked(rows, row.adder)


def _is_let_in(
    rows: Rows, account_id: bytes, group_id: bytes, *, adder: bytes | None, parent: bytes | None
) -> bool:
    """Whether the user, or somebody whom the user knows, has let us into a group."""
    decided = record(rows, int(RecordKind.GROUP_JOINED), group_id)
    if decided is not None and decided.value is not None:
        return True
    who = None if adder is None else contact(rows, adder)
    is_known = adder == account_id or (who is not None and is_welcome(who))
    return is_known or _is_of_joined_space(rows, group_id, parent)


def _is_followed(rows: Rows, ledger: Ledger, account_id: bytes, *, adder: bytes | None) -> bool:
    """Whether whom the user asked to be let in did so, into the group that the link is of.

    Members of that one know the link's id and can say in another group that it has the same: so
    somebody whom the link names must have made it, wherever its secret leads (attack 41).
    """
    ignored = ledger.log.state().ignored
    acts = [
        (node.author, each)
        for node in ledger.nodes.values()
        if node.hash not in ignored
        for each in node.acts
    ]
    came_by = [
        each.link
        for author, each in acts
        if isinstance(each, Add) and each.account == account_id and author == adder
    ]
    link = came_by[-1] if came_by else None
    if link is None:
        return was_asked(rows, adder)
    hosts = _hosts(record(rows, int(RecordKind.GROUP_ASKED), link))
    makers = {author for author, each in acts if isinstance(each, Link) and each.id == link}
    return adder in hosts and not makers.isdisjoint(hosts)


def _has_written(ledger: Ledger, account_id: bytes) -> bool:
    """Whether an account has said anything in a log: who was put in and says no, leaves."""
    return any(node.author == account_id for node in ledger.nodes.values())


def adder_of(ledger: Ledger, account_id: bytes) -> bytes | None:
    """Return who has let an account in, the last time that it counted."""
    found, ignored = None, ledger.log.state().ignored
    for node in ledger.nodes.values():
        if node.hash in ignored:
            continue
        for each in node.acts:
            is_founder = isinstance(each, Found) and node.author == account_id
            if is_founder or (isinstance(each, Add) and each.account == account_id):
                found = node.author
    return found


def parent_of(state: State) -> bytes | None:
    """Return the space that a channel says it belongs to."""
    try:
        found = bytes.fromhex(state.text(Field.PARENT))
    except ValueError:
        return None
    return found if len(found) == store.GROUP_ID_BYTES else None


def _is_of_joined_space(rows: Rows, group_id: bytes, parent: bytes | None) -> bool:
    """Whether a group is a channel, by both logs, of a space that we are in."""
    if parent is None or channel(rows, parent, group_id) is None:
        return False
    space = store.group_row(rows, parent)
    return space is not None and space.state == JOINED


def was_asked(rows: Rows, account: bytes | None) -> bool:
    """Whether the user has followed an invite link that names an account.

    That a group's log has the link's id says nothing: all members of the right one know it (G24).
    """
    return any(account in _hosts(each) for each in records_of(rows, int(RecordKind.GROUP_ASKED)))


def _hosts(said: RecordRow | None) -> list[bytes]:
    value = b"" if said is None or said.value is None else said.value
    return [value[at : at + ID_BYTES] for at in range(0, len(value), ID_BYTES)]
