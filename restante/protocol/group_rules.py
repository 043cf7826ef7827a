"""Which entries of a group's membership log count, and what follows from them. Pure.

All who have the same entries see the same group, in whatever order they came. Rule: an entry counts
if its author had the right in what it had seen; what takes rights away always counts then, and what
is done at the same moment by somebody who lost the right doesn't. Knows no signature and no clock:
entries come verified. Spec: docs/protocol/groups.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from restante.errors import RemoteProtocolError
from restante.protocol import group as g
from restante.protocol.group import EntryHash, Role
from restante.protocol.group_rights import Lowerings, demands, is_proper
from restante.protocol.group_state import (
    Node,
    State,
    applied,
    ignoring,
    register,
    with_act,
)

if TYPE_CHECKING:
    from msgspec import Struct

MAX_ENTRIES: Final = 65_536
"""Of one log: more than a large group writes in years."""

KEPT_FOR_ADMINS: Final = 4
"""The last fourth of these is for admins: whoever fills a log can be taken out of it."""

MAX_BY_MEMBER: Final = 256
"""Entries that an account may write while it is no admin: it leaves, revokes devices."""

MAX_BY_ADMIN: Final = 16_384
"""Entries that an account may write as an admin or owner: no single one fills a log."""

_KEPT_VIEWS: Final = 32


class Log:
    """The entries of one group, and what they make of it."""

    def __init__(self, *, most: int = MAX_ENTRIES) -> None:
        self._most = most
        self._nodes: list[Node] = []
        self._at: dict[bytes, int] = {}
        self._past: list[int] = []
        """Of each entry the set of those before it, as bits."""
        self._proper: list[bool] = []
        self._by: dict[tuple[bytes, bool], int] = {}
        """What an account wrote, as an admin (or more) in what it had seen, or not, as bits."""
        self._lowerings: list[Lowerings] = []
        self._needs: list[Role] = []
        self._heads: set[int] = set()
        self._admin_heads: set[int] = set()
        """What admins wrote that nothing follows which admins wrote."""
        self._of_device: dict[bytes, list[int]] = {}
        self._of_author: dict[bytes, list[int]] = {}
        self._ends: dict[bytes, list[int]] = {}
        """Of each invite link the entries that revoke it."""
        self._uses: dict[tuple[bytes, int], int] = {}
        """How often a link could be used, as whoever let somebody in by it had seen it."""
        self._views: dict[int, State] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, entry: bytes) -> bool:
        return entry in self._at

    @property
    def heads(self) -> list[EntryHash]:
        """The entries that no other one follows, sorted."""
        return sorted(self._nodes[each].hash for each in self._heads)

    def last_number(self, device: bytes) -> int:
        """Return the number of a device's last entry; 0: it has written none."""
        own = self._of_device.get(device, ())
        return max((self._nodes[at].sequence for at in own), default=0)

    @property
    def named_heads(self) -> list[EntryHash]:
        """The heads that an entry and a message can name, sorted.

        Of more than fit only what admins wrote last: all others have it, or take it.
        """
        if len(self._heads) <= g.MAX_PARENTS:
            return self.heads
        return sorted(self._nodes[each].hash for each in self._admin_heads)[: g.MAX_PARENTS]

    def parents_for(self, device: bytes) -> list[EntryHash]:
        """Return what a device's next entry follows on: what it wrote itself is before it.

        Of more heads than fit those of devices that have forked are left to themselves.
        """
        named = self.named_heads
        last = self._of_device.get(device, [])[-1:]
        if not last or self._is_before(last[0], named):
            more = set[EntryHash]()
        else:
            more = {self._nodes[last[0]].hash}
        if len(self._heads) > g.MAX_PARENTS:
            others = (self._nodes[each] for each in self._heads)
            honest = sorted(each.hash for each in others if not self._has_forked(each.device))
            room = max(g.MAX_PARENTS - len({*named, *more}), 0)
            more |= set([each for each in honest if each not in {*named, *more}][:room])
        return sorted({*named[: max(g.MAX_PARENTS - len(more), 0)], *more})

    def _is_before(self, at: int, heads: Iterable[bytes]) -> bool:
        """Whether an entry is one of these, or before one of them."""
        return any(
            (self._past[head] | 1 << head) >> at & 1 for head in (self._at[each] for each in heads)
        )

    @property
    def forked(self) -> frozenset[bytes]:
        """Devices that have written two entries under one number: they lie to somebody."""
        return frozenset(device for device, _ in self._forks(range(len(self._nodes))))

    def add(self, node: Node) -> None:
        """Add an entry after its parents; one that is here changes nothing.

        Raises RemoteProtocolError: a parent is missing, its number doesn't follow, its author is no
        member or has written too many.
        """
        if node.hash in self._at:
            return
        if len(self._nodes) >= self._most:
            raise RemoteProtocolError("a membership log is too long")
        if bool(node.parents) != bool(self._nodes) or not all(p in self._at for p in node.parents):
            raise RemoteProtocolError("an entry doesn't follow on what is known")
        parents = [self._at[each] for each in node.parents]
        past = 0
        for parent in parents:
            past |= self._past[parent] | (1 << parent)
        own = [at for at in self._of_device.get(node.device, ()) if past >> at & 1]
        if node.sequence != 1 + max((self._nodes[at].sequence for at in own), default=0):
            raise RemoteProtocolError("an entry's number doesn't follow on its device's last")
        before = self._view(past)
        is_admin = before.role(node.author) >= Role.ADMIN or not node.parents
        self._check_room(node, before, past, is_admin=is_admin)
        here = len(self._nodes)
        self._nodes.append(node)
        self._at[node.hash] = here
        self._past.append(past)
        mine = node.author, is_admin
        self._by[mine] = self._by.get(mine, 0) | 1 << here
        self._of_device.setdefault(node.device, []).append(here)
        self._of_author.setdefault(node.author, []).append(here)
        needs, lowerings = demands(node, before)
        self._needs.append(needs)
        self._lowerings.append(lowerings)
        self._proper.append(not self._is_cut_off(here) and is_proper(node, before))
        for each in node.acts:
            if isinstance(each, g.Unlink):
                self._ends.setdefault(each.id, []).append(here)
            elif isinstance(each, g.Add) and each.link is not None and each.link in before.links:
                self._uses[each.link, here] = before.links[each.link].link.uses
        self._heads -= set(parents)
        self._heads.add(here)
        if is_admin:
            self._admin_heads = {each for each in self._admin_heads if not past >> each & 1}
            self._admin_heads.add(here)
        if not self._has_forked(node.device):
            after = applied(before, node) if self._proper[here] else ignoring(before, node)
            self._keep(past | (1 << here), after)

    def _check_room(self, node: Node, before: State, past: int, *, is_admin: bool) -> None:
        """Refuse who is no member, or has written enough, by what an entry had seen: all do alike.

        Raises RemoteProtocolError.
        """
        if not node.parents:
            return
        if not is_admin and len(self._nodes) >= self._most - self._most // KEPT_FOR_ADMINS:
            raise RemoteProtocolError("what is left of a membership log is for its admins")
        if before.role(node.author) is Role.NONE:
            raise RemoteProtocolError("an entry of somebody who is not in the group")
        written = (past & self._by.get((node.author, is_admin), 0)).bit_count()
        if written >= (MAX_BY_ADMIN if is_admin else MAX_BY_MEMBER):
            raise RemoteProtocolError("an account has written too much into a membership log")

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

    def follows(self, later: bytes, earlier: bytes) -> bool:
        """Whether who wrote one entry had seen another. KeyError: one isn't here."""
        return bool(self._past[self._at[later]] >> self._at[earlier] & 1)

    def after(
        self, heads: Iterable[bytes], *, up_to: Iterable[bytes] | None = None
    ) -> list[EntryHash]:
        """Return what whoever has these entries, as far as they are known here, lacks; in order.

        With `up_to`: only of these, and of what they follow on.
        """
        known = self._with_past(heads)
        within = -1 if up_to is None else self._with_past(up_to)
        wanted = within & ~known
        return [node.hash for at, node in enumerate(self._nodes) if wanted >> at & 1]

    def _with_past(self, heads: Iterable[bytes]) -> int:
        """Return entries, as far as they are known here, and all before them, as bits."""
        mask = 0
        for each in heads:
            at = self._at.get(each)
            if at is not None:
                mask |= self._past[at] | (1 << at)
        return mask

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
        invited = _Invited(self._ends_in(valid))
        counted: list[int] = []
        for at in sorted(valid, key=self._place):
            node = self._nodes[at]
            role = self._settled(
                [(by, to) for by, to in roles.get(node.author, ()) if self._past[at] >> by & 1]
            )
            for by, to in lowered.get(node.author, ()):
                if self._are_apart(by, at):
                    role = min(role, to)
            is_forked = any(d == node.device and node.sequence >= s for d, s in forks)
            if is_forked or (node.parents and role < self._needs[at]):
                continue
            void = self._void(at, invited)
            if void and len(void) == len(node.acts):
                continue
            counted.append(at)
            for account, to in _raised(node, self._lowerings[at]):
                if account not in void:
                    roles.setdefault(account, []).append((at, to))
        settled = {account: self._settled(said) for account, said in sorted(roles.items())}
        taking = [at for at in valid if self._takes_away(at)]
        ignored = set(members) - set(counted) - set(taking)
        return self._with_fields(
            State(
                members={account: role for account, role in settled.items() if role},
                used=dict(sorted(invited.used.items())),
                ignored=frozenset(self._nodes[at].hash for at in ignored),
            ),
            [
                *((at, each) for at in counted for each in self._nodes[at].acts),
                *(
                    (at, each)
                    for at in sorted(set(taking) - set(counted))
                    for each in self._nodes[at].acts
                    if isinstance(each, g.Unlink)
                ),
            ],
        )

    def _place(self, at: int) -> tuple[int, bytes]:
        """Return where an entry stands in one order for all, in which parents come first."""
        return self._past[at].bit_count(), self._nodes[at].hash

    def _are_apart(self, one: int, other: int) -> bool:
        """Whether neither of two entries has seen the other."""
        seen = self._past[one] >> other & 1 or self._past[other] >> one & 1
        return one != other and not seen

    def _takes_away(self, at: int) -> bool:
        acts = self._nodes[at].acts
        return bool(self._lowerings[at]) or any(isinstance(each, g.Unlink) for each in acts)

    def _ends_in(self, valid: Iterable[int]) -> dict[bytes, list[int]]:
        here = set(valid)
        return {link: [at for at in ends if at in here] for link, ends in self._ends.items()}

    def _void(self, at: int, invited: _Invited) -> set[bytes]:
        """Return whom an entry lets in by a link that was revoked, or used up, at the same moment.

        Of several at once those that stand first take the uses that are left.
        """
        void = set()
        for each in self._nodes[at].acts:
            if not isinstance(each, g.Add) or each.link is None:
                continue
            used = invited.used.get(each.link, frozenset())
            is_ended = any(self._are_apart(end, at) for end in invited.ends.get(each.link, ()))
            uses = self._uses[each.link, at]
            if is_ended or (uses and len(used | {each.account}) > uses):
                void.add(each.account)
            else:
                invited.used[each.link] = used | {each.account}
        return void

    def _with_fields(self, state: State, acts: Iterable[tuple[int, Struct | None]]) -> State:
        """Add what is no membership: of each the last word; of several, the youngest."""
        said: dict[tuple[int, object], list[tuple[int, Struct]]] = {}
        for at, each in acts:
            key = register(each)
            if key is not None and each is not None:
                said.setdefault(key, []).append((at, each))
        for about in said.values():
            last = [
                (at, each)
                for at, each in about
                if not any(self._past[other] >> at & 1 for other, _ in about)
            ]
            # What takes away wins here, too.
            at, winner = max(last, key=lambda e: (isinstance(e[1], g.Unlink), *self._age(e[0])))
            state = with_act(state, winner, self._nodes[at].author)
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
        numbers = [self._nodes[at].sequence for at in self._of_device[device]]
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
            if len({self._nodes[at].position for at in theirs}) > 1
            for at in theirs
            if any(self._revokes(other, at) and not self._past[other] >> at & 1 for other in theirs)
        }

    def _revokes(self, other: int, at: int) -> bool:
        newer, older = self._nodes[other], self._nodes[at]
        return newer.position > older.position and older.device not in newer.listed

    def _is_cut_off(self, here: int) -> bool:
        """Whether what the author had seen already lists its devices without this one."""
        past, theirs = self._past[here], self._of_author[self._nodes[here].author]
        return any(past >> at & 1 and self._revokes(at, here) for at in theirs)


class _Invited:
    """Who has come by which invite link so far, and the entries that revoke each."""

    def __init__(self, ends: dict[bytes, list[int]]) -> None:
        self.ends = ends
        self.used: dict[bytes, frozenset[bytes]] = {}


def _raised(node: Node, lowerings: Lowerings) -> Iterator[tuple[bytes, Role]]:
    """Yield whose roles an entry sets, but for those that it lowers."""
    for each in node.acts:
        match each:
            case g.Found():
                yield node.author, Role.OWNER
            case g.Add():
                yield each.account, Role(each.role)
            case g.SetRole() if (each.account, each.role) not in lowerings:
                yield each.account, Role(each.role)
