"""The engine's methods by which a profile comes to its account, or it goes: one at a time.

Rule: each is seldom called, and imports what does it. Spec: docs/engine.md, sections 6, 17 and 18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trio

    from restante.client.context import EngineContext
    from restante.client.doors import EngineDoors
    from restante.client.interface import AccountDeleted, BackupRestored, Status
    from restante.client.own_account import OwnAccount
    from restante.client.services import Services
    from restante.client.status import StatusBoard


class AccountMethods:
    """What `LocalEngine` inherits; it says where the parts are."""

    _context: EngineContext
    _nursery: trio.Nursery
    _services: Services
    _board: StatusBoard
    _doors: EngineDoors
    _registering: trio.Lock

    @property
    def _own(self) -> OwnAccount | None:
        raise NotImplementedError

    async def status(self) -> Status:
        """See interface.Engine."""
        raise NotImplementedError

    async def register(self, *, address: str, invite: str | None) -> Status:
        """See interface.Engine."""
        from restante.client.registering import register_account

        async with self._registering:
            self._services.own = await register_account(
                self._context, self._nursery, self._own, address=address, invite=invite
            )
            await self._services.reload()
        return await self.status()

    async def recover(self, *, address: str, words: str, stays: bool = False) -> Status:
        """See interface.Engine."""
        from restante.client.lifecycle.recovering import recover_account

        async with self._registering:
            self._services.own = await recover_account(
                self._context,
                self._nursery,
                self._services.directory,
                self._own,
                address=address,
                words=words,
                stays=stays,
            )
            await self._services.reload()
        return await self.status()

    async def account_move(
        self, *, address: str, invite: str | None = None, words: str | None = None
    ) -> Status:
        """See interface.Engine."""
        from restante.client.lifecycle.moving import move_account

        async with self._registering:
            await move_account(
                self._context,
                self._nursery,
                self._services,
                address=address,
                invite=invite,
                words=words,
            )
        return await self.status()

    async def account_delete(self, *, address: str) -> AccountDeleted:
        """See interface.Engine."""
        from restante.client.lifecycle.leaving import delete_account

        async with self._registering:
            return await delete_account(
                self._context, self._nursery, self._services, address=address
            )

    async def backup_restore(
        self, path: str, *, words: str | None = None, kit: str | None = None, older: bool = False
    ) -> BackupRestored:
        """See interface.Engine."""
        from restante.client.backing_up.restoring import restore_backup

        async with self._registering:
            return await restore_backup(
                self._context,
                self._nursery,
                self._services,
                self._doors.backups,
                path=path,
                words=words,
                kit=kit,
                older=older,
            )

    async def recovery_confirm(self, words: list[str]) -> Status:
        """See interface.Engine."""
        await self._doors.recovery.confirm(words)
        self._board.touch()
        return await self.status()
