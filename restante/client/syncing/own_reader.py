"""What another device of this account sent: filed as if it had been written here.

Rule: a note to oneself is one's own message, never unread and answered by no receipt. Inside the
caller's transaction. Spec: docs/engine.md, section 12; docs/protocol/content.md, C17.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restante.client.grammar.filing import file_content
from restante.client.interface import MessageState
from restante.protocol.content import LAST_HISTORY_KIND, Content

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.contents import Arrival
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReader:
    """Reads what own devices send."""

    own: OwnAccount
    now_ms: int

    def read(self, rows: Rows, changes: Changes, arrival: Arrival, content: Content) -> None:
        """Do what an arrived content asks for."""
        if content.kind <= LAST_HISTORY_KIND:
            file_content(
                rows,
                changes,
                content,
                conversation=self.own.account_id,
                author=self.own.account_id,
                device_id=arrival.device_id,
                packed=arrival.packed,
                is_own=True,
                state=MessageState.DELIVERED,
                feed_type=None,
                now_ms=self.now_ms,
            )
