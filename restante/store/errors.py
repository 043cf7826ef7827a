"""What a database can refuse, told apart by what the caller can do about it.

    StoreError
    ├── DiskFull       no room: try again when there is
    ├── DiskFailed     the file cannot be opened, read or written
    ├── Corrupted      the file is damaged, or is no database
    ├── WrongKey       the file is encrypted with another key
    ├── Busy           another process holds the lock for too long
    ├── Unreachable    the database server can't be reached, or went away
    ├── SchemaTooNew   a newer Restante wrote the file
    └── Conflict       a uniqueness rule of the schema refused a row

Rule: when one of these is raised, nothing of the transaction was kept; of an Unreachable that is
Uncertain, nobody can say. Knows no driver.
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


class Unreachable(StoreError):  # noqa: N818  # the same
    """No connection to the database server: it is down, restarting, or refuses this client."""


class Uncertain(Unreachable):
    """The connection was lost during a commit: it happened, or it didn't."""


class SchemaTooNew(StoreError):  # noqa: N818  # the same
    """The file was written by a newer Restante; this one would damage it."""


class Conflict(StoreError):  # noqa: N818  # the same
    """A row that must be unique exists already, or refers to one that doesn't exist."""
