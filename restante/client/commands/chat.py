"""`restante chat`: the screen, on the running engine or as the engine itself.

Rule: signals end it in order, with the terminal given back. The screen is there first: what an
engine needs is imported after it, and not at all where another process is the engine.
Spec: docs/cli.md, section "chat".
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import trio

from restante.client.commands.output import Output
from restante.client.commands.seats import Seats
from restante.client.log import open_log_of
from restante.client.profile import Profile, locate_profile, profile_names
from restante.errors import ExitCode
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.client.interface import Engine
    from restante.crypto.keys import ProfileKey


def chat(out: Output, profile: Profile, key: ProfileKey | None = None) -> ExitCode:
    """Show the screen until it is closed; a first start leads through setting up."""
    return ExitCode(trio.run(_chat, out, profile, key))


async def _chat(out: Output, profile: Profile, key: ProfileKey | None) -> int:
    from restante.client.tui.preferences import Preferences  # noqa: PLC0415  (it is heavy)
    from restante.client.tui.run import run_tui  # noqa: PLC0415
    from restante.client.tui.stage import Accounts  # noqa: PLC0415

    def lock_after_s(left: Profile) -> float | None:
        minutes = Preferences(left.interface_path)["lock_after"]
        return None if minutes == "off" else 60.0 * int(minutes)

    async with open_loop(), trio.open_nursery() as nursery:
        seats = Seats(nursery, lock_after_s=lock_after_s)
        while True:
            profile.create()
            open_log_of(profile, verbosity=out.verbosity)
            engine = seats.show(profile)
            opening = partial(seats.open, profile, partial(_open, key=key))
            others = tuple(name for name in profile_names(os.environ) if name != profile.name)
            accounts = Accounts(current=profile.name, others=others)
            exit_code, next_name = await run_tui(
                engine, accounts, profile.interface_path, opening=opening
            )
            if next_name is None:
                nursery.cancel_scope.cancel()
                return exit_code
            profile, key = locate_profile(next_name, os.environ), None


@asynccontextmanager
async def _open(profile: Profile, *, key: ProfileKey | None) -> AsyncIterator[Engine]:
    opener = await trio.to_thread.run_sync(_import_opener)  # the screen goes on meanwhile
    async with opener(profile, key=key, may_wait=True) as engine:
        yield engine


def _import_opener() -> Callable[..., AbstractAsyncContextManager[Engine]]:
    from restante.client.own_engine import open_own_engine  # noqa: PLC0415

    return open_own_engine
