"""Who may do what in a group: whether an entry's author had the right to all of its acts. Pure.

Rule: asked of the state that the author had seen, and of nothing else. Whether what was done with
right still counts is `group_rules`. Spec: docs/protocol/groups.md, section 3, G4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.protocol import group as g
from restante.protocol.group import Field, Role
from restante.protocol.group_state import State, register

if TYPE_CHECKING:
    from msgspec import Struct

    from restante.protocol.group_state import Node

MAX_MEMBERS: Final = 4096

_SCOPE: Final = {Field.PARENT: Role.OWNER}
"""Fields that not every admin may set."""

Lowerings = tuple[tuple[bytes, Role], ...]


def is_proper(node: Node, before: State) -> bool:
    """Whether the author had the right to all that an entry does, in what it had seen."""
    acts = node.acts
    about = [_about(node, each) for each in acts if each is not None]
    if len(set(about)) != len(about):
        return False  # two words on one thing, and which of them is the last?
    if not node.parents:
        if not acts or not isinstance(acts[0], g.Found) or node.sequence != 1:
            return False
        before, acts = State(members={node.author: Role.OWNER}), acts[1:]
    role = before.role(node.author)
    if role is Role.NONE:
        return False
    return all(_may(each, node.author, role, before) for each in acts) and _has_invites(
        node, before
    )


def demands(node: Node, before: State) -> tuple[Role, Lowerings]:
    """Return which role the acts that give something need, and whose roles are lowered to what."""
    needs = Role.NONE
    lowerings: list[tuple[bytes, Role]] = []
    for each in node.acts:
        match each:
            case g.Remove():
                lowerings.append((each.account, Role.NONE))
            case g.SetRole() if each.role < before.role(each.account):
                lowerings.append((each.account, Role(each.role)))
            case g.SetRole() | g.Add():
                needs = max(needs, Role.ADMIN if each.role < Role.ADMIN else Role.OWNER)
            case g.SetField():
                needs = max(needs, _field_needs(each.field))
            case None | g.Found() | g.Devices() | g.Unlink():
                pass
            case _:
                needs = max(needs, Role.ADMIN)
    return needs, tuple(lowerings)


def _has_invites(node: Node, before: State) -> bool:
    """Whether the invite links by which an entry lets people in are good for all of them."""
    by_link: dict[bytes, set[bytes]] = {}
    for each in node.acts:
        if isinstance(each, g.Add) and each.link is not None:
            if each.role >= Role.ADMIN or before.refusal(each.link, each.account, at_ms=node.at_ms):
                return False
            by_link.setdefault(each.link, set()).add(each.account)
    return all(before.has_uses(link, people) for link, people in by_link.items())


def _field_needs(number: int) -> Role:
    known = {int(each): each for each in Field}
    return _SCOPE.get(known[number], Role.ADMIN) if number in known else Role.ADMIN


def _may(  # noqa: PLR0911  # one for each act
    each: Struct | None, author: bytes, role: Role, before: State
) -> bool:
    """Whether a member may do one thing."""
    match each:
        case None | g.Devices():
            return True  # of a later version, or one that changes nothing by itself
        case g.Found():
            return False
        case g.Remove():
            target = before.role(each.account)
            return each.account == author or _is_over(role, target)
        case g.SetRole():
            target = before.role(each.account)
            if target is Role.NONE:
                return False
            if each.account == author:
                return each.role < role
            return _is_over(role, target) and _is_over(role, Role(each.role))
        case g.Add():
            is_new = before.role(each.account) is Role.NONE
            room = len(before.members) < MAX_MEMBERS
            return is_new and room and _is_over(role, Role(each.role))
        case g.SetField():
            return role >= _field_needs(each.field)
        case g.Picture():
            return role >= Role.ADMIN and each.is_whole
        case _:
            return role >= Role.ADMIN


def _is_over(role: Role, other: Role) -> bool:
    """Whether who has a role may decide about who has another."""
    return role is Role.OWNER or (role is Role.ADMIN and other < Role.ADMIN)


def _about(node: Node, each: Struct) -> tuple[int, object]:
    """Name what an act is about: a member, or something else."""
    match each:
        case g.Add() | g.Remove() | g.SetRole():
            return 4, each.account
        case g.Found():
            return 4, node.author
    return register(each) or (5, b"")
