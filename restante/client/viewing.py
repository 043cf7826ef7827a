"""What makes views of a conversation's rows: a `Viewer` with all that it has to look up.

Rule: one place knows where views take their facts from. Inside the caller's transaction.
Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from restante.client.grammar import preferences
from restante.client.grammar.excerpts import local_excerpt
from restante.client.grammar.timers import conversation_timer_s
from restante.client.syncing.chosen import choices_of
from restante.client.views import Viewer
from restante.store.client_contacts import contact
from restante.store.client_files import file_of
from restante.store.client_marks import marks_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


def viewer(
    rows: Rows, context: EngineContext, own: OwnAccount, people: Iterable[ContactRow]
) -> Viewer:
    """Return what shows the conversations of these contacts."""
    shows_presence = preferences.is_on(rows, preferences.PRESENCE)
    return Viewer(
        own=own,
        contacts={row.account_id: row for row in people},
        marks_of=partial(marks_of, rows),
        excerpt_of=partial(local_excerpt, rows),
        timer_of=partial(conversation_timer_s, rows),
        presence_of=context.presences.of if shows_presence else lambda _: None,
        file_of=partial(file_of, rows),
        choices_of=partial(choices_of, rows, now_ms=context.now_ms()),
    )


def viewer_of(rows: Rows, context: EngineContext, own: OwnAccount, account_id: bytes) -> Viewer:
    """Return what shows one conversation."""
    row = contact(rows, account_id)
    return viewer(rows, context, own, [] if row is None else [row])
