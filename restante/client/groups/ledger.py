"""A group's membership log on this device: entries verified and kept, in the order they came.

Rule: an entry is kept only if a device of its author, listed in a manifest that its author's root
key vouches for, has signed it, and all that it follows on is here; what the log says is then the
same for everybody (`protocol.group_rules`). Nobody is in a group because a relay says so (attack
41). Inside the caller's transaction. Spec: docs/protocol/groups.md, sections 2 to 4.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import field
from typing import TYPE_CHECKING, Final

from restante.crypto.signatures import verify_group_entry, verify_manifest
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.group import Add, EntryBody, Remove, SignedEntry, read_act
from restante.protocol.group_rules import Log
from restante.protocol.group_state import Node
from restante.protocol.manifest import SignedManifest
from restante.store import client_groups as store
from restante.store.client_groups import EntryRow
from restante.store.client_requests import forget_conversation
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.group import GroupLog
    from restante.store.client_rows import Rows

JOINED: Final = "joined"
REQUEST: Final = "request"
LEFT: Final = "left"
PARTIAL: Final = "partial"
"""Its log has come so far that we are no member yet."""

MAX_UNJOINED: Final = 64
"""Groups that strangers have put us into, or began to: more wait nowhere."""

MAX_UNJOINED_ENTRIES: Final = 4096
MAX_UNJOINED_BYTES: Final = 4 * 1024 * 1024
"""Of the log of such a group, and of what is told of it at once: 4,096 entries can be 128 MiB."""

UNSEEN_MS: Final = 7 * 86_400_000

_KEPT_LEDGERS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A group's log, with the manifests by which it was verified."""

    group_id: bytes
    log: Log = field(default_factory=Log)
    nodes: dict[bytes, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of new entries. `is_lacking`: some follow on others that aren't here."""

    nodes: tuple[Node, ...]
    is_lacking: bool


def load(rows: Rows, group_id: bytes) -> Ledger:
    """Read a group's log. What is kept was verified before."""
    ledger = Ledger(group_id=group_id)
    _read_on(rows, ledger)
    return ledger


class Shelf:
    """The ledgers that one engine used last, so that a new entry doesn't cost the whole log again.

    Each is compared with what is kept, hash by hash: what was rolled back is read anew.
    """

    def __init__(self) -> None:
        self._ledgers: OrderedDict[bytes, Ledger] = OrderedDict()

    def open(self, rows: Rows, group_id: bytes) -> Ledger:
        """Return a group's ledger as it is kept. Only inside a write: it is shared with others."""
        ledger = self._ledgers.pop(group_id, None)
        kept = store.entry_hashes(rows, group_id)
        if ledger is None or list(ledger.nodes) != kept[: len(ledger.nodes)]:
            ledger = Ledger(group_id=group_id)
        if len(ledger.nodes) < len(kept):
            _read_on(rows, ledger)
        self._ledgers[group_id] = ledger
        while len(self._ledgers) > _KEPT_LEDGERS:
            self._ledgers.popitem(last=False)
        return ledger


def take_entries(
    rows: Rows,
    ledger: Ledger,
    entries: Sequence[SignedEntry],
    manifests: Iterable[bytes],
) -> Taken:
    """Verify entries and keep those that follow on what is here; the others are left out."""
    known = verified(manifests)
    taken: list[Node] = []
    is_lacking = False
    for signed in entries:
        if signed.hash in ledger.log:
            continue
        try:
            body = signed.entry()
            if body.group != (b"" if not body.parents else ledger.group_id):
                continue  # of another group
            if not body.parents and signed.hash != ledger.group_id:
                continue
            manifest = known.get(body.manifest) or _kept(rows, body.manifest)
            if manifest is None:
                is_lacking = True
                continue
            verify_group_entry(signed, manifest)
            node = _node(signed, body, manifest)
        except (CryptoError, RemoteProtocolError):
            continue
        if any(each not in ledger.log for each in body.parents):
            is_lacking = True
            continue
        try:
            ledger.log.add(node)
        except RemoteProtocolError:
            continue
        ledger.nodes[node.hash] = node
        row = EntryRow(
            hash=node.hash,
            group_id=ledger.group_id,
            manifest_hash=body.manifest,
            signature=signed.signature,
            body=signed.body,
        )
        store.add_entry(rows, row, manifest.signed.to_bytes())
        taken.append(node)
    return Taken(nodes=tuple(taken), is_lacking=is_lacking)


def may_be_kept(rows: Rows, ledger: Ledger, news: GroupLog, *, now_ms: int) -> bool:
    """Whether there is room for what strangers tell of a group that we haven't joined.

    One that nobody sees, for we aren't in it, gives way to a new one after a week.
    """
    if len(ledger.log) + len(news.entries) > MAX_UNJOINED_ENTRIES:
        return False
    fresh_bytes = sum(len(each.body) for each in news.entries) + sum(map(len, news.manifests))
    if store.entry_bytes(rows, ledger.group_id) + fresh_bytes > MAX_UNJOINED_BYTES:
        return False
    if store.group_row(rows, ledger.group_id) is not None:
        return True
    if store.count_groups(rows, PARTIAL) + store.count_groups(rows, REQUEST) < MAX_UNJOINED:
        return True
    oldest = store.oldest_group(rows, PARTIAL, before_ms=now_ms - UNSEEN_MS)
    if oldest is None:
        return False
    store.forget_group(rows, oldest)
    forget_conversation(rows, oldest)
    return True


def was_removed(ledger: Ledger, account: bytes) -> bool:
    """Whether somebody else took an account out of the group, and nobody let it in again since.

    What it wrote itself says nothing of that: it could still say that it left, as of before.
    """
    ignored = ledger.log.state().ignored
    added: list[Node] = []
    removed: list[Node] = []
    for node in ledger.nodes.values():
        if node.author == account or node.hash in ignored:
            continue
        for each in node.acts:
            if isinstance(each, Add | Remove) and each.account == account:
                (added if isinstance(each, Add) else removed).append(node)
    return any(
        not any(ledger.log.follows(later.hash, gone.hash) for later in added) for gone in removed
    )


def removals(rows: Rows, ledger: Ledger, account: bytes) -> list[bytes]:
    """Return the entries that count and took an account out of a group that we have joined."""
    row = store.group_row(rows, ledger.group_id)
    if row is None or row.state != JOINED:
        return []
    ignored = ledger.log.state().ignored
    return [
        node.hash
        for node in ledger.nodes.values()
        if node.hash not in ignored
        and any(isinstance(each, Remove) and each.account == account for each in node.acts)
    ]


def verified(manifests: Iterable[bytes]) -> dict[bytes, VerifiedManifest]:
    """Return the manifests that verify, by their heads."""
    found: dict[bytes, VerifiedManifest] = {}
    for packed in manifests:
        try:
            manifest = verify_manifest(SignedManifest.from_bytes(packed))
        except (CryptoError, RemoteProtocolError):
            continue
        found[manifest.head] = manifest
    return found


def _kept(rows: Rows, manifest_hash: bytes) -> VerifiedManifest | None:
    packed = store.group_manifest(rows, manifest_hash)
    return None if packed is None else verify_manifest(SignedManifest.from_bytes(packed))


def _node(signed: SignedEntry, body: EntryBody, manifest: VerifiedManifest) -> Node:
    return Node(
        hash=signed.hash,
        parents=tuple(body.parents),
        author=body.author,
        device=body.device,
        sequence=body.sequence,
        at_ms=body.at_ms,
        acts=tuple(read_act(each) for each in body.acts),
        position=(manifest.generation, manifest.sequence),
        manifest=body.manifest,
        listed=frozenset(
            each.device_id for each in manifest.devices if each.entry.mailbox is not None
        ),
    )


def _read_on(rows: Rows, ledger: Ledger) -> None:
    """Add what is kept and isn't in the ledger yet."""
    manifests: dict[bytes, VerifiedManifest] = {}
    for row in store.entries(rows, ledger.group_id, skip=len(ledger.nodes)):
        if row.manifest_hash not in manifests:
            packed = store.group_manifest(rows, row.manifest_hash) or b""
            manifests[row.manifest_hash] = verify_manifest(SignedManifest.from_bytes(packed))
        signed = SignedEntry(body=row.body, signature=row.signature)
        node = _node(signed, signed.entry(), manifests[row.manifest_hash])
        ledger.log.add(node)
        ledger.nodes[node.hash] = node
