"""Members whom we know from groups alone: kept, so that they can be written to.

Rule: a manifest vouches for its account by itself, for an account's id is the hash of its root key;
nobody thereby comes into the list of contacts (G11). Inside the caller's transaction.
Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.acquaintance import is_welcome, new_contact, others_at
from restante.client.groups.ledger import JOINED, verified
from restante.client.interface import ContactState, Trust
from restante.protocol.ids import Token
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_groups import group_row, groups_of, member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.group_state import State
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


def is_answered(rows: Rows, who: ContactRow, group_id: bytes) -> bool:
    """Whether somebody is told anything of a group: contacts, and who is with us in it.

    Strangers can speak of any group, and would see from an answer that we are here (G28).
    """
    return is_welcome(who) or is_with_us(rows, who, group_id)


def is_with_us(rows: Rows, who: ContactRow, group_id: bytes) -> bool:
    """Whether somebody is a member of a group that we have joined."""
    group = group_row(rows, group_id)
    is_joined = group is not None and group.state == JOINED
    return is_joined and member(rows, group_id, who.account_id) is not None


def is_fellow(rows: Rows, account: bytes) -> bool:
    """Whether somebody is with us in any group that we have joined."""
    found = (group_row(rows, each) for each in groups_of(rows, account))
    return any(group is not None and group.state == JOINED for group in found)


def know_members(
    rows: Rows,
    own: OwnAccount,
    state: State,
    manifests: Iterable[bytes],
    tokens: dict[bytes, bytes],
    *,
    most: int,
    now_s: int,
) -> None:
    """Keep the members whom we don't know yet, by the manifests that came with the log; `most` new.

    A manifest vouches for its account by itself, for its account id is the hash of its root key.
    A token that we have ourselves is kept: theirs is at least as good.
    """
    for manifest in verified(manifests).values():
        account = manifest.account_id
        if account == own.account_id or not state.role(account):
            continue
        is_new = contact(rows, account) is None
        if not is_new or most > 0:
            know_member(rows, manifest, tokens.get(account), now_s=now_s)
        most -= is_new


def know_member(rows: Rows, manifest: VerifiedManifest, token: bytes | None, *, now_s: int) -> None:
    """Keep somebody as known from groups, unless we know them already."""
    known = contact(rows, manifest.account_id)
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
