"""A group's log as it travels: entries and whom they are about, in parts that fit an envelope.

Rule: what is packed is what is kept, byte for byte, with the manifests that it takes to verify it
and to reach its members. Inside the caller's transaction. Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.protocol.group import GroupLog, MemberToken, SignedEntry
from restante.store import client_groups as store
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restante.client.groups.ledger import Ledger
    from restante.client.own_account import OwnAccount
    from restante.store.client_groups import EntryRow
    from restante.store.client_rows import Rows

PART_BYTES: Final = 40_000
"""Of one GROUP_LOG, so that it fits an envelope that is also a hello."""


def parts_of(
    rows: Rows,
    own: OwnAccount,
    ledger: Ledger,
    *,
    hashes: Sequence[bytes],
    people: Iterable[bytes],
) -> list[GroupLog]:
    """Pack entries, in their order, and whom they are about, into as few contents as hold them."""
    part = _Part()
    parts = [part]
    for row in _kept(rows, ledger, hashes):
        signed = SignedEntry(body=row.body, signature=row.signature)
        manifest = store.group_manifest(rows, row.manifest_hash) or b""
        size = len(row.body) + len(manifest) + 128
        if part.size + size > PART_BYTES:
            part = _Part()
            parts.append(part)
        part.add(size, entry=signed, manifest=manifest)
    for account in people:
        row_ = contact(rows, account)
        if account == own.account_id:
            part.add(0, manifest=own.manifest.signed.to_bytes())
        elif row_ is not None and row_.manifest is not None:
            size = len(row_.manifest) + 64
            if part.size + size > PART_BYTES:
                part = _Part()
                parts.append(part)
            token = None if row_.token is None else MemberToken(account, row_.token)
            part.add(size, manifest=row_.manifest, token=token)
    return [
        GroupLog(entries=each.entries, manifests=list(each.manifests), tokens=each.tokens)
        for each in parts
        if each.entries or each.manifests
    ]


def _kept(rows: Rows, ledger: Ledger, hashes: Sequence[bytes]) -> list[EntryRow]:
    if len(hashes) == 1:
        one = store.entry(rows, hashes[0])
        return [] if one is None else [one]
    wanted = set(hashes)
    return [row for row in store.entries(rows, ledger.group_id) if row.hash in wanted]


class _Part:
    """One GROUP_LOG that is being filled."""

    def __init__(self) -> None:
        self.size = 0
        self.entries: list[SignedEntry] = []
        self.manifests: dict[bytes, None] = {}
        self.tokens: list[MemberToken] = []

    def add(
        self,
        size: int,
        *,
        manifest: bytes,
        entry: SignedEntry | None = None,
        token: MemberToken | None = None,
    ) -> None:
        """Add an entry or a person, with the manifest that vouches for it."""
        self.size += size
        self.manifests[manifest] = None
        if entry is not None:
            self.entries.append(entry)
        if token is not None:
            self.tokens.append(token)
