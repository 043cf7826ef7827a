"""Conversations of both kinds, with an account or of a group, where it makes no difference which.

Rule: the length of a key says which kind it is. Inside the caller's transaction.
Spec: docs/engine.md, section 25.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from restante.client.groups.ledger import PARTIAL
from restante.client.groups.posting import existing_group
from restante.client.interface import ContactState
from restante.client.people_kept import existing
from restante.client.views import display_name
from restante.store.client_contacts import ContactRow, contact
from restante.store.client_groups import group_row, groups, is_group

if TYPE_CHECKING:
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows


def check_conversation(rows: Rows, key: bytes) -> None:
    """Refuse a key that names no conversation. UserError."""
    if is_group(key):
        existing_group(rows, key)
    else:
        existing(rows, key)


def named_groups(rows: Rows, text: str) -> list[GroupRow]:
    """Return the groups that a text may mean: by name, else by the start of name or key."""
    folded = _fold(text)
    shown = [each for each in groups(rows) if each.state != PARTIAL]
    by_name = [each for each in shown if _fold(each.name) == folded]
    by_key = [each for each in shown if len(folded) >= 8 and each.group_id.hex().startswith(folded)]
    return (
        by_name
        or by_key
        or [each for each in shown if folded and _fold(each.name).startswith(folded)]
    )


def is_addressable(row: ContactRow) -> bool:
    """Whether somebody is found by what the user types: not oneself, nor who is a mere member."""
    return row.state not in {ContactState.SELF.value, ContactState.MEMBER.value}


def key_of(row: ContactRow | GroupRow) -> bytes:
    """Return the key of a conversation."""
    return row.account_id if isinstance(row, ContactRow) else row.group_id


def title_of(row: ContactRow | GroupRow) -> str:
    """Return what a conversation is called."""
    return display_name(row) if isinstance(row, ContactRow) else row.name


def title_at(rows: Rows, key: bytes) -> str:
    """Return what the conversation of a key is called; empty if there is none."""
    row: ContactRow | GroupRow | None = group_row(rows, key) or contact(rows, key)
    return "" if row is None else title_of(row)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text.strip()).casefold()
