"""What makes views of a conversation's rows: a `Viewer` with all that it has to look up.

Rule: one place knows where views take their facts from. Inside the caller's transaction.
Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from restante.client.grammar import preferences
from restante.client.grammar.excerpts import local_excerpt
from restante.client.grammar.naming import is_in
from restante.client.grammar.timers import conversation_timer_s
from restante.client.groups.ledger import PARTIAL
from restante.client.groups.posting import existing_group
from restante.client.people_kept import existing
from restante.client.syncing.chosen import choices_of
from restante.client.views import Viewer, is_listed
from restante.store.client_calls import count_calling
from restante.store.client_contacts import contact
from restante.store.client_files import file_of
from restante.store.client_groups import count_members, group_row, is_group
from restante.store.client_marks import marks_of
from restante.store.client_spaces import channel
from restante.store.client_summaries import conversation_summary
from restante.store.client_threads import count_answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.context import EngineContext
    from restante.client.interface import Conversation
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_rows import Rows
    from restante.store.client_summaries import ConversationSummary


def viewer(
    rows: Rows, context: EngineContext, own: OwnAccount, people: Iterable[ContactRow]
) -> Viewer:
    """Return what shows conversations; `people` are at hand, others are looked up."""
    shows_presence = preferences.is_on(rows, preferences.PRESENCE)
    known: dict[bytes, ContactRow | None] = {row.account_id: row for row in people}

    def contact_of(account_id: bytes) -> ContactRow | None:
        if account_id not in known:
            known[account_id] = contact(rows, account_id)
        return known[account_id]

    return Viewer(
        own=own,
        contact_of=contact_of,
        marks_of=partial(marks_of, rows),
        excerpt_of=partial(local_excerpt, rows),
        timer_of=partial(conversation_timer_s, rows),
        presence_of=context.presences.of if shows_presence else lambda _: None,
        file_of=partial(file_of, rows),
        is_in=partial(is_in, rows),
        answers_to=partial(count_answers, rows),
        calling_in=partial(count_calling, rows),
        choices_of=partial(choices_of, rows, now_ms=context.now_ms()),
    )


def viewer_of(rows: Rows, context: EngineContext, own: OwnAccount, account_id: bytes) -> Viewer:
    """Return what shows one conversation."""
    row = contact(rows, account_id)
    return viewer(rows, context, own, [] if row is None else [row])


def conversation_line(
    rows: Rows, shows: Viewer, key: bytes, summary: ConversationSummary | None
) -> Conversation | None:
    """Return a conversation's line of the list; None if it has none there."""
    if is_group(key):
        group = group_row(rows, key)
        if group is None or group.state == PARTIAL:
            return None
        return _group_line(rows, shows, group, summary)
    row = shows.contact_of(key)
    if row is None or not is_listed(row, summary):
        return None
    return shows.conversation(row, summary)


def shown_conversation(rows: Rows, shows: Viewer, key: bytes) -> Conversation:
    """Return a conversation as it is, listed or not. UserError if there is none."""
    summary = conversation_summary(rows, key)
    if is_group(key):
        row = existing_group(rows, key)
        return _group_line(rows, shows, row, summary)
    return shows.conversation(existing(rows, key), summary)


def _group_line(
    rows: Rows, shows: Viewer, row: GroupRow, summary: ConversationSummary | None
) -> Conversation:
    listed = None if row.parent is None else channel(rows, row.parent, row.group_id)
    count = count_members(rows, row.group_id)
    return shows.group(row, summary, member_count=count, listed=listed)
