"""Who can be named in a conversation, by whom, and what of it calls the user.

Rule: only those who are in a conversation are named in it; an `@all` counts by the rules of the
group as they stand where it is read, when it comes. Inside the caller's transaction.
Spec: docs/protocol/content.md, C32 and C33.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.grammar.mentions import find_mentions
from restante.client.grammar.reading import (
    read_edited_text,
    read_file,
    read_text,
    shown_mentions,
)
from restante.client.syncing.this_device import SELF
from restante.protocol.content import EVERYBODY
from restante.protocol.ids import ID_BYTES
from restante.store.client_account import get_value
from restante.store.client_contacts import contact
from restante.store.client_groups import group_row, is_group, member, members
from restante.store.client_messages import NAMES_ALL, NAMES_US

if TYPE_CHECKING:
    from restante.protocol.content import Mention, Text
    from restante.store.client_contacts import ContactRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows


def own_mentions(
    rows: Rows, conversation: bytes, text: str, *, before: Text | None = None
) -> list[Mention]:
    """Return whom a text names that is written here; `before`: what it said, if it is edited."""
    if "@" not in text:
        return []
    kept = {}
    for each in [] if before is None else before.mentions:
        if before is not None and each.account != EVERYBODY:
            name = before.text[each.start + 1 : each.start + each.length]
            kept[name.casefold()] = each.account
    us = _own_id(rows)
    return find_mentions(
        text,
        _people(rows, conversation, us),
        may_name_all=us is not None and may_name_all(rows, conversation, us),
        kept=kept,
    )


def may_name_all(rows: Rows, conversation: bytes, account_id: bytes) -> bool:
    """Whether somebody's `@all` is for everybody in a conversation: in a group that lets them."""
    if not is_group(conversation):
        return False
    group, who = group_row(rows, conversation), member(rows, conversation, account_id)
    return group is not None and who is not None and who.role >= group.may_mention_all


def is_in(rows: Rows, conversation: bytes, account_id: bytes) -> bool:
    """Whether somebody can be named in a conversation: they are in it, or it is oneself."""
    if is_group(conversation) and account_id != _own_id(rows):
        return member(rows, conversation, account_id) is not None
    return account_id in {conversation, _own_id(rows)}


def calls_of(rows: Rows, row: MessageRow, *, edit: bytes | None = None) -> int:
    """Return why a message calls the user by whom it names: bits, 0 for what we wrote.

    `edit` is the content, whole, that says what it says now. RemoteProtocolError: malformed.
    """
    if row.received_at_ms is None or not (row.body and "@" in row.text):
        return 0
    if row.kind == "file":
        file = read_file(row.body)
        said = shown_mentions(file.caption, file.mentions)
    elif row.kind == "text":
        text = read_text(row.body) if edit is None else read_edited_text(edit)
        said = shown_mentions(text.text, text.mentions)
    else:
        return 0
    named = {each.account for each in said}
    calls = NAMES_US if _own_id(rows) in named else 0
    if EVERYBODY in named and may_name_all(rows, row.conversation, row.author):
        calls |= NAMES_ALL
    return calls


def _own_id(rows: Rows) -> bytes | None:
    us = get_value(rows, SELF)
    return None if us is None else us[:ID_BYTES]


def _people(rows: Rows, conversation: bytes, us: bytes | None) -> list[ContactRow]:
    if is_group(conversation):
        ids = [each.account_id for each in members(rows, conversation)]
    else:
        ids = [each for each in {conversation, us} if each is not None]
    found = (contact(rows, each) for each in ids)
    return [row for row in found if row is not None]
