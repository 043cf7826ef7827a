"""The part of the engine's interface that is about the account: its devices, keys and history.

Rule: as in engine.py. Spec: docs/engine.md, sections 14 to 18.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.account_values import (
    AccountDeleted,
    Audit,
    Device,
    DeviceLink,
    HistoryState,
    NewKey,
    RecoveryKit,
    Status,
)
from restante.client.interface.view import ConversationKey


class Accounting(Protocol):
    """What can be asked of the account as a whole."""

    async def register(self, *, address: str, invite: str | None) -> Status:
        """Create keys, manifest and account at a relay. UserError: taken, invite, unreachable."""

    async def recover(self, *, address: str, words: str, stays: bool = False) -> Status:
        """Bring an account back with the 24 words of its kit, as this profile's.

        `stays`: at this address, though it has moved on to a relay that can't be reached.
        UserError: a wrong word, another account at the address, a profile that is in use.
        """

    async def account_move(
        self, *, address: str, invite: str | None = None, words: str | None = None
    ) -> Status:
        """Take the account to another relay or name; contacts follow. Called again, it goes on.

        `words` of the kit, once that was confirmed. UserError: the same address, wrong words.
        """

    async def account_delete(self, *, address: str) -> AccountDeleted:
        """Delete the account at its relay, tell contacts, and empty this profile. No way back.

        `address` is the account's own, as a confirmation. UserError: another; not the first device.
        """

    async def account_audit(self) -> Audit:
        """Ask the relay for all that it holds of the account, and compare it with what it should.

        UserError: the relay can't be reached.
        """

    async def recovery_kit(self) -> RecoveryKit:
        """Return the recovery kit. UserError: it was confirmed, or this device is a linked one."""

    async def recovery_challenge(self) -> list[int]:
        """Draw three words of the kit, counted from 1, that are to be named."""

    async def recovery_confirm(self, words: list[str]) -> Status:
        """Name the three words; if they are right, the root secret is erased from this machine."""

    async def devices(self) -> list[Device]:
        """Return the account's devices, the first one first."""

    async def device_rename(self, device: str, name: str) -> Device:
        """Give a device (name or start of its id) a name, known on the account's devices alone."""

    async def device_wake(self, endpoint: str | None) -> None:
        """Have the relay wake this device at an https address when something comes; None: never.

        It keeps the address, and asks it without content. UserError: the relay refuses it.
        """

    async def device_revoke(self, device: str) -> list[Device]:
        """Take a device off the account; return those that are left.

        UserError: not on the first device, the first device itself.
        """

    async def key_new(
        self, conversation: ConversationKey, *, messages: int, until: str, name: str | None = None
    ) -> NewKey:
        """Make a capability key, which may send so many texts there, `until` then (RFC 3339).

        UserError: not on the first device; nobody who has accepted this account.
        """

    async def link_begin(self, *, address: str, name: str | None = None) -> DeviceLink:
        """Begin to link this profile, which has no account yet, to the account at an address.

        The same again while it goes on returns it as it stands. UserError: an account is there.
        """

    async def link_open(self, code: str) -> DeviceLink:
        """Follow a new device's code, until that shows six digits. UserError: a code of no use."""

    async def link_confirm(self, digits: str) -> Device:
        """Take what the new device shows: right, it is linked; wrong, the code is burnt (4)."""

    async def link_state(self) -> DeviceLink | None:
        """Return the linking under way, or the last one since the engine began."""

    async def link_cancel(self) -> None:
        """End the linking under way, on either side; the other device is told."""

    async def history_state(self) -> HistoryState:
        """Return how the account's history stands on this device."""

    async def history_ask(self, *, device: str | None = None) -> HistoryState:
        """Ask another own device (the first one) for all of the history again.

        What is here stays. UserError: there is no such device.
        """

    async def history_dismiss(self) -> HistoryState:
        """Leave it at what is here, and say no more that some is lost."""

    async def history_take(self, *, timeout_s: float) -> HistoryState:
        """Give out and take in what there is of a history now, and return how it stands then."""
