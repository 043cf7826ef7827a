"""Where Textual's asyncio meets the trio loop it runs in. The only such place of the TUI.

Rule: handlers of Textual call the engine through `ask`; the engine's events enter through `host`,
in the order they came; a signal ends the app in order.
Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import ParamSpec, Protocol, TypeVar

import trio
from trio_asyncio import aio_as_trio, trio_as_aio

from restante.client.hearing import heard
from restante.client.interface import Engine, Event, EventStream
from restante.errors import ExitCode, UserError

P = ParamSpec("P")
T = TypeVar("T")

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Hosted(Protocol):
    """What `host` needs of an app."""

    async def run_async(self) -> object:
        """Run until it exits (asyncio)."""

    def take_event(self, event: Event) -> None:
        """Take an event of the engine; never blocks."""

    def end(self, exit_code: ExitCode) -> None:
        """Begin to exit."""

    when_shown: Callable[[], object]
    """Called once the first frame is there."""

    @property
    def return_code(self) -> int | None:
        """How it ended."""


async def ask(call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the engine (trio) from a handler of Textual (asyncio); errors come through as they are,
    but for a sentence's language.

    Cancelling the handler cancels the call.
    """
    try:
        answer: T = await trio_as_aio(call)(*args, **kwargs)
    except UserError as error:
        error.args = (heard(str(error)),)
        raise
    return answer


async def breathe() -> None:
    """Let whatever else waits in the loop go first (asyncio)."""
    await asyncio.sleep(0)


async def host(
    app: Hosted, engine: Engine, opening: Callable[[], Awaitable[object]] | None = None
) -> int:
    """Run an app inside trio, under an open trio-asyncio loop, and return its exit code.

    Subscribes before the app reads anything, so that nothing falls between. SIGTERM, SIGHUP and
    SIGINT end the app in order, with `finally` blocks run and code 130.
    Raises what `opening` raises, which is run once the first frame is there.
    """
    failures: list[Exception] = []
    async with engine.subscribe() as events, trio.open_nursery() as nursery:
        await nursery.start(_end_on_signal, app)
        nursery.start_soon(_deliver, events, app)
        if opening is not None:
            shown = trio.Event()
            app.when_shown = shown.set
            nursery.start_soon(_open, opening, shown, app, failures)
        await aio_as_trio(app.run_async)()
        nursery.cancel_scope.cancel()
    if failures:
        raise failures[0]
    return app.return_code or 0


async def _open(
    opening: Callable[[], Awaitable[object]],
    shown: trio.Event,
    app: Hosted,
    failures: list[Exception],
) -> None:
    await shown.wait()
    try:
        await opening()
    except Exception as error:  # raised by `host` once the terminal is given back
        failures.append(error)
        app.end(ExitCode.UNAVAILABLE)


async def _deliver(events: EventStream, app: Hosted) -> None:
    async for event in events:
        app.take_event(event)


async def _end_on_signal(
    app: Hosted, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(*ENDING_SIGNALS) as signals:
        task_status.started()
        async for _ in signals:
            app.end(ExitCode.INTERRUPTED)
