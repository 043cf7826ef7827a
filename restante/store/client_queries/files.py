"""What `store/client_files.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_files import FileRow
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_queries.messages import select_messages
from restante.store.client_tables import client_metadata

files: Final = Table(
    "files",
    client_metadata,
    Column("message_id", LargeBinary, primary_key=True, nullable=False),
    Column("place", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("blob", LargeBinary, nullable=True),
    Column("stored_bytes", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=True),
    Index("files_by_state", "state"),
    sqlite_with_rowid=False,
)
_FILE: Final = Columns(FileRow, files)
_messages = tables.messages
_conversations = tables.conversations
_new = upsert(files)
SAVE = Query(
    _new.on_conflict_do_update(
        index_elements=[files.c.message_id],
        set_={name: _new.excluded[name] for name in _FILE.names},
    ),
    *_FILE.names,
)
ONE = Query(select(*_FILE.columns).where(files.c.message_id == bindparam("which")))
IN_STATE = Query(
    select(*_FILE.columns).where(files.c.state == bindparam("state")).order_by(files.c.message_id)
)
COUNT = Query(select(func.count()).select_from(files).where(files.c.state == bindparam("state")))
SHARING = Query(
    select(func.count())
    .select_from(files)
    .where(
        files.c.blob == bindparam("blob"),
        files.c.message_id != bindparam("which"),
        files.c.state != "removed",
        files.c.state != "erased",
    )
)
PLACES = Query(select(files.c.place))
OF_MESSAGES = Query(
    select(*_FILE.columns)
    .select_from(files.join(_messages, _messages.c.id == files.c.message_id))
    .where(
        files.c.state == bindparam("state"),
        files.c.blob.is_not(None),
        _messages.c.state == bindparam("message_state"),
    )
)
FORGET = Query(delete(files).where(files.c.message_id == bindparam("which")))
MOVE_ON = Query(
    update(files).where(
        files.c.message_id == bindparam("which"), files.c.state == bindparam("before")
    ),
    "state",
    "stored_bytes",
    "attempts",
    "error",
)
# As literal text: SQLite takes a partial index only for the very condition it was made with.
_is_file = text(tables.IS_FILE)
OF_CONVERSATION = Query(
    select_messages.where(_is_file, _conversations.c.key == bindparam("key"))
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("skipped"))
)
OF_ALL = Query(
    select_messages.where(_is_file)
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("skipped"))
)
USE = Query(
    select(_conversations.c.key, func.count(), func.sum(files.c.stored_bytes))
    .select_from(
        files.join(_messages, _messages.c.id == files.c.message_id).join(
            _conversations, _conversations.c.number == _messages.c.conversation
        )
    )
    .where(files.c.stored_bytes > 0)
    .group_by(_conversations.c.key)
    .order_by(func.sum(files.c.stored_bytes).desc())
)
