"""Who is heard of those whom nobody here knows, when the first thing they say is about groups.

    a member of a group that we have joined    always: its log has let them in
    with a live invite link to a group of ours while there is room for mere acquaintances
    anybody else                               so many a week, and never more than half of that room

Each costs a contact and a session, and anybody makes as many accounts as they like. Rule: whoever
has no right to be heard takes no place of who has; who finds none leaves no trace, and can come
again. Inside the caller's transaction. Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.groups.admitting import is_worth_hearing
from restante.client.groups.knowing import is_fellow
from restante.client.history import parse_content
from restante.client.interface import ContactState
from restante.protocol.content import Kind
from restante.store.client_groups import count_apart, count_named

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

MAX_APART: Final = 8192
"""People who are known only from groups, and are in none of ours."""

MAX_NEW_APART: Final = 256
"""Of those whom no invite link of ours brought, within a week."""

A_WEEK_S: Final = 7 * 86_400

_MEMBER: Final = ContactState.MEMBER.value


def is_heard_first(rows: Rows, account: bytes, packed: bytes, *, now_s: int) -> bool:
    """Whether there is room for somebody unknown whose first content, `packed`, is a group's."""
    if is_fellow(rows, account):
        return True
    apart = count_apart(rows, _MEMBER, after_s=-1)
    content = parse_content(packed)
    if content is not None and content.kind == Kind.GROUP_JOIN:
        return apart < MAX_APART and is_worth_hearing(rows, packed)
    if apart >= MAX_APART // 2:
        return False
    return count_apart(rows, _MEMBER, after_s=now_s - A_WEEK_S) < MAX_NEW_APART


def room_for_named(rows: Rows) -> int:
    """Return how many people more are kept whom only logs of groups name that we haven't joined."""
    return max(MAX_APART - count_named(rows, _MEMBER), 0)
