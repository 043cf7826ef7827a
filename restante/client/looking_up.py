"""What a part of the engine is made of that looks people up: who we are, whom to ask, whom to tell.

Rule: it begins nothing by itself; what is found and kept is its heirs' affair.
Spec: docs/engine.md, section 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from restante.client.changes import Changes

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.directory import Directory
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


class LookingUp:
    """A part of one account's engine that asks relays about people."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        directory: Directory,
        announcer: Announcer,
    ) -> None:
        self._context = context
        self._own = own
        self._directory = directory
        self._announcer = announcer

    async def _change(self, work: Callable[[Rows, Changes], ContactRow]) -> ContactRow:
        """Change a contact in one transaction; then tell of it, and of their conversation."""
        changes = Changes()
        row = await self._context.write(lambda rows: work(rows, changes))
        changes.conversations[row.account_id] = None
        await self._announcer.tell(changes)
        return row
