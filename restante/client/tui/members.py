"""What one may do about the members of a group, by one's own role. Pure.

Rule: what the group's log would refuse is not offered; the engine decides all the same.
Spec: docs/protocol/groups.md, section 3.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import Conversation, Member, RoleName
from restante.client.tui import group_words

ORDER: Final[tuple[RoleName, ...]] = ("reader", "member", "admin", "owner")
"""The least first."""

WRITE, REMOVE, LEAVE = "write", "remove", "leave"
"""What is chosen, beside the name of a role."""


def decides(conversation: Conversation | None) -> bool:
    """Whether one may let people in and change how the group is kept."""
    group = None if conversation is None else conversation.group
    return group is not None and group.role in {"admin", "owner"}


def choices_about(mine: RoleName | None, member: Member) -> list[tuple[str, str]]:
    """Return what can be done about a member: what is chosen, and how it is called."""
    if member.is_me:
        lower = [] if mine is None else ORDER[: ORDER.index(mine)]
        ends = [(str(each), group_words.MAKE_ME[each]) for each in reversed(lower)]
        return [*ends, (LEAVE, group_words.LEAVE)]
    write = group_words.WRITE_TO if member.is_contact else group_words.ASK_FOR
    choices = [(WRITE, write)]
    if mine == "owner":
        roles: tuple[RoleName, ...] = ORDER
    elif mine == "admin" and ORDER.index(member.role) < ORDER.index("admin"):
        roles = ORDER[: ORDER.index("admin")]
    else:
        return choices
    choices += [(each, group_words.MAKE[each]) for each in roles if each != member.role]
    return [*choices, (REMOVE, group_words.REMOVE)]
