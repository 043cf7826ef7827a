"""What a group's membership log says: who is in it, with which role, and how it is kept. Pure.

All who have the same entries see the same group, in whatever order they came. Rule: an entry counts
if its author had the right in what it had seen; what takes rights away always counts then, and what
is done at the same moment by somebody who lost the right doesn't. Knows no signature and no clock:
entries come verified. Spec: docs/protocol/groups.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from restante.errors import RemoteProtocolError
from restante.protocol import group as g
from restante.protocol.group import EntryHash, Field, Role

if TYPE_CHECKING:
    from msgspec import Struct

MAX_ENTRIES: Final = 65_536
"""Of one log: more than a large group writes in years."""

MAX_MEMBERS: Final = 4096

_KEPT_VIEWS: Final = 32
_SCOPE: Final = {Field.PARENT: Role.OWNER}
"""Fields that not every admin may set."""


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
    links: Mapping[bytes, g.Link] = field(default_factory=dict)
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


class Log:
    """The entries of one group, and what they make of it."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._at: dict[bytes, int] = {}
        self._past: list[int] = []
        """Of each entry the set of those before it, as bits."""
        self._proper: list[bool] = []
        self._lowerings: list[tuple[tuple[bytes, Role], ...]] = []
        self._needs: list[Role] = []
        self._heads: set[int] = set()
        self._last_of_device: dict[bytes, list[int]] = {}
        self._views: dict[int, State] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, entry: bytes) -> bool:
        return entry in self._at

    @property
    def heads(self) -> list[EntryHash]:
        """The entries that no other one follows, sorted."""
        return sorted(self._nodes[each].hash for each in self._heads)

    @property
    def forked(self) -> frozenset[bytes]:
        """Devices that have written two entries under one number: they lie to somebody."""
        return frozenset(device for device, _ in self._forks(range(len(self._nodes))))

    def add(self, node: Node) -> None:
        """Add an entry after its parents; one that is here changes nothing.

        Raises RemoteProtocolError: a parent is missing, its number doesn't follow, too many.
        """
        if node.hash in self._at:
            return
        if len(self._nodes) >= MAX_ENTRIES:
            raise RemoteProtocolError("a membership log is too long")
        if bool(node.parents) != bool(self._nodes) or not all(p in self._at for p in node.parents):
            raise RemoteProtocolError("an entry doesn't follow on what is known")
        parents = [self._at[each] for each in node.parents]
        past = 0
        for parent in parents:
            past |= self._past[parent] | (1 << parent)
        own = [at for at in self._last_of_device.get(node.device, ()) if past >> at & 1]
        if node.sequence != 1 + max((self._nodes[at].sequence for at in own), default=0):
            raise RemoteProtocolError("an entry's number doesn't follow on its device's last")
        before = self._view(past)
        here = len(self._nodes)
        self._nodes.append(node)
        self._at[node.hash] = here
        self._past.append(past)
        self._last_of_device.setdefault(node.device, []).append(here)
        needs, lowerings = self._demands(node, before)
        self._needs.append(needs)
        self._lowerings.append(lowerings)
        self._proper.append(self._is_proper(node, before, here))
        self._heads -= set(parents)
        self._heads.add(here)
        if not self._has_forked(node.device):
            after = _applied(before, node) if self._proper[here] else _ignoring(before, node)
            self._keep(past | (1 << here), after)

    def state(self) -> State:
        """Return the group as all entries leave it."""
        return self._view((1 << len(self._nodes)) - 1)

    def state_at(self, heads: Iterable[bytes]) -> State:
        """Return the group as whoever has seen these entries sees it. KeyError: one isn't here."""
        mask = 0
        for each in heads:
            at = self._at[each]
            mask |= self._past[at] | (1 << at)
        return self._view(mask)

    def after(self, heads: Iterable[bytes]) -> list[EntryHash]:
        """Return what whoever has these entries, as far as they are known here, lacks; in order."""
        known = 0
        for each in heads:
            at = self._at.get(each)
            if at is not None:
                known |= self._past[at] | (1 << at)
        return [node.hash for at, node in enumerate(self._nodes) if not known >> at & 1]

    # ---- what a set of entries makes of the group ---------------------------------------------

    def _view(self, mask: int) -> State:
        known = self._views.get(mask)
        if known is None:
            known = self._resolved(mask)
            self._keep(mask, known)
        return known

    def _keep(self, mask: int, view: State) -> None:
        self._views[mask] = view
        while len(self._views) > _KEPT_VIEWS:
            del self._views[next(iter(self._views))]

    def _resolved(self, mask: int) -> State:
        """Return what a closed set of entries makes of the group, from the beginning."""
        members = [at for at in range(mask.bit_length()) if mask >> at & 1]
        revoked = self._revoked(members)
        valid = [at for at in members if self._proper[at] and at not in revoked]
        forks = self._forks(members)
        lowered: dict[bytes, list[tuple[int, Role]]] = {}
        for at in valid:
            for account, role in self._lowerings[at]:
                lowered.setdefault(account, []).append((at, role))
        roles: dict[bytes, list[tuple[int, Role]]] = {k: list(v) for k, v in lowered.items()}
        counted: list[int] = []
        for at in valid:  # parents first
            node = self._nodes[at]
            role = self._settled(
                [(by, to) for by, to in roles.get(node.author, ()) if self._past[at] >> by & 1]
            )
            for by, to in lowered.get(node.author, ()):
                if by != at and not self._past[at] >> by & 1 and not self._past[by] >> at & 1:
                    role = min(role, to)
            is_forked = any(d == node.device and node.sequence >= s for d, s in forks)
            if is_forked or (node.parents and role < self._needs[at]):
                continue
            counted.append(at)
            for account, to in _raised(node, self._lowerings[at]):
                roles.setdefault(account, []).append((at, to))
        settled = {account: self._settled(said) for account, said in sorted(roles.items())}
        ignored = {
            self._nodes[at].hash
            for at in members
            if at not in set(counted) and not (at in set(valid) and self._lowerings[at])
        }
        return self._with_fields(
            State(
                members={account: role for account, role in settled.items() if role},
                ignored=frozenset(ignored),
            ),
            counted,
        )

    def _with_fields(self, state: State, counted: list[int]) -> State:
        """Add what is no membership: of each the last word; of several, the youngest."""
        said: dict[tuple[int, object], list[tuple[int, Struct]]] = {}
        for at in counted:
            for each in self._nodes[at].acts:
                key = _register(each)
                if key is not None and each is not None:
                    said.setdefault(key, []).append((at, each))
        for about in said.values():
            last = [
                (at, each)
                for at, each in about
                if not any(self._past[other] >> at & 1 for other, _ in about)
            ]
            # What takes away wins here, too.
            _, winner = max(last, key=lambda e: (isinstance(e[1], g.Unlink), *self._age(e[0])))
            state = _set(state, winner)
        return state

    def _age(self, at: int) -> tuple[int, bytes]:
        return self._nodes[at].at_ms, self._nodes[at].hash

    def _settled(self, said: list[tuple[int, Role]]) -> Role:
        """Return the role that remains: the last word; of several at once the lowest."""
        last = [
            role for at, role in said if not any(self._past[other] >> at & 1 for other, _ in said)
        ]
        return min(last, default=Role.NONE)

    def _has_forked(self, device: bytes) -> bool:
        numbers = [self._nodes[at].sequence for at in self._last_of_device[device]]
        return len(set(numbers)) != len(numbers)

    def _forks(self, members: Iterable[int]) -> set[tuple[bytes, int]]:
        """Return (device, number) that stands on several entries."""
        seen: dict[tuple[bytes, int], int] = {}
        for at in members:
            node = self._nodes[at]
            key = (node.device, node.sequence)
            seen[key] = seen.get(key, 0) + 1
        return {key for key, count in seen.items() if count > 1}

    def _revoked(self, members: list[int]) -> set[int]:
        """Return what was written by devices while their account revoked them.

        What a device wrote that a newer manifest of its account doesn't list counts only if an
        entry under that manifest has seen it.
        """
        of_author: dict[bytes, list[int]] = {}
        for at in members:
            of_author.setdefault(self._nodes[at].author, []).append(at)
        return {
            at
            for theirs in of_author.values()
            for at in theirs
            if any(self._revokes(other, at) and not self._past[other] >> at & 1 for other in theirs)
        }

    def _revokes(self, other: int, at: int) -> bool:
        newer, older = self._nodes[other], self._nodes[at]
        return newer.position > older.position and older.device not in newer.listed

    # ---- who may do what ------------------------------------------------------------------------

    def _demands(self, node: Node, before: State) -> tuple[Role, tuple[tuple[bytes, Role], ...]]:
        """Return which role the raising acts need, and whose roles are lowered to what."""
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
                case None | g.Found() | g.Devices():
                    pass
                case _:
                    needs = max(needs, Role.ADMIN)
        return needs, tuple(lowerings)

    def _is_proper(self, node: Node, before: State, here: int) -> bool:
        """Whether the author had the right to all that an entry does, in what it had seen."""
        acts = node.acts
        about = [_about(node, each) for each in acts if each is not None]
        if len(set(about)) != len(about):
            return False  # two words on one thing, and which of them is the last?
        if not node.parents:
            if not acts or not isinstance(acts[0], g.Found) or node.sequence != 1:
                return False
            before, acts = State(members={node.author: Role.OWNER}), acts[1:]
        elif self._is_cut_off(here):
            return False
        role = before.role(node.author)
        if role is Role.NONE:
            return False
        return all(_may(each, node.author, role, before) for each in acts)

    def _is_cut_off(self, here: int) -> bool:
        """Whether what the author had seen already lists its devices without this one."""
        past, author = self._past[here], self._nodes[here].author
        return any(
            past >> at & 1 and node.author == author and self._revokes(at, here)
            for at, node in enumerate(self._nodes)
        )


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
        case _:
            return role >= Role.ADMIN


