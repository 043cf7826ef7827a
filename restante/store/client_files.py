"""Files that messages carry: where each stands, and under which name it lies beside the database.

Rule: a row begins with its message and outlives it until its file is removed; both by triggers, so
that no way in which a message goes leaves a file behind. Knows no blob's format.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from restante.store.client_messages import Placed, read_placed, select_messages
from restante.store.client_rows import Rows, Shape, Statement
from restante.store.client_tables import client_metadata

NEW: Final = "new"
"""Just filed: whether it is fetched is still to be decided."""
OFFERED: Final = "offered"
FETCHING: Final = "fetching"
SENDING: Final = "sending"
HERE: Final = "here"
FAILED: Final = "failed"
LOST: Final = "lost"
"""The relay has it no more."""
REMOVED: Final = "removed"
"""Its message is gone here, and so must its file."""
ERASED: Final = "erased"
"""The same, and what lies at the relay goes too."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """Where a message's file stands. `place` names it in the profile's folder, 16 random bytes.

    `blob`: what this device has put, or begun to put, at its relay. `stored_bytes`: what it takes
    here, 0 unless all of it is.
    """

    message_id: bytes
    place: bytes
    state: str
    blob: bytes | None = None
    stored_bytes: int = 0
    attempts: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the files of a conversation take here."""

    conversation: bytes
    count: int
    size_bytes: int


_FILE: Final = Shape(FileRow, files)
_messages = tables.messages
_conversations = tables.conversations
_new = upsert(files)
_SAVE = Statement(
    _new.on_conflict_do_update(
        index_elements=[files.c.message_id],
        set_={name: _new.excluded[name] for name in _FILE.names},
    ),
    *_FILE.names,
)
_ONE = Statement(select(*_FILE.columns).where(files.c.message_id == bindparam("which")))
_IN_STATE = Statement(
    select(*_FILE.columns).where(files.c.state == bindparam("state")).order_by(files.c.message_id)
)
_COUNT = Statement(
    select(func.count()).select_from(files).where(files.c.state == bindparam("state"))
)
_PLACES = Statement(select(files.c.place))
_FORGET = Statement(delete(files).where(files.c.message_id == bindparam("which")))
_MOVE_ON = Statement(
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
_OF_CONVERSATION = Statement(
    select_messages.where(_is_file, _conversations.c.key == bindparam("key"))
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("skipped"))
)
_OF_ALL = Statement(
    select_messages.where(_is_file)
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("skipped"))
)
_USE = Statement(
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


def save_file(rows: Rows, row: FileRow) -> None:
    """Keep where a file stands, in the place of what was kept of it."""
    rows.run(_SAVE, **_FILE.write(row))


def file_of(rows: Rows, message_id: bytes) -> FileRow | None:
    """Return where a message's file stands."""
    found = rows.first(_ONE, which=message_id)
    return None if found is None else _FILE.read(found)


def files_in(rows: Rows, state: str) -> list[FileRow]:
    """Return all files in a state."""
    return [_FILE.read(found) for found in rows.all(_IN_STATE, state=state)]


def count_files(rows: Rows, state: str) -> int:
    """Return how many files are in a state."""
    return int(rows.value(_COUNT, state=state))


def file_places(rows: Rows) -> set[bytes]:
    """Return the names of all files that there may be."""
    return {place for (place,) in rows.all(_PLACES)}


def move_on(
    rows: Rows,
    message_id: bytes,
    *,
    before: str,
    state: str,
    stored_bytes: int = 0,
    attempts: int = 0,
    error: str | None = None,
) -> bool:
    """Take a file from one state to another; False if it is in another one by now."""
    return bool(
        rows.run(
            _MOVE_ON,
            which=message_id,
            before=before,
            state=state,
            stored_bytes=stored_bytes,
            attempts=attempts,
            error=error,
        )
    )


def forget_file(rows: Rows, message_id: bytes) -> None:
    """Forget a file, which is removed."""
    rows.run(_FORGET, which=message_id)


def messages_with_files(
    rows: Rows, conversation: bytes | None, *, skipped: int, limit: int
) -> list[Placed]:
    """Return messages that carry files, the newest first: of one conversation, or of all."""
    window = {"skipped": skipped, "limit": limit}
    if conversation is None:
        found = rows.all(_OF_ALL, **window)
    else:
        found = rows.all(_OF_CONVERSATION, key=conversation, **window)
    return [read_placed(rows, each) for each in found]


def stored_by_conversation(rows: Rows) -> list[Stored]:
    """Return what files take here, the conversation with the most first."""
    return [
        Stored(conversation=key, count=count, size_bytes=int(size_bytes))
        for key, count, size_bytes in rows.all(_USE)
    ]
