"""An engine that can forget its keys: it stands before the real one, which is there while unlocked.

    locked    no key, no open file; every call fails with code 6, but those about unlocking
    unlocked  calls and events are the real engine's

Rule: locking ends the real engine as if the program had ended; who has subscribed hears `locked`,
and `resync` when it goes on. While the key is changed calls wait, and `resync` is all that is heard
of it. Knows the interface alone. Spec: docs/client-store.md, section 10.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import trio

from restante.client.interface import Engine, Event, EventStream, Locked, Protection, Resync
from restante.client.keeping.changing import finish_change, keep_otherwise
from restante.client.keeping.protection import (
    kept_by,
    open_key,
    read_new_passphrase,
    read_passphrase,
    seconds_to_wait,
)
from restante.client.keeping.refusals import LockedError, is_locked
from restante.client.methods import METHODS
from restante.crypto.passphrase import MODERATE
from restante.errors import UserError
from restante.store.errors import WrongKey

_log = logging.getLogger("restante.client.keeping")

if TYPE_CHECKING:
    from restante.client.profile import Profile
    from restante.crypto.keys import ProfileKey
    from restante.crypto.passphrase import Passphrase, Stretching

OpenWithKey = Callable[["ProfileKey"], AbstractAsyncContextManager[Engine]]
"""Opens the real engine for the length of a block."""

_LOOK_S = 1.0
_CANNOT_LOCK = {
    "file": "The profile's key is in a file beside it, so locking would keep nobody out. Set a "
    "passphrase first: restante passphrase set",
    "keyring": "The profile's key is in the system's keyring, which opens it again for anybody "
    "here: lock that, or set a passphrase: restante passphrase set",
}


class GuardedEngine:
    """Has every method of `Engine`, through the table. Made by `guarded`."""

    def __init__(
        self, profile: Profile, opener: OpenWithKey, nursery: trio.Nursery, stretching: Stretching
    ) -> None:
        self._profile = profile
        self._opener = opener
        self._nursery = nursery
        self._stretching = stretching
        self._turn = trio.Lock()
        self._engine: Engine | None = None
        self._is_ending = False
        self._is_changing = False
        self._times_opened = 0
        self._ended_by_change: set[int] = set()
        self._changed = trio.Event()
        self._calls: set[trio.CancelScope] = set()
        self._used_at = trio.current_time()
        self._lock_wanted = trio.Event()
        self._is_closed = trio.Event()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name not in METHODS:
            raise AttributeError(name)
        return partial(self._call, name)

    # ---- about the keys -------------------------------------------------------------------------

    async def protection(self) -> Protection:
        """See interface.Keeping."""
        return await trio.to_thread.run_sync(self._protection)

    async def lock(self) -> Protection:
        """See interface.Keeping."""
        async with self._turn:
            if self._engine is not None:
                if (sentence := await trio.to_thread.run_sync(self._why_not_lock)) is not None:
                    raise UserError(sentence)
                await self._close()
                _log.info("locked")
        return await self.protection()

    async def unlock(self, *, passphrase: str) -> Protection:
        """See interface.Keeping."""
        async with self._turn:
            if self._engine is None:
                key = await self._in_thread(open_key, self._profile, read_passphrase(passphrase))
                self._used_at = trio.current_time()
                await self._nursery.start(self._hold, key)
                _log.info("unlocked")
        return await self.protection()

    async def passphrase_change(self, *, passphrase: str | None, new: str | None) -> Protection:
        """See interface.Keeping."""
        async with self._turn:
            chosen = None if new is None else read_new_passphrase(new)
            await self._keep_otherwise(passphrase, "file" if new is None else "passphrase", chosen)
        return await self.protection()

    async def keyring_use(self, *, passphrase: str | None) -> Protection:
        """See interface.Keeping."""
        async with self._turn:
            await self._keep_otherwise(passphrase, "keyring", None)
        return await self.protection()

    async def open(self, key: ProfileKey) -> None:
        """Begin unlocked. Raises what opening the real engine raises."""
        async with self._turn:
            await self._nursery.start(self._hold, key)

    async def lock_when_unused(self, after_s: float) -> None:
        """Lock whenever nobody has called for so long; for ever."""
        while True:
            await self.next_engine(but=None)
            left_s = self._used_at + after_s - trio.current_time()
            if left_s > 0 or self._calls:
                await trio.sleep(max(left_s, _LOOK_S))
                continue
            try:
                await self.lock()
            except UserError as error:  # kept otherwise meanwhile: it can't be locked
                _log.info("not locked: %s", type(error).__name__)
                await trio.sleep(after_s)

    def end(self) -> None:
        """Let streams know that what ends now ends for good."""
        self._is_ending = True

    def subscribe(self) -> EventStream:
        """Watch events from now on, also across locking and unlocking."""
        return _GuardedStream(self, self._engine, self._times_opened)

    # ---- inside ---------------------------------------------------------------------------------

    def _protection(self) -> Protection:
        return Protection(
            kept_by=kept_by(self._profile),
            is_locked=self._engine is None,
            wait_s=seconds_to_wait(self._profile),
        )

    def _why_not_lock(self) -> str | None:
        """Say why locking would be of no use; a profile that was wiped can always be locked."""
        if not self._profile.exists:
            return None
        return _CANNOT_LOCK.get(kept_by(self._profile))

    async def _keep_otherwise(
        self, passphrase: str | None, how: Any, chosen: Passphrase | None
    ) -> None:
        present = None if passphrase is None else read_passphrase(passphrase)
        key = await self._in_thread(open_key, self._profile, present)
        change = partial(keep_otherwise, stretching=self._stretching)
        if self._engine is None:
            await self._in_thread(change, self._profile, key, how, chosen)
            return
        self._is_changing = True
        try:
            self._ended_by_change.add(self._times_opened)
            await self._close()
            try:
                key = await self._in_thread(change, self._profile, key, how, chosen)
            finally:
                await self._nursery.start(self._hold, key)
        finally:
            self._is_changing = False
            self._tell()

    async def _close(self) -> None:
        """End the real engine, and wait until it has."""
        self._lock_wanted.set()
        await self._is_closed.wait()

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await trio.to_thread.run_sync(partial(function, *args))

    async def _call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        while True:
            while self._engine is None and self._is_changing:
                await self._changed.wait()
            engine = self._engine
            if engine is None:
                raise is_locked()
            self._used_at = trio.current_time()
            with trio.CancelScope() as scope:
                self._calls.add(scope)
                try:
                    return await getattr(engine, name)(*args, **kwargs)
                finally:
                    self._calls.discard(scope)
                    self._used_at = trio.current_time()
                    self._tell()
            if not self._is_changing:  # else it is called again: methods may be called twice
                raise is_locked()

    async def _hold(
        self, key: ProfileKey, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Have the real engine until it is to be locked."""
        self._lock_wanted, self._is_closed = trio.Event(), trio.Event()
        try:
            await self._in_thread(finish_change, self._profile, key)
            async with self._opener(key) as engine:
                del key
                self._engine = engine
                self._times_opened += 1
                self._tell()
                task_status.started()
                await self._lock_wanted.wait()
                self._engine = None
                for scope in self._calls:
                    scope.cancel()
                while self._calls:
                    await self._changed.wait()
        finally:
            self._engine = None
            self._is_closed.set()

    async def goes_on(self, opened: int) -> bool:
        """Whether the engine that was opened as this one ended for a change alone, and is back."""
        while self._is_changing:
            await self._changed.wait()
        return opened in self._ended_by_change and self._engine is not None

    def _tell(self) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    async def next_engine(self, *, but: Engine | None) -> tuple[Engine, int]:
        """Wait for a real engine that isn't `but`; return it, and which one of all it is."""
        while self._engine is None or self._engine is but:
            await self._changed.wait()
        return self._engine, self._times_opened


