"""What is in a backup: items, each behind its length, between a first and a last one. Pure.

    begins || records || manifests || members || groups, each behind its log || conversations, each
    with its messages || marks || files || ends || zeros

The items of a history (docs/protocol/history.md), and eight of its own. Rule: read as if from
outside, though only who has the key can have written it: every length, number and array is
bounded, and a row of items that isn't whole is refused. Knows no key, no file and no database.
Spec: docs/protocol/backup.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta

from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode_tagged
from restante.protocol.group import MAX_ENTRY_BYTES
from restante.protocol.history_part import (
    MAX_ITEM_BYTES,
    MAX_WORD_CHARS,
    HistoryConversation,
    HistoryMark,
    HistoryMessage,
    HistoryRecord,
    Item,
)
from restante.protocol.ids import U63, Bytes16, Bytes32, Bytes64
from restante.protocol.limits import MAX_MANIFEST_BYTES

BACKUP_VERSION: Final = 2
"""2 added groups. One of version 1 is read as well."""

MAX_ADDRESS_CHARS: Final = 512

PIECE_BYTES: Final = 65_536
"""Of a file, in one item."""

_LENGTH_BYTES: Final = 4


class BackupBegins(Item, frozen=True, tag=1):
    """The first item: whose backup, of when, and which.

    `generation` grows with each backup of the account's that this profile made.
    `messages_in_all` is how many there are about, for whoever shows how far it is.
    """

    version: Annotated[int, Meta(ge=1, le=BACKUP_VERSION)]
    generation: U63
    made_at_ms: U63
    account: Bytes16
    address: Annotated[str, Meta(max_length=MAX_ADDRESS_CHARS)]
    messages_in_all: U63


class BackupFile(Item, frozen=True, tag=7):
    """A message's file begins: sealed, as its message's key opens it; in pieces, so many bytes."""

    message: Bytes16
    size_bytes: U63


class BackupPiece(Item, frozen=True, tag=8):
    """The next bytes of the file that has begun."""

    data: Annotated[bytes, Meta(min_length=1, max_length=PIECE_BYTES)]


class BackupManifest(Item, frozen=True, tag=9):
    """A signed list of devices, under which entries of groups' logs were signed."""

    manifest: Annotated[bytes, Meta(min_length=1, max_length=MAX_MANIFEST_BYTES)]


class BackupMember(Item, frozen=True, tag=10):
    """Somebody who is known from groups alone: their newest list, and what reaches them."""

    manifest: Annotated[bytes, Meta(min_length=1, max_length=MAX_MANIFEST_BYTES)]
    token: Bytes16 | None


class BackupGroupEntry(Item, frozen=True, tag=11):
    """A signed entry of a group's log, byte for byte; parents first."""

    group: Bytes32
    body: Annotated[bytes, Meta(min_length=1, max_length=MAX_ENTRY_BYTES)]
    signature: Bytes64


class BackupGroup(Item, frozen=True, tag=12):
    """A group, behind all entries of its log, from which the rest of it follows.

    `shown`: SHA-256 of what followed on the device that made the backup, for whoever checks it.
    """

    group: Bytes32
    state: Annotated[str, Meta(min_length=1, max_length=MAX_WORD_CHARS)]
    begun_at_ms: U63
    shown: Bytes32


GroupItem = BackupManifest | BackupMember | BackupGroupEntry | BackupGroup


class BackupEnds(Item, frozen=True, tag=2):
    """The last item: how many of each there were, and what was left out on purpose.

    `disappearing`: messages with a time, which are in no backup.
    """

    messages: U63
    marks: U63
    records: U63
    files: U63
    disappearing: U63
    left_out: U63


_ITEMS: Final[dict[int, type[Item]]] = {
    1: BackupBegins,
    2: BackupEnds,
    3: HistoryRecord,
    4: HistoryConversation,
    5: HistoryMessage,
    6: HistoryMark,
    7: BackupFile,
    8: BackupPiece,
    9: BackupManifest,
    10: BackupMember,
    11: BackupGroupEntry,
    12: BackupGroup,
}


def is_readable(packed: bytes) -> bool:
    """Whether whoever reads a backup can read a packed item."""
    try:
        decode_tagged(packed[_LENGTH_BYTES:], _ITEMS)
    except RemoteProtocolError:
        return False
    return len(packed) - _LENGTH_BYTES <= MAX_ITEM_BYTES


class ItemReader:
    """Cuts what comes in pieces into items, and sees to their order."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._has_begun = False
        self.is_ended = False
        """Whether the last item was read; what follows is padding."""

    def push(self, opened: bytes) -> Iterator[tuple[bytes, Item]]:
        """Take the next piece; yield each whole item as it stood and as it is read.

        Raises RemoteProtocolError if it isn't what a backup is made of.
        """
        self._waiting += opened
        at = 0
        while not self.is_ended:
            start = at + _LENGTH_BYTES
            size = int.from_bytes(self._waiting[at:start], "big")
            if len(self._waiting) < start:
                break
            if not 0 < size <= MAX_ITEM_BYTES:
                raise RemoteProtocolError("a backup is not made of items")
            if len(self._waiting) < start + size:
                break
            packed = bytes(self._waiting[at : start + size])
            at = start + size
            item = decode_tagged(packed[_LENGTH_BYTES:], _ITEMS)
            if isinstance(item, BackupBegins) == self._has_begun:
                raise RemoteProtocolError("a backup begins once, with its first item")
            self._has_begun = True
            self.is_ended = isinstance(item, BackupEnds)
            yield packed, item
        del self._waiting[:at]
        if self.is_ended and self._waiting.strip(b"\x00"):
            raise RemoteProtocolError("a backup is not padded with zeros")
        if self.is_ended:
            self._waiting.clear()

    def finish(self) -> None:
        """Say that there is no more. Raises RemoteProtocolError if the last item didn't come."""
        if not self.is_ended:
            raise RemoteProtocolError("a backup has no end")
