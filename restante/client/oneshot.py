"""The engine for a one-shot command: the running one, or one of its own while it works.

Rule: a command is written once, against `Caller`, and never knows which it has; without a running
engine, one is started in a thread and served on the profile's socket like any other, so that
commands that run side by side attach to it. Attached, nothing heavy is imported. Knows no command.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from restante.client.attach import (
    OTHER_VERSION,
    Attached,
    EngineGoneError,
    MisusedError,
    attach,
)
from restante.client.keeping.refusals import is_locked
from restante.client.lock import ProfileLock
from restante.client.profile import Profile, no_profile
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    import trio

    from restante.client.running import Opener

_POLL_S = 0.02
_START_TIMEOUT_S = 30.0


class Hosted(Protocol):
    """An engine that runs in this process."""

    failure: BaseException | None

    def stop(self) -> None:
        """End the engine, and wait until it has ended."""


class Caller:
    """One engine to call, wherever it runs. A context manager; made for a profile that exists.

    When the engine ends in the middle (it was another command's, which is done), the next one is
    found or started, and the call is made again: methods may be called twice.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        host: Callable[[Profile, ProfileLock], Hosted],
        before_hosting: Callable[[Profile], None] = lambda _profile: None,
    ) -> None:
        """`before_hosting` is called, perhaps often, while no engine answers: to ask for keys."""
        self._profile = profile
        self._host = host
        self._before_hosting = before_hosting
        self._hosted: Hosted | None = None
        self._attached: Attached | None = None
        self._is_subscribed = False
        self._was_lost = False

    def __enter__(self) -> Caller:
        if not self._profile.exists:
            raise no_profile(self._profile)
        self._profile.check()
        try:
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_host(self) -> bool:
        """Whether the engine is this process's own, and ends with it."""
        return self._hosted is not None

    def call(self, method: str, *, answer_within_s: float | None = None, **params: Any) -> Any:
        """Call a method of the engine and return its result as JSON values.

        Raises UserError; TimeoutError, and then it may still be done, and `reconnect` is due.
        """
        try:
            return self.call_as_given(method, params, answer_within_s=answer_within_s)
        except MisusedError as error:
            raise self._misused(error) from None

    def call_as_given(
        self, method: str, params: dict[str, Any], *, answer_within_s: float | None = None
    ) -> Any:
        """As `call`, where a person chose method and parameters. MisusedError: they are wrong."""
        while True:
            try:
                return self._connect().call(method, params, timeout_s=answer_within_s)
            except EngineGoneError:
                self._lose()

    def call_watching(
        self, method: str, watch: Callable[[dict[str, Any]], None], **params: Any
    ) -> Any:
        """Call a method that takes long; `watch` is given the events that come meanwhile.

        Raises UserError, also when the engine ended in the middle: it isn't called again.
        """
        self.subscribe()
        try:
            return self._connect().call(method, params, watch=watch)
        except MisusedError as error:
            raise self._misused(error) from None
        except EngineGoneError:
            self._lose()
            raise UserError(
                "The engine ended in the middle of it. Try again.", exit_code=ExitCode.UNAVAILABLE
            ) from None

    def subscribe(self) -> None:
        """Have all events from now on; after a change of engine the next one is a resync."""
        self._is_subscribed = True
        try:
            self._connect().subscribe()
        except EngineGoneError:
            self._lose()

    def next_event(self, *, timeout_s: float | None = None) -> dict[str, Any] | None:
        """Return the next event, or None when time ran out. LockedError: it was locked."""
        if self._was_lost:
            self._connect()
            self._was_lost = False
            return {"type": "resync"}
        try:
            event = self._connect().next_event(timeout_s=timeout_s)
        except EngineGoneError:
            self._lose()
            return self.next_event(timeout_s=timeout_s)
        if event is not None and event["type"] == "locked":
            raise is_locked()
        return event

    def wait_for_received(self) -> None:
        """Wait until something has arrived, or may have."""
        event = self.next_event()
        while event is None or event["type"] not in {"received", "resync"}:
            event = self.next_event()

    def connection(self) -> Attached:
        """Return the line to the engine itself; who uses it meets the end by EngineGoneError."""
        return self._connect()

    def reconnect(self) -> None:
        """Take a new connection: the old one is in the middle of an answer nobody waits for."""
        self._lose()

    def close(self) -> None:
        """Hang up, and end the engine if it is this process's."""
        if self._attached is not None:
            self._attached.close()
            self._attached = None
        if self._hosted is not None:
            self._hosted.stop()
            self._hosted = None

    def _misused(self, error: MisusedError) -> UserError:
        """Say why an engine doesn't understand a command: our own would have."""
        return error if self.is_host else UserError(OTHER_VERSION)

    def _lose(self) -> None:
        if self._attached is not None:
            self._attached.close()
        self._attached, self._was_lost = None, True
        if self._hosted is not None and self._hosted.failure is not None:
            failure, self._hosted = self._hosted.failure, None
            raise failure

    def _connect(self) -> Attached:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self._attached is None:
            attached = attach(self._profile)
            if attached is None and self._hosted is None:
                asked = time.monotonic()
                self._before_hosting(self._profile)
                deadline += time.monotonic() - asked  # a person took the time, not an engine
            if attached is not None and self._is_subscribed:
                try:
                    attached.subscribe()
                except EngineGoneError:
                    attached = None
            if attached is not None:
                self._attached = attached
            elif self._hosted is not None:
                self.close()
                raise UserError(
                    "The engine ended unexpectedly. Try again; what was queued is kept.",
                    exit_code=ExitCode.UNAVAILABLE,
                )
            elif (lock := ProfileLock.try_acquire(self._profile)) is not None:
                self._hosted = self._host(self._profile, lock)
            elif time.monotonic() > deadline:
                raise UserError(
                    f"Another Restante holds the profile {self._profile.name!r} and doesn't "
                    "answer. End it, then try again.",
                    exit_code=ExitCode.UNAVAILABLE,
                )
            else:
                threading.Event().wait(_POLL_S)  # between its lock and its socket, or its end
        return self._attached


