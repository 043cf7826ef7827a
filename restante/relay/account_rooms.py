"""How much waits for an account in all its mailboxes together. No I/O.

Rule: counted is the contact lane: strangers have a small room of their own in each mailbox, and
take none of this. An account is counted for as long as one of its mailboxes is at hand, and what
leaves any of its mailboxes is taken off. Spec: docs/relay.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from restante.protocol.frames import Limit
from restante.relay.shares import LEAST_BYTES, LEAST_ENVELOPES, most_until_counted

if TYPE_CHECKING:
    from restante.relay.limits import Limits
    from restante.store.relay_mailbox_facts import MailboxFacts

_NONE: Final = Limit.NONE


@dataclass(slots=True)
class AccountRoom:
    """What waits for one account, and how much may."""

    account: int
    envelopes: int
    size_bytes: int
    most_envelopes: int
    most_bytes: int
    devices: set[int] = field(default_factory=set)
    held: int = 0
    """By how many mailboxes at hand."""

    def met(self, size_bytes: int) -> Limit:
        """Return which limit one more envelope would meet."""
        if self.envelopes >= self.most_envelopes:
            return Limit.ACCOUNT_ENVELOPES
        if self.size_bytes + size_bytes > self.most_bytes:
            return Limit.ACCOUNT_BYTES
        return _NONE


class AccountRooms:
    """The accounts of the mailboxes at hand."""

    def __init__(self, limits: Limits) -> None:
        self._most_envelopes = limits.account_envelopes
        self._most_bytes = limits.account_bytes
        self._by_account: dict[int, AccountRoom] = {}
        self._by_device: dict[int, AccountRoom] = {}

    def hold(self, facts: MailboxFacts) -> AccountRoom:
        """Return the account's room, for one mailbox more; counted in the store unless it's here.

        What is here is newer: deposits may be on their way to the disk.
        """
        room = self._by_account.get(facts.account)
        if room is None:
            room = self._by_account[facts.account] = AccountRoom(
                account=facts.account,
                envelopes=facts.account_envelopes,
                size_bytes=facts.account_bytes,
                most_envelopes=self._most_envelopes,
                most_bytes=self._most_bytes,
            )
        # An operator changes a quota, and devices come, while the account is counted here.
        room.most_bytes = facts.quota_bytes or self._most_bytes
        for device in facts.account_devices:
            room.devices.add(device)
            self._by_device[device] = room
        room.held += 1
        return room

    def count_again(
        self, room: AccountRoom, facts: MailboxFacts, *, envelopes: int, size_bytes: int
    ) -> None:
        """Start from the store's count, and so much that is on its way; leave others their share.

        For where other relays fill the account's mailboxes too.
        """
        room.envelopes = facts.account_envelopes + envelopes
        room.size_bytes = facts.account_bytes + size_bytes
        most_bytes = facts.quota_bytes or self._most_bytes
        room.most_envelopes = most_until_counted(
            self._most_envelopes, room.envelopes, LEAST_ENVELOPES
        )
        room.most_bytes = most_until_counted(most_bytes, room.size_bytes, LEAST_BYTES)

    def let_go(self, room: AccountRoom) -> None:
        """Take that one of the account's mailboxes is no more at hand."""
        room.held -= 1
        if room.held:
            return
        self._by_account.pop(room.account, None)
        for device in room.devices:
            if self._by_device.get(device) is room:
                del self._by_device[device]

    def release(self, device: int, size_bytes: int, *, envelopes: int) -> None:
        """Give back the room of envelopes that are gone."""
        room = self._by_device.get(device)
        if room is not None:
            room.envelopes = max(room.envelopes - envelopes, 0)
            room.size_bytes = max(room.size_bytes - size_bytes, 0)
