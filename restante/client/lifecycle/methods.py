"""The engine's methods for keys and for the account as a whole: each hands on to who knows.

Rule: nothing but handing on. Spec: docs/engine.md, sections 16 to 18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.doors import EngineDoors
    from restante.client.interface import Audit, Contact, RecoveryKit, SafetyNumber
    from restante.client.services import Parts


class LifecycleMethods:
    """What `LocalEngine` inherits; it says where the desks are."""

    _doors: EngineDoors
    _context: EngineContext

    def _running(self) -> Parts:
        raise NotImplementedError

    def _reading(self) -> Parts:
        raise NotImplementedError

    async def safety_number(self, conversation: str, *, printed: bool = False) -> SafetyNumber:
        """See interface.Engine."""
        reading = self._reading()
        account_id = reading.conversations.account_id(conversation)
        return await reading.doors.verification.safety_number(account_id, printed=printed)

    async def set_verified(
        self, conversation: str, *, verified: bool, digits: str | None = None
    ) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.doors.verification.set_verified(
            account_id, verified=verified, digits=digits
        )

    async def compare_safety_number(self, conversation: str, digits: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.doors.verification.compare(account_id, digits)

    async def accept_key(self, conversation: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.doors.verification.accept_key(account_id)

    async def contact_reset(self, conversation: str) -> Contact:
        """See interface.Engine."""
        running = self._running()
        account_id = running.conversations.account_id(conversation)
        return await running.doors.contacts.begin_anew(account_id)

    async def account_audit(self) -> Audit:
        """See interface.Engine."""
        from restante.client.lifecycle.auditing import audit

        return await audit(self._context, self._running())

    async def recovery_kit(self) -> RecoveryKit:
        """See interface.Engine."""
        return await self._doors.recovery.kit()

    async def recovery_challenge(self) -> list[int]:
        """See interface.Engine."""
        return await self._doors.recovery.challenge()
