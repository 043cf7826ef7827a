"""Who runs the engine: whoever starts first takes the profile's lock and serves; others attach.

`engine_for` hides which of the two one is. Rule: when the engine that one was attached to ends, all
who were attached race for the lock; one goes on as the engine, the others attach to it, and every
call and subscription survives. Methods of an engine may be called twice (a message by its id), so
a call whose answer was lost is made again. Spec: docs/rpc.md, section 5.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import trio

from restante.client.attach import EngineGoneError
from restante.client.interface import Engine, Event, EventStream, Resync
from restante.client.lock import ProfileLock, holder
from restante.client.methods import METHODS, Method
from restante.client.profile import Profile
from restante.client.remote import connect_remote
from restante.client.rpc import listening, serve
from restante.errors import ExitCode, UserError

Opener = Callable[[Profile], AbstractAsyncContextManager[Engine]]
"""Opens a profile's engine for the length of a block; only for the holder of the lock."""

START_TIMEOUT_S = 30.0
"""How long another process may take from its lock to its socket: a migration, at the most."""

_POLL_S = 0.02

_log = logging.getLogger("restante.client.running")


@contextlib.asynccontextmanager
async def hosted(profile: Profile, opener: Opener) -> AsyncIterator[Engine]:
    """Open the engine and serve it on the profile's socket; only for the holder of the lock."""
    async with (
        opener(profile) as engine,
        listening(profile) as listener,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(serve, engine, listener)
        _log.info("engine started")
        try:
            yield engine
        finally:
            _log.info("engine stops")
            nursery.cancel_scope.cancel()


@contextlib.asynccontextmanager
async def engine_for(
    profile: Profile,
    opener: Opener,
    *,
    start_timeout_s: float = START_TIMEOUT_S,
    seat: Seat | None = None,
) -> AsyncIterator[Seat]:
    """Have the profile's engine for the length of the block, whoever runs it.

    `seat`: one that is known already, to whoever could not wait for its engine.
    UserError: another process holds the profile and doesn't answer; or whatever opening raises.
    """
    async with trio.open_nursery() as nursery:
        seat = seat or Seat(start_timeout_s=start_timeout_s)
        await nursery.start(_keep_seated, seat, profile, opener)
        yield seat
        nursery.cancel_scope.cancel()


class Seat:
    """An engine that may change hands. Has every method of `Engine`, through the table.

    Until it has its first engine calls wait, for as long as that takes to open.
    """

    def __init__(self, *, start_timeout_s: float = START_TIMEOUT_S) -> None:
        self.start_timeout_s = start_timeout_s
        self._engine: Engine | None = None
        self.was_taken = False
        """Whether there has been an engine."""
        self.early: set[_SeatStream] = set()
        """Those who watch since before there was."""
        self._changed = trio.Event()
        self.is_host = False
        """Whether this process runs the engine now."""

    @property
    def engine(self) -> Engine:
        """This, as the interface."""
        return cast(Engine, self)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = METHODS.get(name)
        if method is None:
            raise AttributeError(name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._call(method, args, kwargs)

        return call

    def subscribe(self) -> EventStream:
        """Watch events from now on, also across a change of hands: that is one Resync."""
        return _SeatStream(self, self._engine.subscribe() if self._engine else None)

    async def wait_host(self) -> None:
        """Wait until this process runs the engine."""
        while not self.is_host:
            await self._changed.wait()

    async def greet(self, engine: Engine) -> None:
        """Begin the streams that waited for the first engine, before anything is asked of it."""
        while self.early:
            with contextlib.suppress(EngineGoneError):  # it looks for the next one itself
                await self.early.pop().begin(engine)

    def sit(self, engine: Engine | None, *, is_host: bool = False) -> None:
        """Take an engine, or note that there is none at the moment."""
        self._engine, self.is_host = engine, is_host
        self.was_taken = self.was_taken or engine is not None
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    async def current(self, *, but: Engine | None = None) -> Engine:
        """Wait for an engine that isn't `but`. UserError if there is no other in time."""
        with trio.move_on_after(self.start_timeout_s if self.was_taken else math.inf):
            while self._engine is None or self._engine is but:
                await self._changed.wait()
            return self._engine
        raise UserError(
            "The engine ended and no other started. Start Restante again.",
            exit_code=ExitCode.UNAVAILABLE,
        )

    async def _call(self, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        gone: Engine | None = None
        while True:
            engine = await self.current(but=gone)
            try:
                return await getattr(engine, method.name)(*args, **kwargs)
            except EngineGoneError:
                gone = engine


class _SeatStream:
    """A subscription that goes on at the next engine."""

    def __init__(self, seat: Seat, stream: EventStream | None) -> None:
        self._seat = seat
        self._stream = stream
        self._engine = seat._engine if stream else None  # noqa: SLF001  (the seat's own stream)
        self._missed = False

    async def __aenter__(self) -> _SeatStream:
        if self._stream is not None:
            try:
                await self._stream.__aenter__()
            except EngineGoneError:
                self._stream, self._missed = None, True
        elif not self._seat.was_taken:
            self._seat.early.add(self)
        return self

    async def begin(self, engine: Engine) -> None:
        """Watch an engine."""
        self._engine, stream = engine, engine.subscribe()
        await stream.__aenter__()
        self._stream = stream

    async def __aexit__(self, *exc: object) -> None:
        self._seat.early.discard(self)
        if self._stream is not None:
            await self._stream.__aexit__(*exc)

    def __aiter__(self) -> _SeatStream:
        return self

    async def __anext__(self) -> Event:
        while True:
            try:
                if self._stream is not None:
                    return await self._stream.__anext__()
                engine = await self._seat.current(but=self._engine)
                if self._stream is None:  # else it began with the first one
                    await self.begin(engine)
            except EngineGoneError:
                self._stream, self._missed = None, True
                continue
            if self._missed:
                self._missed = False
                return Resync()


async def _keep_seated(
    seat: Seat,
    profile: Profile,
    opener: Opener,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    is_started = False
    deadline = trio.current_time() + seat.start_timeout_s

    async def sit(engine: Engine, *, is_host: bool) -> None:
        nonlocal is_started
        await seat.greet(engine)
        seat.sit(engine, is_host=is_host)
        if not is_started:
            is_started = True
            task_status.started()

    while True:
        if (lock := ProfileLock.try_acquire(profile)) is not None:
            with lock:
                async with hosted(profile, opener) as engine:
                    await sit(engine, is_host=True)
                    await trio.sleep_forever()
        async with connect_remote(profile) as remote:
            if remote is not None:
                await sit(remote.engine, is_host=False)
                await remote.gone.wait()
                seat.sit(None)
                continue
        if not is_started and trio.current_time() > deadline:
            raise holder_is_silent(profile)
        await trio.sleep(_POLL_S)  # between its lock and its socket, or its socket and its end


def holder_is_silent(profile: Profile) -> UserError:
    """Make the error for a lock that is held by somebody who doesn't serve."""
    return UserError(
        f"Another Restante (process {holder(profile) or 'unknown'}) holds the profile "
        f"{profile.name!r} and doesn't answer. End it, then try again.",
        exit_code=ExitCode.UNAVAILABLE,
    )
