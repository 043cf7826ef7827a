"""The profile's lock: whoever holds it runs the engine.

An flock on a file: it dies with the process, however that dies, so it is never stale. Rule: the
database is opened by the holder alone. Knows no socket and no engine.
"""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

from restante.client.profile import Profile


class ProfileLock:
    """The held lock; a context manager that lets go at its end."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def try_acquire(cls, profile: Profile) -> ProfileLock | None:
        """Take the lock if nobody has it, else return None. Never waits."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(profile.lock_path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        return cls(descriptor)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def __enter__(self) -> ProfileLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def holder(profile: Profile) -> int | None:
    """Return the process id that the lock's file names, for people to read; None if unknown."""
    try:
        return int(profile.lock_path.read_text("ascii"))
    except (OSError, ValueError):
        return None
