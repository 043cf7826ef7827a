"""Groups as items of a backup, and items as groups.

Rule: a group goes by its log: entries are verified again where they are taken in, and who is a
member, as what, and all else follows from them anew. Of sender keys, of what waits for entries and
of who waits to be let in nothing is given out: those are secrets of a moment.
Spec: docs/protocol/backup.md; docs/protocol/groups.md.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from restante.client.groups.knowing import know_member
from restante.client.groups.ledger import PARTIAL, Shelf, take_entries, verified
from restante.client.groups.settling import settle_as_it_was
from restante.errors import RemoteProtocolError
from restante.protocol.backup import (
    BackupGroup,
    BackupGroupEntry,
    BackupManifest,
    BackupMember,
    GroupItem,
)
from restante.protocol.codec import encode
from restante.protocol.group import SignedEntry
from restante.protocol.ids import labelled
from restante.store import client_backup_rows as lasting
from restante.store import client_group_invites as invites
from restante.store import client_groups as store
from restante.store.client_spaces import channels
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from restante.client.changes import Changes
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows


def group_items(rows: Rows) -> Iterator[GroupItem]:
    """Yield what is known of groups: manifests and members, then each group behind its log.

    A group whose log hasn't come so far that we are a member is a stranger's word, and left out.
    """
    for manifest in lasting.signing_manifests(rows):
        yield BackupManifest(manifest=manifest)
    for manifest, token in lasting.mere_members(rows):
        yield BackupMember(manifest=manifest, token=token)
    for row in sorted(store.groups(rows), key=lambda each: each.group_id):
        if row.state == PARTIAL:
            continue
        for entry in store.entries(rows, row.group_id):
            yield BackupGroupEntry(group=row.group_id, body=entry.body, signature=entry.signature)
        yield BackupGroup(
            group=row.group_id,
            state=row.state,
            begun_at_ms=row.begun_at_ms,
            shown=_shown(rows, row),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFiler:
    """Files groups for an account; one for each backup that is taken in."""

    account_id: bytes
    shelf: Shelf
    now_ms: int

    def take_in(self, rows: Rows, changes: Changes, items: Iterable[GroupItem]) -> None:
        """File a batch of items. What doesn't verify is left out, with all that follows on it."""
        entries: list[BackupGroupEntry] = []
        for item in items:
            if entries and not _goes_on(entries, item):
                self._keep(rows, entries)
                entries = []
            if isinstance(item, BackupGroupEntry):
                entries.append(item)
            elif isinstance(item, BackupManifest):
                for head, manifest in verified([item.manifest]).items():
                    store.add_manifest(rows, head, manifest.signed.to_bytes())
            elif isinstance(item, BackupMember):
                for manifest in verified([item.manifest]).values():
                    if manifest.account_id != self.account_id:
                        know_member(rows, manifest, item.token, now_s=self.now_ms // 1000)
            else:
                self._settle(rows, changes, item)
        if entries:
            self._keep(rows, entries)

    def _keep(self, rows: Rows, entries: list[BackupGroupEntry]) -> None:
        """Keep entries of one group, as far as they verify."""
        signed = [SignedEntry(body=each.body, signature=each.signature) for each in entries]
        named = dict.fromkeys(filter(None, map(_manifest_of, signed)))
        manifests = [store.group_manifest(rows, each) or b"" for each in named]
        ledger = self.shelf.open(rows, entries[0].group)
        take_entries(rows, ledger, signed, manifests)

    def _settle(self, rows: Rows, changes: Changes, item: BackupGroup) -> None:
        ledger = self.shelf.open(rows, item.group)
        if len(ledger.log):
            settle_as_it_was(
                rows,
                changes,
                self.account_id,
                ledger,
                state=item.state,
                begun_at_ms=item.begun_at_ms,
            )


def _goes_on(entries: list[BackupGroupEntry], item: GroupItem) -> bool:
    return isinstance(item, BackupGroupEntry) and item.group == entries[0].group


def _manifest_of(signed: SignedEntry) -> bytes | None:
    try:
        return signed.entry().manifest
    except RemoteProtocolError:
        return None


def _shown(rows: Rows, row: GroupRow) -> bytes:
    """Return the hash of what followed from a log: settings, members, invite links, channels."""
    said: list[object] = [
        [
            row.name,
            row.description,
            bool(row.is_space),
            row.parent,
            row.timer_s,
            row.may_post,
            row.may_mention_all,
            row.own_role,
            row.adder,
            sorted(row.head_list),
            *filter(None, [row.picture]),
        ],
        sorted([each.account_id, each.role] for each in store.members(rows, row.group_id)),
        sorted(
            [
                each.link_id,
                each.maker,
                each.expires_at_s,
                each.uses,
                each.used,
                bool(each.needs_approval),
            ]
            for each in invites.links(rows, row.group_id)
            if each.is_live
        ),
        sorted(
            [each.group_id, each.category, each.position] for each in channels(rows, row.group_id)
        ),
    ]
    return sha256(labelled("backup-group", encode(said))).digest()
