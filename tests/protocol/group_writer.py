"""Membership logs as tests write them: people by name, without keys."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from restante.protocol import group as g
from restante.protocol.group import EntryHash, Role
from restante.protocol.group_rules import Log
from restante.protocol.group_state import Node, State

if TYPE_CHECKING:
    from collections.abc import Collection


def account(name: str) -> bytes:
    """The account of somebody, whatever device `name` says."""
    return name.rstrip("0123456789").encode().ljust(16, b".")


def device(name: str) -> bytes:
    """One device; `alice2` is the second of alice's."""
    return name.encode().ljust(16, b"-")


class Writer:
    """Writes entries, each after those that are named, or after all there are."""

    def __init__(self) -> None:
        self.log = Log()
        self.nodes: list[Node] = []
        self.tried: list[Node] = []
        """These, and those that the log didn't take."""
        self._manifests: dict[bytes, tuple[int, frozenset[bytes]]] = {}

    def founded(self, name: str) -> State:
        """Begin the group, as alice."""
        self.says("alice", g.Found(name, False, bytes(16)), parents=[])
        return self.log.state()

    def says(
        self,
        who: str,
        *acts: Any,
        parents: Collection[bytes] | None = None,
        at_ms: int = 0,
        revoked: Collection[str] = (),
        sequence: int | None = None,
    ) -> EntryHash:
        """Add an entry; with `revoked`, under a newer manifest without those devices."""
        after = self.log.heads if parents is None else list(parents)
        known = set(self._before(after))
        number = 1 + max(
            (n.sequence for n in self.nodes if n.hash in known and n.device == device(who)),
            default=0,
        )
        whose = account(who)
        version, gone = self._manifests.get(whose, (1, frozenset()))
        if revoked:
            version, gone = version + 1, gone | {device(each) for each in revoked}
            self._manifests[whose] = (version, gone)
        if device(who) in gone:
            version, gone = 1, frozenset()  # it knows no better
        name = whose.decode().rstrip(".")
        listed = frozenset(device(name + str(n or "")) for n in range(10)) - gone
        node = Node(
            hash=EntryHash(
                sha256(repr((who, acts, sorted(after), len(self.tried))).encode()).digest()
            ),
            parents=tuple(after),
            author=whose,
            device=device(who),
            sequence=sequence or number,
            at_ms=at_ms or 10**9 + len(self.nodes),
            acts=acts,
            position=(1, version),
            manifest=version.to_bytes(32, "big"),
            listed=listed,
        )
        self.tried.append(node)
        self.log.add(node)
        self.nodes.append(node)
        return node.hash

    def _before(self, heads: Collection[bytes]) -> set[bytes]:
        after = set(self.log.after(heads))
        return {node.hash for node in self.nodes} - after

    def heads(self) -> list[EntryHash]:
        """The entries that no other one follows."""
        return self.log.heads

    def state(self) -> State:
        """The group as it is."""
        return self.log.state()

    def members(self) -> dict[str, Role]:
        """Who is in it, by name."""
        return {k.decode().rstrip("."): v for k, v in self.state().members.items()}