class _GuardedStream:
    """A subscription that goes on after locking. The real engine's stream ends with that engine."""

    def __init__(self, guarded: GuardedEngine, engine: Engine | None, opened: int) -> None:
        self._guarded = guarded
        self._engine = engine
        self._opened = opened
        self._stream = None if engine is None else engine.subscribe()

    async def __aenter__(self) -> _GuardedStream:
        if self._stream is not None:
            await self._stream.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._stream is not None:
            await self._stream.__aexit__(*exc)

    def __aiter__(self) -> _GuardedStream:
        return self

    async def __anext__(self) -> Event:
        if self._stream is not None:
            try:
                return await self._stream.__anext__()
            except StopAsyncIteration:
                if self._guarded._is_ending:  # noqa: SLF001  (its own stream)
                    raise
            self._stream = None
            if not await self._guarded.goes_on(self._opened):
                return Locked()
        self._engine, self._opened = await self._guarded.next_engine(but=self._engine)
        self._stream = await self._engine.subscribe().__aenter__()
        return Resync()


async def _open_first(engine: GuardedEngine, profile: Profile, key: ProfileKey | None) -> None:
    if key is not None:
        try:
            await engine.open(key)
        except WrongKey:
            _log.info("the key was changed meanwhile")  # by whom this one stood by for
        else:
            return
    await engine.open(await trio.to_thread.run_sync(open_key, profile))


@asynccontextmanager
async def guarded(
    profile: Profile,
    opener: OpenWithKey,
    *,
    key: ProfileKey | None,
    may_wait: bool,
    stretching: Stretching = MODERATE,
    lock_after_s: float | None = None,
) -> AsyncIterator[Engine]:
    """Have a profile's engine for the length of the block; locked, as long as it has no key.

    `lock_after_s`: it is locked whenever nobody has called for so long.
    Without a key it is looked for where nobody has to be asked. LockedError where there is none
    and `may_wait` is false; and whatever opening raises.
    """
    failure: BaseException | None = None
    async with trio.open_nursery() as nursery:
        # An error of the block, or of opening, leaves as it is, not wrapped by the nursery.
        try:
            engine = GuardedEngine(profile, opener, nursery, stretching)
            try:
                await _open_first(engine, profile, key)
            except LockedError:
                if not may_wait:
                    raise
            key = None
            if lock_after_s is not None:
                nursery.start_soon(engine.lock_when_unused, lock_after_s)
            yield cast(Engine, engine)
        except BaseException as error:  # raised again below
            failure = error
        engine.end()
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
