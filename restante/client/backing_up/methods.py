"""The engine's methods for backups: each hands on to the part that knows.

Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.doors import EngineDoors
    from restante.client.interface import Backup, BackupChecked, BackupMade, BackupSchedule


class BackupMethods:
    """What `LocalEngine` inherits; it says where the parts are."""

    _doors: EngineDoors

    async def backup_create(
        self, path: str | None = None, *, new_key: bool = False, files: bool = True
    ) -> BackupMade:
        """See interface.Engine."""
        if path is None:
            return await self._doors.scheduling.make_now(new_key=new_key)
        return await self._doors.backups.create(path, new_key=new_key, files=files)

    async def backup_verify(self, path: str, *, words: str | None = None) -> BackupChecked:
        """See interface.Engine."""
        return await self._doors.backups.verify(path, words=words)

    async def backups(self) -> list[Backup]:
        """See interface.Engine."""
        return await self._doors.backups.all()

    async def backup_schedule(self) -> BackupSchedule | None:
        """See interface.Engine."""
        return await self._doors.scheduling.now()

    async def backup_set_schedule(
        self, *, directory: str | None, every_s: int = 86_400, keep: int = 7, files: bool = True
    ) -> BackupSchedule | None:
        """See interface.Engine."""
        return await self._doors.scheduling.set(directory, every_s=every_s, keep=keep, files=files)
