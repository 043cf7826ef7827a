"""Where the interface starts: `run_tui`.

Rule: what can't be shown is refused with a sentence before the terminal is touched.
Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path

from restante.client.interface import Engine
from restante.client.tui.app import RestanteApp
from restante.client.tui.bridge import host
from restante.client.tui.crash import offer_to_keep
from restante.client.tui.possible import is_in_browser, why_no_screen
from restante.client.tui.preferences import Preferences
from restante.client.tui.stage import Accounts, Stage
from restante.client.tui.terminal import choose_driver, kept_terminal
from restante.errors import UserError


async def run_tui(
    engine: Engine,
    accounts: Accounts,
    settings_path: Path,
    *,
    opening: Callable[[], Awaitable[object]] | None = None,
) -> tuple[int, str | None]:
    """Show the interface until the user quits; return the exit code, and which profile is next.

    Called inside trio, with a trio-asyncio loop open; the engine runs beside it. `opening` is run
    once the first frame is there, for an engine that only answers after it; what it raises ends
    the interface in order, and is raised here. Raises UserError
    where there is no terminal that could show it, or its settings are not as they should be.
    """
    if (why := why_no_screen()) is not None:
        raise UserError(why)
    stage = Stage.here(engine, accounts, Preferences(settings_path))
    with nullcontext() if is_in_browser() else kept_terminal():
        while True:
            app = RestanteApp(stage, driver=choose_driver())
            exit_code = await host(app, engine, opening)
            opening = None
            if not app.was_locked:
                break
            del app
            gc.unfreeze()
            gc.collect()  # what was on the screen must not stay in memory because of a cycle
    if app.crash_report and not is_in_browser():
        descriptor = sys.stdin.fileno()
        await offer_to_keep(app.crash_report, settings_path.parent, descriptor=descriptor)
    return exit_code, app.next_account
