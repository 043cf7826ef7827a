"""Cutting devices off that no account lists any more.

Rule: what was admitted for them before is committed first, and goes with the rest; nothing more is
admitted after. Spec: docs/protocol/relay.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.store.relay_store import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.relay.services import Services
    from restante.relay.session import Session


async def dismiss(services: Services, gone: Sequence[int], *, last: Session | None = None) -> None:
    """End these devices' connections and empty their mailboxes; `last` is told when that is done.

    Raises StoreError.
    """
    if not gone:
        return
    services.dismissals += 1
    for session in list(services.sessions):
        if session is not last:
            session.end_device(gone)
    services.neighbours.tell(Notice(kind=NoticeKind.DISMISSED, numbers=gone))
    await services.writer.barrier()
    await services.writer.empty(gone)
    if last is not None:
        last.end_device(gone)