def _is_over(role: Role, other: Role) -> bool:
    """Whether who has a role may decide about who has another."""
    return role is Role.OWNER or (role is Role.ADMIN and other < Role.ADMIN)


def _raised(node: Node, lowerings: tuple[tuple[bytes, Role], ...]) -> Iterator[tuple[bytes, Role]]:
    """Yield whose roles an entry sets, but for those that it lowers."""
    for each in node.acts:
        match each:
            case g.Found():
                yield node.author, Role.OWNER
            case g.Add():
                yield each.account, Role(each.role)
            case g.SetRole() if (each.account, each.role) not in lowerings:
                yield each.account, Role(each.role)


def _about(node: Node, each: Struct) -> tuple[int, object]:
    """Name what an act is about: a member, or something else."""
    match each:
        case g.Add() | g.Remove() | g.SetRole():
            return 4, each.account
        case g.Found():
            return 4, node.author
    return _register(each) or (5, b"")


def _register(each: Struct | None) -> tuple[int, object] | None:
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
    return None


def _set(state: State, each: Struct) -> State:
    """Return the state after an act that is about no member."""
    match each:
        case g.Found():
            return replace(state, name=each.name, is_space=each.is_space)
        case g.SetField():
            fields = {**state.fields, each.field: (each.number, each.text)}
            return replace(state, fields=dict(sorted(fields.items())))
        case g.Link():
            return replace(state, links=dict(sorted({**state.links, each.id: each}.items())))
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


def _applied(state: State, node: Node) -> State:
    """Return the state after an entry that has seen all the others."""
    members = dict(state.members)
    for each in node.acts:
        match each:
            case g.Found():
                members[node.author] = Role.OWNER
            case g.Add() | g.SetRole():
                members[each.account] = Role(each.role)
            case g.Remove():
                members.pop(each.account, None)
        if each is not None:
            state = _set(state, each)
    return replace(state, members=dict(sorted(members.items())))


def _ignoring(state: State, node: Node) -> State:
    return replace(state, ignored=state.ignored | {node.hash})
