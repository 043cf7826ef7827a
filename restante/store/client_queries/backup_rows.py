"""What `store/client_backup_rows.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, or_, select

from restante.store import client_tables as tables
from restante.store.client_marks import LAST_HISTORY_KIND
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.files import files
from restante.store.client_queries.groups import group_entries, group_manifests, group_states
from restante.store.client_queries.marks import MARK
from restante.store.client_queries.messages import MESSAGE
from restante.store.client_queries.records import RECORD

_conversations = tables.conversations
_messages = tables.messages
_marks = tables.marks
_records = tables.records
_stays = (_messages.c.timer_s == 0) & _messages.c.gone_at_ms.is_(None)
_others = _messages.alias("others")
_other_stays = (_others.c.timer_s == 0) & _others.c.gone_at_ms.is_(None)
_quotes_what_stays = (
    select(_others.c.id)
    .where(_others.c.id == _messages.c.quote_id, _other_stays)
    .exists()
    .label("quotes_what_stays")
)
KEYS = Query(select(_conversations.c.number, _conversations.c.key).order_by(_conversations.c.key))
OF = Query(
    select(*MESSAGE.columns, _quotes_what_stays)
    .join_from(_messages, _conversations, _messages.c.conversation == _conversations.c.number)
    .where(_messages.c.conversation == bindparam("conversation"), _stays)
    .order_by(_messages.c.order_key)
)
DISAPPEARING = Query(
    select(func.count())
    .select_from(_messages)
    .where(or_(_messages.c.timer_s != 0, _messages.c.gone_at_ms.is_not(None)))
)
# In the order of their ids, which an index has: nothing is sorted in memory.
MARKS = Query(
    select(*MARK.columns)
    .join_from(_marks, _conversations, _marks.c.conversation == _conversations.c.number)
    .where(
        _marks.c.gone_at_ms.is_(None),
        _marks.c.kind <= LAST_HISTORY_KIND,
        select(_others.c.id).where(_others.c.id == _marks.c.target, _other_stays).exists(),
    )
    .order_by(_marks.c.id)
)
RECORDS = Query(select(*RECORD.columns).order_by(_records.c.kind, _records.c.key))
FILES = Query(
    select(files.c.message_id, files.c.place, files.c.stored_bytes)
    .select_from(files.join(_messages, _messages.c.id == files.c.message_id))
    .where(files.c.stored_bytes > 0, _messages.c.kind == "file", _stays)
    .order_by(files.c.message_id)
)
MANIFESTS = Query(
    select(group_manifests.c.manifest)
    .where(
        select(group_entries.c.number)
        .join_from(group_entries, group_states, group_entries.c.group_id == group_states.c.group_id)
        .where(
            group_entries.c.manifest_hash == group_manifests.c.hash,
            group_states.c.state != "partial",
        )
        .exists()
    )
    .order_by(group_manifests.c.hash)
)
_contacts = tables.contacts
MEMBERS = Query(
    select(_contacts.c.manifest, _contacts.c.token)
    .where(_contacts.c.state == "member", _contacts.c.manifest.is_not(None))
    .order_by(_contacts.c.account_id)
)
COUNT: Final = Query(select(func.sum(_conversations.c.message_count)))
