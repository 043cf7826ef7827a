"""What `store/client_sessions.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_sessions import SessionRow

_sessions = tables.sessions
_tags = tables.session_tags
_SESSION = Columns(SessionRow, _sessions)
_new_session = upsert(_sessions)
SAVE = Query(
    _new_session.on_conflict_do_update(
        index_elements=[_sessions.c.session_id],
        set_={name: _new_session.excluded[name] for name in _SESSION.names},
    ),
    *_SESSION.names,
)
_new_tag = upsert(_tags)
ADD_TAG = Query(
    _new_tag.on_conflict_do_update(
        index_elements=[_tags.c.tag], set_={"session_id": _new_tag.excluded.session_id}
    ),
    "tag",
    "session_id",
)
REMOVE_TAG = Query(
    _tags.delete().where(
        _tags.c.tag == bindparam("tag"), _tags.c.session_id == bindparam("session_id")
    )
)
BY_TAG = Query(
    select(*_SESSION.columns)
    .join(_tags, _tags.c.session_id == _sessions.c.session_id)
    .where(_tags.c.tag == bindparam("tag"))
)
BY_ID = Query(select(*_SESSION.columns).where(_sessions.c.session_id == bindparam("session_id")))
OF_DEVICE = Query(
    select(*_SESSION.columns)
    .where(_sessions.c.device_id == bindparam("device_id"))
    .order_by(_sessions.c.session_id)
)
ACCOUNTS = Query(select(_sessions.c.account_id).distinct())
OF_ACCOUNT = Query(
    select(*_SESSION.columns)
    .where(_sessions.c.account_id == bindparam("account_id"))
    .order_by(_sessions.c.session_id)
)
DELETE = Query(_sessions.delete().where(_sessions.c.session_id == bindparam("session_id")))
TAGS_OF = Query(select(_tags.c.tag).where(_tags.c.session_id == bindparam("session_id")))
