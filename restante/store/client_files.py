"""Files that messages carry: where each stands, and under which name it lies beside the database.

Rule: a row begins with its message and outlives it until its file is removed; both by triggers, so
that no way in which a message goes leaves a file behind. Knows no blob's format.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_messages import Placed, read_placed
from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

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


_FILE: Final = Shape(FileRow)
_SAVE = Statement("files.SAVE")
_ONE = Statement("files.ONE")
_IN_STATE = Statement("files.IN_STATE")
_COUNT = Statement("files.COUNT")
_SHARING = Statement("files.SHARING")
_PLACES = Statement("files.PLACES")
_OF_MESSAGES = Statement("files.OF_MESSAGES")
_FORGET = Statement("files.FORGET")
_MOVE_ON = Statement("files.MOVE_ON")
_OF_CONVERSATION = Statement("files.OF_CONVERSATION")
_OF_ALL = Statement("files.OF_ALL")
_USE = Statement("files.USE")


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


def files_of_messages(rows: Rows, message_state: str) -> list[FileRow]:
    """Return the files that are here and were put at our relay, of messages in a state."""
    found = rows.all(_OF_MESSAGES, state=HERE, message_state=message_state)
    return [_FILE.read(each) for each in found]


def count_files(rows: Rows, state: str) -> int:
    """Return how many files are in a state."""
    return int(rows.value(_COUNT, state=state))


def is_blob_shared(rows: Rows, kept: FileRow) -> bool:
    """Whether another message, which isn't gone, tells of what a file is at our relay."""
    return bool(rows.value(_SHARING, blob=kept.blob, which=kept.message_id))


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
