"""Telling a story to the interface: it runs headless inside trio, as in earnest.

A story is an asyncio function that presses keys through a Pilot and looks at what is shown. Rule:
nothing is slept for; `until` waits for what must come to be.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, cast

import trio
from textual import events
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from trio_asyncio import aio_as_trio, current_loop, open_loop

from restante.client.interface import Engine, Protection
from restante.client.tui.app import RestanteApp
from restante.client.tui.glyphs import UNICODE, Glyphs
from restante.client.tui.preferences import Preferences
from restante.client.tui.stage import Stage
from tests.tui.scripted_parts import NOW

Story = Callable[["Teller"], Awaitable[None]]

PATIENCE_S = 40
"""Less than a story may take: what is on the screen says more than that time ran out."""

STANDARD = (80, 24)
WIDE = (160, 48)


class Teller:
    """What a story has in its hands."""

    def __init__(self, app: RestanteApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {" ": "space", ":": "colon", "@": "at", ".": "full_stop", "#": "number_sign"}
        await self.pilot.press(*(names.get(character, character) for character in text))

    async def paste(self, text: str) -> None:
        """Paste a text."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, is_so: Callable[[], object], what: str = "") -> None:
        """Wait until something is so; after PATIENCE_S say what was on the screen instead."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            await self.pilot.pause(0.01)
            if is_so():
                return
        raise AssertionError(f"never came: {what}\n{self.screen_text()}")

    async def until_shown(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        await self.until(lambda: all(text in self.screen_text() for text in texts), str(texts))

    async def until_gone(self, text: str) -> None:
        """Wait until a text is not on the screen."""
        await self.until(lambda: text not in self.screen_text(), f"without {text}")

    async def begun(self, *texts: str) -> None:
        """Wait until the chats are there, with these texts, and keys go to them."""
        await self.until_shown(*texts)
        await self.until(lambda: self.app._main.list.has_focus, "the chats have the focus")

    def screen_text(self) -> str:
        """Return what is on the screen, as lines."""
        screen = self.app.screen
        width = screen.size.width
        strips = screen._compositor.render_strips()
        lines = "\n".join(strip.text[:width].rstrip() for strip in strips)
        return lines.replace("\N{NO-BREAK SPACE}", " ")


class Drawing(HeadlessDriver):
    """A terminal that isn't there, but is drawn for: a headless app leaves its last step out."""

    is_headless = False  # type: ignore[assignment]  # a property there
    count = 0
    """How often something was drawn."""

    def write(self, data: str) -> None:
        """Take what a terminal would."""
        type(self).count += bool(data)


class NeverLocked:
    """An engine that stands alone, without the one before it that can forget its keys."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def protection(self) -> Protection:
        return Protection(kept_by="file", is_locked=False, wait_s=0)


def stage(
    engine: Engine,
    *,
    glyphs: Glyphs = UNICODE,
    now: Callable[[], datetime] = lambda: NOW,
    patience_s: float = 0.01,
    preferences: Preferences | None = None,
) -> Stage:
    """A stage whose clock stands still, in UTC."""
    return Stage(
        engine=engine if hasattr(engine, "protection") else cast("Engine", NeverLocked(engine)),
        now=now,
        zone=UTC,
        usual_glyphs=glyphs,
        preferences=preferences or Preferences(),
        patience_s=patience_s,
    )


async def tell(
    engine: Engine,
    story: Story,
    *,
    size: tuple[int, int] = STANDARD,
    on: Stage | None = None,
    deadline_s: float = 60,
    driver: type[Driver] | None = None,
) -> None:
    """Run the interface with an engine and let a story happen to it; headless without a driver."""

    async def run(app: RestanteApp) -> None:
        headless = driver is None
        async with app.run_test(headless=headless, size=size, notifications=True) as pilot:
            await story(Teller(app, pilot))

    with trio.fail_after(deadline_s):
        # An engine with a database has the loop open already, and one is enough.
        loop = nullcontext() if current_loop.get() is not None else open_loop()
        async with loop, engine.subscribe() as events, trio.open_nursery() as nursery:
            app = RestanteApp(on or stage(engine), driver=driver)

            async def deliver() -> None:
                async for event in events:
                    app.take_event(event)

            nursery.start_soon(deliver)
            await aio_as_trio(run)(app)
            nursery.cancel_scope.cancel()
