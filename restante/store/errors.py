"""What a database can refuse, told apart by what the caller can do about it.

    StoreError
    ├── DiskFull       no room: try again when there is
    ├── DiskFailed     the file cannot be opened, read or written
    ├── Corrupted      the file is damaged, or is no database
    ├── WrongKey       the file is encrypted with another key
    ├── Busy           another process holds the lock for too long
    ├── SchemaTooNew   a newer Restante wrote the file
    └── Conflict       a uniqueness rule of the schema refused a row

Rule: when one of these is raised, nothing of the transaction was kept. Knows no driver.
"""

from __future__ import annotations

from restante.errors import StoreError


class DiskFull(StoreError):  # noqa: N818  # named as the condition, as the tree above reads
    """No room on the disk, or the database reached its allowed size."""


class DiskFailed(StoreError):  # noqa: N818  # the same
    """The file can't be opened, read or written: permissions, a read-only or failing disk."""


class Corrupted(StoreError):  # noqa: N818  # the same
    """The file is damaged, or is no database of this kind."""


class WrongKey(StoreError):  # noqa: N818  # the same
    """The file is encrypted, and not with this key."""


class Busy(StoreError):  # noqa: N818  # the same
    """Another process held the database's lock past the busy timeout."""


class SchemaTooNew(StoreError):  # noqa: N818  # the same
    """The file was written by a newer Restante; this one would damage it."""


class Conflict(StoreError):  # noqa: N818  # the same
    """A row that must be unique exists already, or refers to one that doesn't exist."""
