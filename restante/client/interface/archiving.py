"""The part of the engine's interface for backups, bundles, and texts out of files.

Rule: as in engine.py. Spec: docs/engine.md, sections 22 to 24.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.backup_values import (
    Backup,
    BackupChecked,
    BackupMade,
    BackupRestored,
    BackupSchedule,
    BundleMade,
    BundleTaken,
    ImportedText,
    ImportResult,
)
from restante.client.interface.view import ConversationKey


class Archiving(Protocol):
    """What can be written to a file and read from one."""

    async def backup_create(
        self, path: str | None = None, *, new_key: bool = False, files: bool = True
    ) -> BackupMade:
        """Write all of the history to a new, encrypted file; without a path, where the schedule
        says, and then those too many are deleted.

        UserError: the file is there, can't be written, no schedule.
        """

    async def backup_verify(self, path: str, *, words: str | None = None) -> BackupChecked:
        """Prove that a backup restores: in a sandbox, compared row by row.

        `words` that open it, unless this profile's key does. UserError says what is wrong with it.
        """

    async def backup_restore(
        self, path: str, *, words: str | None = None, kit: str | None = None, older: bool = False
    ) -> BackupRestored:
        """Take in a backup of this account's; a profile without one becomes that of `kit`.

        UserError: it isn't whole, is another account's, or an `older` one than is known here.
        """

    async def backups(self) -> list[Backup]:
        """Return the backups that were made here, the newest first."""

    async def backup_schedule(self) -> BackupSchedule | None:
        """Return when backups are made by themselves; None: they aren't."""

    async def backup_set_schedule(
        self, *, directory: str | None, every_s: int = 86_400, keep: int = 7, files: bool = True
    ) -> BackupSchedule | None:
        """Have backups made by themselves, the first one soon; a directory of None: no more.

        UserError: there is no such directory, no backup was made yet, a number is out of range.
        """

    async def import_texts(
        self, conversation: ConversationKey, texts: list[ImportedText], *, dry_run: bool = False
    ) -> ImportResult:
        """File texts from a file (at most 512) in a conversation's past, marked as imported.

        The same ones again change nothing. UserError: there is no such conversation, too many.
        """

    async def bundle_export(
        self, path: str, *, conversation: ConversationKey | None = None
    ) -> BundleMade:
        """Write what waits to be sent, sealed, to a new file, for everybody, a contact or a group.

        It stays in the outbox: who gets it both ways has it once. UserError: nothing waits.
        """

    async def bundle_import(self, path: str) -> BundleTaken:
        """Take in what is for this device in a file, as if a relay had delivered it.

        UserError: it is no bundle, is damaged, can't be read.
        """
