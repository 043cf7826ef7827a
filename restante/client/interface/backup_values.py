"""What the engine shows of backups, as plain frozen values.

Rule: as in view.py. Spec: docs/engine.md, section 22.
"""

from __future__ import annotations

from typing import Literal

from restante.client.interface.view import View


class BackupMade(View, frozen=True):
    """A backup that was made. `number` grows with each."""

    path: str
    number: int
    made_at: str
    """RFC 3339 UTC."""
    messages: int
    files: int
    """Files that lie here, of these messages."""
    disappearing: int
    """Messages that disappear: they are in none."""
    left_out: int
    """Rows that are damaged here, and so are in none."""
    size_bytes: int
    words: list[str] | None
    """The 24 words that open it, where its key is new; they are not shown again."""


class BackupChecked(View, frozen=True):
    """A backup that was proven to restore: each row of it, compared."""

    path: str
    number: int
    made_at: str
    address: str
    messages: int
    size_bytes: int
    newest: int | None
    """The number of the newest one that this profile knows of; None if it knows of none."""


class BackupRestored(View, frozen=True):
    """A backup that was taken in. `address` None: this profile was the account's already."""

    path: str
    number: int
    made_at: str
    messages: int
    address: str | None


class Backup(View, frozen=True):
    """A backup that this profile has made. `state`: what became of its file."""

    number: int
    path: str
    made_at: str
    messages: int
    size_bytes: int
    state: Literal["there", "missing", "another"]
    """`another`: under its name lies another file."""
    scheduled: bool


class BackupSchedule(View, frozen=True):
    """Backups that are made by themselves, while an engine runs."""

    directory: str
    every_s: int
    keep: int
    """So many of them stay; older ones are deleted once a newer one was read through."""
    files: bool
    """Whether files are in them."""
    next_at: str
    error: str | None
    """Why the last one was not made."""


class ImportedText(View, frozen=True):
    """A text from a file. `source` names it there: the same text has the same each time.

    `place`: 0 for the first of its moment, so that those that are dated alike stay in order.
    """

    source: str
    is_me: bool
    sent_at: str
    """RFC 3339."""
    body: str
    place: int = 0
    author: str = ""
    """In a group: the address of who wrote it, if that wasn't the user."""


class ImportResult(View, frozen=True):
    """What became of texts from a file. `known`: they are here already, or were deleted here."""

    added: int
    known: int
    refused: int
    """Without a text, too long, or with a time before 1990 or in the future."""
    known_at: list[int]
    """Which they are, by their places in what was handed in, from 0."""

    refused_at: list[int]
    unknown: int = 0
    """In a group: by somebody who isn't known here."""

    unknown_at: tuple[int, ...] = ()


class BundleMade(View, frozen=True):
    """A file with what waits to be sent, sealed. It stays in the outbox, too."""

    path: str
    made_at: str
    envelopes: int
    messages: int
    without_session: list[str]
    """Contacts for whom nothing could be sealed: with them it takes a relay once."""


class BundleTaken(View, frozen=True):
    """What became of the envelopes in a file."""

    path: str
    taken: int
    known: int
    """They had come before, by a file or a relay."""
    others: int
    """They are for somebody else, or another device."""
    unopened: int
    """They don't open: they were damaged, or stand on something that hasn't come yet."""
    is_whole: bool
    """Whether its end was there."""
