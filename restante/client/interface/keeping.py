"""The part of the engine's interface that is about its keys: locked, unlocked, kept otherwise.

Rule: as in engine.py. These work, and nothing else does, while the profile is locked.
Spec: docs/rpc.md, docs/client-store.md, section 10.
"""

from __future__ import annotations

from typing import Literal, Protocol

from restante.client.interface.view import View


class Protection(View, frozen=True):
    """How the profile's key is kept on the disk, and whether the engine has it in memory."""

    kept_by: Literal["file", "passphrase", "keyring"]
    """`file`: whoever reads the profile's files has it. Only `passphrase` can be locked."""
    is_locked: bool
    """No key is in memory: what isn't about unlocking fails with code 6."""
    wait_s: int
    """So long the next passphrase has to wait, after too many wrong ones."""


class Keeping(Protocol):
    """What can be asked of a locked engine, too."""

    async def protection(self) -> Protection:
        """Return how the profile's key is kept, and whether it is locked."""

    async def lock(self) -> Protection:
        """Close everything and forget the keys; watchers get `locked`, and calls fail with code 6.

        UserError: the key is kept without a passphrase, so that anybody here could unlock it.
        """

    async def unlock(self, *, passphrase: str) -> Protection:
        """Open the profile with its passphrase; nothing where it is open.

        UserError, code 6: it is another one, or tried too soon after too many wrong ones.
        """

    async def passphrase_change(self, *, passphrase: str | None, new: str | None) -> Protection:
        """Keep the key under a new passphrase; with `new` null in a file, under none any more.

        `passphrase` is the present one, null if there is none. UserError, code 6: it is another.
        """

    async def keyring_use(self, *, passphrase: str | None) -> Protection:
        """Keep the key in the system's keyring. `passphrase` as above. UserError: there is none."""
