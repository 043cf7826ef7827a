"""The engine's method for what comes from files: it hands on to the part that knows.

Spec: docs/engine.md, section 23.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.archives.filing import Archives
    from restante.client.interface import ImportedText, ImportResult


class ArchiveMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _archives(self) -> Archives:
        raise NotImplementedError

    async def import_texts(
        self, conversation: str, texts: list[ImportedText], *, dry_run: bool = False
    ) -> ImportResult:
        """See interface.Engine."""
        return await self._archives().file(conversation, texts, dry_run=dry_run)
