"""The Python API, for asyncio: the same account, its engine in a thread with a loop of its own.

    async with open_account() as account:
        await account.send("ops", "The build is green.")

    key = open_key()  # a capability key: no profile, and nothing but sending
    await key.send("The build is green.")

Rule: asyncio's loop is never blocked, and trio's never sees it: what passes between the threads
are calls, results and exceptions. A cancelled call is cancelled there. Spec: docs/python.md.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import trio

from restante.client import api
from restante.client.capability_keys.given import DEADLINE_S
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.client.capability_keys.sending import SentByKey
    from restante.client.interface import Message, Received

T = TypeVar("T")


class Account:
    """An account to work with. Made by `open_account`. Every method may raise UserError."""

    def __init__(self, thread: _EngineThread) -> None:
        self._thread = thread

    async def send(
        self, to: str, text: str, *, reply_to: str | None = None, idempotency_key: str | None = None
    ) -> Message:
        """Send a text, durably queued when this returns. See restante.client.api.Account.send."""
        return await self._thread.call(
            lambda account: account.send(
                to, text, reply_to=reply_to, idempotency_key=idempotency_key
            )
        )

    def incoming(self, consumer: str, *, conversation: str | None = None) -> Incoming:
        """Listen under a name. See restante.client.api.Incoming."""
        return Incoming(self._thread, consumer, conversation)

    async def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call any method of restante.client.interface.Engine by its name."""
        return await self._thread.call(
            lambda account: getattr(account.engine, method)(*args, **kwargs)
        )


class Incoming:
    """What arrives, as restante.client.api.Incoming: a context manager and iterator."""

    def __init__(self, thread: _EngineThread, consumer: str, conversation: str | None) -> None:
        self._thread = thread
        self._consumer = consumer
        self._conversation = conversation
        self._there: api.Incoming

    async def __aenter__(self) -> Incoming:
        async def enter(account: api.Account) -> None:
            incoming = account.incoming(self._consumer, conversation=self._conversation)
            self._there = await incoming.__aenter__()

        await self._thread.call(enter)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._thread.call(lambda _: self._there.__aexit__(None, None, None))

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> Received:
        return await self._thread.call(lambda _: anext(self._there))


class Key:
    """A capability key to send by, as restante.client.api.Key. Made by `open_key`."""

    def __init__(self, key: api.Key) -> None:
        self._key = key

    @property
    def label(self) -> str:
        """What its owner calls the conversation that it writes into."""
        return self._key.label

    async def send(
        self, text: str, *, idempotency_key: str | None = None, timeout_s: float = DEADLINE_S
    ) -> SentByKey:
        """Send a text; everybody who reads it has it at their relay when this returns.

        As restante.client.api.Key.send. Cancelled, it may have been sent, or not.
        """
        scope, is_unwanted = trio.CancelScope(), threading.Event()
        there: list[trio.lowlevel.TrioToken] = []

        async def work() -> SentByKey | None:
            there.append(trio.lowlevel.current_trio_token())
            if is_unwanted.is_set():
                scope.cancel()
            with scope:
                return await self._key.send(
                    text, idempotency_key=idempotency_key, timeout_s=timeout_s
                )
            return None

        try:
            sent = await asyncio.to_thread(trio.run, work)
        except asyncio.CancelledError:
            is_unwanted.set()
            for token in there:
                with suppress(trio.RunFinishedError):
                    token.run_sync_soon(scope.cancel)
            raise
        if sent is None:
            raise asyncio.CancelledError
        return sent


class _EngineThread:
    """A thread in which trio runs, and the way to it."""

    def __init__(self, profile: str | None) -> None:
        self._profile = profile
        self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = self._loop.create_future()
        self._ended = trio.Event()
        self._thread = threading.Thread(target=self._run, name="restante", daemon=True)

    async def start(self) -> None:
        """Start, and wait until the account is there. Raises what keeps it from that."""
        self._thread.start()
        await self._started

    async def stop(self) -> None:
        """End the engine, and wait until it has ended."""
        self._token.run_sync_soon(self._ended.set)
        await asyncio.to_thread(self._thread.join)

    async def call(self, ask: Callable[[api.Account], Awaitable[T]]) -> T:
        """Ask something there, and wait for its result here."""
        answered: asyncio.Future[T] = self._loop.create_future()
        scope = trio.CancelScope()

        def settle(result: T | None, error: BaseException | None) -> None:
            if answered.done():
                return
            if error is not None:
                answered.set_exception(error)
            else:
                answered.set_result(result)  # type: ignore[arg-type]  # one of the two is there

        async def work() -> None:
            result, error = None, None
            with scope:
                try:
                    result = await ask(self._account)
                except Exception as raised:
                    error = raised
            if scope.cancelled_caught:
                error = UserError("The call was cancelled.", exit_code=ExitCode.INTERRUPTED)
            self._loop.call_soon_threadsafe(settle, result, error)

        self._token.run_sync_soon(self._nursery.start_soon, work)
        try:
            return await answered
        except asyncio.CancelledError:
            self._token.run_sync_soon(scope.cancel)
            raise

    def _run(self) -> None:
        try:
            trio.run(self._serve)
        except BaseException as error:
            self._tell(_first_of(error))

    async def _serve(self) -> None:
        async with api.open_account(self._profile) as account, trio.open_nursery() as nursery:
            self._account, self._nursery = account, nursery
            self._token = trio.lowlevel.current_trio_token()
            self._tell(None)
            await self._ended.wait()
            nursery.cancel_scope.cancel()

    def _tell(self, error: BaseException | None) -> None:
        def settle() -> None:
            if not self._started.done():
                if error is None:
                    self._started.set_result(None)
                else:
                    self._started.set_exception(error)

        self._loop.call_soon_threadsafe(settle)


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def open_key(secret: str | None = None) -> Key:
    """Read a capability key. As restante.client.api.open_key."""
    return Key(api.open_key(secret))


@asynccontextmanager
async def open_account(profile: str | None = None) -> AsyncIterator[Account]:
    """Have a profile's account for the length of the block, in an asyncio program.

    As restante.client.api.open_account. UserError: there is no such profile, or it can't be opened.
    """
    thread = _EngineThread(profile)
    await thread.start()
    try:
        yield Account(thread)
    finally:
        await thread.stop()