class EngineThread:
    """An engine in a thread of this process, so that the main thread takes the signals."""

    def __init__(self, profile: Profile, lock: ProfileLock, opener: Opener) -> None:
        self._profile = profile
        self._lock = lock
        self._opener = opener
        self._started = threading.Event()
        self._stop: Callable[[], None] | None = None
        self.failure: BaseException | None = None
        # A daemon: after a second Ctrl-C nothing waits for it. What it does is safe to cut off.
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @classmethod
    def start(cls, profile: Profile, lock: ProfileLock, opener: Opener) -> EngineThread:
        """Start the engine and wait until it serves. Raises what kept it from it."""
        started = cls(profile, lock, opener)
        started._thread.start()
        try:
            started._started.wait()
        except BaseException:
            started.stop()
            raise
        if started.failure is not None:
            started._thread.join()
            raise started.failure
        return started

    def stop(self) -> None:
        """End the engine, and wait until it has ended."""
        while self._stop is None and self._thread.is_alive():
            self._thread.join(_POLL_S)  # it is just being set up
        if self._stop is not None:
            self._stop()
        self._thread.join()

    def _run(self) -> None:
        import trio  # noqa: PLC0415  (only where an engine runs)

        try:
            with self._lock:
                trio.run(self._serve)
        except BaseException as error:
            self.failure = error
        finally:
            gc.enable()
            self._started.set()

    async def _serve(self) -> None:
        import trio  # noqa: PLC0415  (only here)

        from restante.client.running import hosted  # noqa: PLC0415

        # A library's thread that fails must not print over the terminal; the engine finds out.
        threading.excepthook = _log_fault
        with trio.CancelScope() as scope:
            self._stop = _stopper(trio.lowlevel.current_trio_token(), scope)
            async with hosted(self._profile, self._opener):
                gc.freeze()  # it was off while all of this was imported
                gc.enable()
                self._started.set()
                await trio.sleep_forever()


def _log_fault(fault: threading.ExceptHookArgs) -> None:
    from restante.client.log import log_bug  # noqa: PLC0415  (only where an engine runs)

    if fault.exc_value is not None:
        log_bug(fault.exc_value)


def _stopper(token: trio.lowlevel.TrioToken, scope: trio.CancelScope) -> Callable[[], None]:
    import trio  # noqa: PLC0415  (only here)

    def stop() -> None:
        try:
            token.run_sync_soon(scope.cancel)
        except trio.RunFinishedError:
            return

    return stop
