"""Invite links to a group: made, shown again, revoked; and whoever asks the user to be let in.

Rule: the log has a hash of each link's secret; the secret is a record, on the devices of whoever
made it alone. A link names who may let people in as they are when it is shown.
Spec: docs/protocol/groups.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.clock import rfc3339
from restante.client.directory import manifest_of
from restante.client.groups import admitting, declining
from restante.client.groups.own_devices import declined_key
from restante.client.groups.posting import existing_group
from restante.client.interface import GroupInvite
from restante.client.syncing.putting import put
from restante.client.views import display_name
from restante.errors import CryptoError, StoreError, UserError
from restante.protocol import group as g
from restante.protocol import group_invite as links
from restante.protocol.address import Address, RelayAddress
from restante.protocol.group import Refusal, Role
from restante.protocol.ids import contact_pin
from restante.protocol.sync import RecordKind
from restante.store import client_group_invites as store
from restante.store.client_contacts import contact
from restante.store.client_groups import members
from restante.store.client_records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.groups.groups import Groups
    from restante.client.interface import Group
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_group_invites import LinkRow
    from restante.store.client_rows import Rows

MAX_LINKS: Final = 64
"""Of one group that aren't revoked."""

MAX_USES: Final = 4096
LONGEST_S: Final = 366 * 86_400


class Inviting:
    """The invite links of one account's groups."""

    def __init__(self, context: EngineContext, own: OwnAccount, groups: Groups) -> None:
        self._context = context
        self._own = own
        self._groups = groups

    async def make(
        self, group_id: bytes, *, expires_s: int, uses: int, needs_approval: bool
    ) -> GroupInvite:
        """Make an invite link. UserError: no right to, a number out of range."""
        if not 0 <= expires_s <= LONGEST_S or not 0 <= uses <= MAX_USES:
            raise UserError(
                f"An invite lasts up to a year, and for up to {MAX_USES} people; 0: without end."
            )
        secret = self._context.randomness.random(links.SECRET_BYTES)
        expires_at_s = self._context.now_s() + expires_s if expires_s else 0
        link = g.Link(
            id=links.invite_id(secret),
            expires_at_s=expires_at_s,
            uses=uses,
            needs_approval=needs_approval,
        )

        def acts(rows: Rows) -> list[g.Link]:
            if sum(each.is_live for each in store.links(rows, group_id)) >= MAX_LINKS:
                raise UserError(
                    f"The group has {MAX_LINKS} invites already. Revoke one: "
                    "restante group uninvite"
                )
            now_ms = self._context.now_ms()
            put(rows, RecordKind.GROUP_LINK, link.id, secret, now_ms=now_ms)
            return [link]

        await self._groups.write(group_id, lambda rows, _: acts(rows))
        return next(each for each in await self.all(group_id) if each.id == link.id.hex())

    async def all(self, group_id: bytes) -> list[GroupInvite]:
        """Return a group's invite links that weren't revoked. UserError: no admin."""

        def work(rows: Rows) -> list[GroupInvite]:
            group = existing_group(rows, group_id)
            if group.own_role < Role.ADMIN:
                raise UserError(f'Only admins of "{group.name}" may invite by a link.')
            hosts = self._hosts(rows, group_id)
            return [
                self._shown(rows, each, hosts)
                for each in store.links(rows, group_id)
                if each.is_live
            ]

        return await self._context.read(work)

    async def end(self, group_id: bytes, invite: str) -> list[GroupInvite]:
        """Revoke an invite link, by its id, the start of that, or itself."""
        wanted = invite.strip()
        if links.is_group_invite(wanted):
            wanted = links.parse_group_invite(wanted).id.hex()
        found = [each for each in await self.all(group_id) if each.id.startswith(wanted.lower())]
        if len(found) != 1 or not wanted:
            raise UserError("There is no such invite. See: restante group invites")
        act = g.Unlink(id=bytes.fromhex(found[0].id))
        await self._groups.write(group_id, lambda *_: [act])
        return await self.all(group_id)

    async def admit(self, group_id: bytes, accounts: Sequence[bytes]) -> Group:
        """Let in whoever asks for it. UserError: they don't, no right to."""

        def work(rows: Rows, changes: Changes) -> bytes:
            existing_group(rows, group_id)
            waiting = admitting.waiting_for(rows, group_id, accounts)
            for start in range(0, len(waiting), admitting.BATCH):
                batch = waiting[start : start + admitting.BATCH]
                admitting.admit(rows, changes, self._context, self._own, batch)
            return group_id

        return await self._groups.change(work)

    async def refuse(self, group_id: bytes, accounts: Sequence[bytes]) -> Group:
        """Say no to whoever asks to be let in. UserError: they don't."""

        def work(rows: Rows, changes: Changes) -> bytes:
            existing_group(rows, group_id)
            for each in admitting.waiting_for(rows, group_id, accounts):
                store.drop_join(rows, group_id, each.account_id)
                key = declined_key(each.link_id, each.account_id)
                now_ms = self._context.now_ms()
                at_ms = max(now_ms, each.asked_ms)  # their clock may be ahead of ours
                put(rows, RecordKind.GROUP_DECLINED, key, at_ms.to_bytes(8, "big"), now_ms=now_ms)
                declining.tell_no(
                    rows,
                    changes,
                    self._own,
                    each,
                    at_ms=at_ms,
                    randomness=self._context.randomness,
                    now_ms=now_ms,
                )
                who = contact(rows, each.account_id)
                if who is not None:
                    admitting.refuse(
                        rows,
                        changes,
                        who,
                        each.link_id,
                        Refusal.DECLINED,
                        randomness=self._context.randomness,
                        now_ms=now_ms,
                    )
            return group_id

        return await self._groups.change(work)

    def _shown(self, rows: Rows, row: LinkRow, hosts: tuple[links.Host, ...]) -> GroupInvite:
        said = record(rows, int(RecordKind.GROUP_LINK), row.link_id)
        secret = None if said is None else said.value
        maker = contact(rows, row.maker)
        is_mine = row.maker == self._own.account_id
        is_over = row.expires_at_s and row.expires_at_s < self._context.now_s()
        state = "expired" if is_over else "used up" if 0 < row.uses <= row.used else "open"
        return GroupInvite(
            id=row.link_id.hex(),
            link=None if secret is None else str(links.GroupInvite(secret=secret, hosts=hosts)),
            by="" if is_mine or maker is None else display_name(maker),
            is_mine=is_mine,
            state=state,  # type: ignore[arg-type]  # one of the three
            expires_at=rfc3339(row.expires_at_s * 1000) if row.expires_at_s else None,
            uses=row.uses,
            used=row.used,
            needs_approval=row.needs_approval,
        )

    def _hosts(self, rows: Rows, group_id: bytes) -> tuple[links.Host, ...]:
        """Return whom a link names: ourselves, and up to two others who may let people in."""
        own = self._own
        hosts = [_host(own.manifest)]
        for each in members(rows, group_id):
            if each.role < Role.ADMIN or each.account_id == own.account_id:
                continue
            row = contact(rows, each.account_id)
            try:
                if row is not None and row.manifest is not None:
                    hosts.append(_host(manifest_of(row)))
            except (CryptoError, StoreError):
                continue
        return tuple(hosts[: links.MAX_HOSTS])


def _host(manifest: VerifiedManifest) -> links.Host:
    address = manifest.address
    relay = RelayAddress(host=address.relay.host, port=address.relay.port)
    return links.Host(
        pin=contact_pin(manifest.root.raw, address.relay.pin),
        address=Address(name=address.name, relay=relay),
        relay_is_pinned=address.relay.pin is not None,
    )
