"""Members whom we know from groups alone: kept, so that they can be written to.

Rule: a manifest vouches for its account by itself, for an account's id is the hash of its root key;
nobody thereby comes into the list of contacts (G11). Inside the caller's transaction.
Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.acquaintance import new_contact, others_at
from restante.client.groups.ledger import verified
from restante.client.interface import ContactState, Trust
from restante.protocol.ids import Token
from restante.store.client_contacts import contact, upsert_contact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.group_state import State
    from restante.store.client_rows import Rows


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
    for manifest in verified(manifests).values():
        account = manifest.account_id
        if account != own.account_id and state.role(account):
            know_member(rows, manifest, tokens.get(account), now_s=now_s)


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
