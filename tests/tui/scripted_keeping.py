"""The part of the scripted engine that can be locked."""

from __future__ import annotations

import trio

from restante.client.interface import Locked, Protection, Resync
from restante.client.keeping.refusals import is_locked, wrong_passphrase
from restante.errors import UserError
from tests.tui.scripted_core import ScriptedCore


class ScriptedKeeping(ScriptedCore):
    """Under no passphrase, until one is set."""

    passphrase: str | None = None
    in_keyring = False
    is_locked = False
    wait_s = 0
    """What the next wrong passphrase costs."""
    wait_now_s = 0
    unlock_count = 0
    may_lock: trio.Event | None = None
    """What locking waits for."""

    def put_under(self, passphrase: str, *, locked: bool) -> None:
        """Let the profile have a passphrase."""
        self.passphrase, self.is_locked = passphrase, locked

    def be_locked(self) -> None:
        """Let somebody else lock it."""
        self.is_locked = True
        self._tell(Locked())

    def be_unlocked(self) -> None:
        """Let somebody else unlock it."""
        self.is_locked = False
        self._tell(Resync())

    def require_key(self) -> None:
        """Refuse what isn't about the keys."""
        if self.is_locked:
            raise is_locked()

    async def protection(self) -> Protection:
        await trio.lowlevel.checkpoint()
        return Protection(kept_by=self._kept_by(), is_locked=self.is_locked, wait_s=self.wait_now_s)

    async def lock(self) -> Protection:
        await trio.lowlevel.checkpoint()
        if self.may_lock is not None:
            await self.may_lock.wait()
        if self.passphrase is None:
            raise UserError("There is no passphrase.")
        self.be_locked()
        return await self.protection()

    async def unlock(self, *, passphrase: str) -> Protection:
        await trio.lowlevel.checkpoint()
        self.unlock_count += 1
        if passphrase != self.passphrase:
            raise wrong_passphrase(self.wait_s)
        self.be_unlocked()
        return await self.protection()

    async def passphrase_change(self, *, passphrase: str | None, new: str | None) -> Protection:
        await trio.lowlevel.checkpoint()
        if passphrase != self.passphrase:
            raise wrong_passphrase(0)
        if new is not None and len(new) < 8:
            raise UserError("A passphrase has at least 8 characters.")
        self.passphrase, self.in_keyring = new, False
        return await self.protection()

    async def keyring_use(self, *, passphrase: str | None) -> Protection:
        await trio.lowlevel.checkpoint()
        if self.refuses is not None:
            refusal, self.refuses = self.refuses, None
            raise refusal
        self.passphrase, self.in_keyring = None, True
        return await self.protection()

    def _kept_by(self) -> str:
        if self.in_keyring:
            return "keyring"
        return "file" if self.passphrase is None else "passphrase"
