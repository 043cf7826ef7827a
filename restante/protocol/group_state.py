"""A group as a set of entries leaves it, and what each act changes in it. Pure.

Rule: nothing here asks who may do it (`group_rights`), nor which entries count (`group_rules`).
Spec: docs/protocol/groups.md, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import field, replace
from typing import TYPE_CHECKING

from restante.protocol import group as g
from restante.protocol.group import EntryHash, Field, Role
from restante.values import dataclass

if TYPE_CHECKING:
    from msgspec import Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A verified entry. `position` and `listed`: of the manifest under which it was signed."""

    hash: EntryHash
    parents: tuple[bytes, ...]
    author: bytes
    device: bytes
    sequence: int
    at_ms: int
    acts: tuple[Struct | None, ...]
    position: tuple[int, int]
    manifest: bytes
    listed: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invite link that was not revoked, and who made it."""

    link: g.Link
    maker: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of a space."""

    group: bytes
    category: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A group as some set of entries leaves it."""

    name: str = ""
    is_space: bool = False
    members: Mapping[bytes, Role] = field(default_factory=dict)
    fields: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    picture: bytes = b""
    """Its cells, as `group.Picture` has them; empty: none."""
    links: Mapping[bytes, Invite] = field(default_factory=dict)
    used: Mapping[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Who has come by each invite link."""
    channels: Mapping[bytes, Channel] = field(default_factory=dict)
    ignored: frozenset[bytes] = frozenset()
    """Entries that change nothing: their author hadn't, or lost, the right."""

    def role(self, account: bytes) -> Role:
        """Return what an account may do."""
        return self.members.get(account, Role.NONE)

    def number(self, which: Field, otherwise: int = 0) -> int:
        """Return a setting that is a number."""
        return self.fields.get(which, (otherwise, ""))[0]

    def text(self, which: Field) -> str:
        """Return a setting that is a text."""
        return self.fields.get(which, (0, ""))[1]

    def refusal(self, link_id: bytes, account: bytes, *, at_ms: int) -> g.Refusal | None:
        """Say why an invite link lets somebody in no more; None if it does.

        It does while whoever made it is at least an admin, and until its time and uses are over;
        who has come by it already takes no further use.
        """
        invite = self.links.get(link_id)
        if invite is None or self.role(invite.maker) < Role.ADMIN:
            return g.Refusal.REVOKED
        if invite.link.expires_at_s and at_ms > invite.link.expires_at_s * 1000:
            return g.Refusal.EXPIRED
        return None if self.has_uses(link_id, {account}) else g.Refusal.USED_UP

    def has_uses(self, link_id: bytes, people: Set[bytes]) -> bool:
        """Whether an invite link that is here has uses for these, besides those who came by it."""
        uses = self.links[link_id].link.uses
        return not uses or len(self.used.get(link_id, frozenset()) | people) <= uses

    @property
    def shown_name(self) -> str:
        """What the group is called now."""
        return self.text(Field.NAME) or self.name

    @property
    def may_post(self) -> Role:
        """The least role that may write."""
        return _role(self.number(Field.MAY_POST, Role.MEMBER))

    @property
    def may_mention_all(self) -> Role:
        """The least role whose `@all` rings."""
        return _role(self.number(Field.MAY_MENTION_ALL, Role.MEMBER))


def _role(number: int) -> Role:
    return Role(min(max(number, Role.READER), Role.OWNER))


def register(each: Struct | None) -> tuple[int, object] | None:
    """Name what an act is about, if that is no membership."""
    match each:
        case g.Found():
            return 0, b""
        case g.SetField():
            return 1, each.field
        case g.Link() | g.Unlink():
            return 2, each.id
        case g.Channel():
            return 3, each.group
        case g.Picture():
            return 6, b""
    return None


def with_act(  # noqa: PLR0911  # one for each act
    state: State, each: Struct, author: bytes
) -> State:
    """Return the state after an act that is about no member."""
    match each:
        case g.Found():
            return replace(state, name=each.name, is_space=each.is_space)
        case g.SetField():
            fields = {**state.fields, each.field: (each.number, each.text)}
            return replace(state, fields=dict(sorted(fields.items())))
        case g.Picture():
            return replace(state, picture=each.cells)
        case g.Link():
            invite = Invite(link=each, maker=author)
            return replace(state, links=dict(sorted({**state.links, each.id: invite}.items())))
        case g.Unlink():
            return replace(state, links={k: v for k, v in state.links.items() if k != each.id})
        case g.Channel():
            left = {k: v for k, v in state.channels.items() if k != each.group}
            if each.is_listed:
                left[each.group] = Channel(
                    group=each.group, category=each.category, position=each.position
                )
            return replace(state, channels=dict(sorted(left.items())))
    return state


def applied(state: State, node: Node) -> State:
    """Return the state after an entry that has seen all the others."""
    members, used = dict(state.members), dict(state.used)
    for each in node.acts:
        match each:
            case g.Found():
                members[node.author] = Role.OWNER
            case g.Add() | g.SetRole():
                members[each.account] = Role(each.role)
            case g.Remove():
                members.pop(each.account, None)
        if isinstance(each, g.Add) and each.link is not None:
            used[each.link] = used.get(each.link, frozenset()) | {each.account}
        if each is not None:
            state = with_act(state, each, node.author)
    return replace(state, members=dict(sorted(members.items())), used=dict(sorted(used.items())))


def ignoring(state: State, node: Node) -> State:
    """Return the state after an entry that changes nothing."""
    return replace(state, ignored=state.ignored | {node.hash})
