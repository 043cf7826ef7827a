"""`restante chat`: the screen, on the running engine or as the engine itself.

Rule: signals end it in order, with the terminal given back. Spec: docs/cli.md, section "chat".
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import trio

from restante.client.commands.output import Output
from restante.client.own_engine import open_log_of, open_own_engine
from restante.client.profile import Profile, locate_profile, profile_names
from restante.client.running import engine_for
from restante.errors import ExitCode
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.crypto.keys import ProfileKey


def chat(out: Output, profile: Profile, key: ProfileKey | None = None) -> ExitCode:
    """Show the screen until it is closed; a first start leads through setting up."""
    while True:
        profile.create()
        open_log_of(profile, verbosity=out.verbosity)
        exit_code, next_name = trio.run(_chat, profile, key)
        if next_name is None:
            return ExitCode(exit_code)
        profile, key = locate_profile(next_name, os.environ), None


async def _chat(profile: Profile, key: ProfileKey | None) -> tuple[int, str | None]:
    from restante.client.tui.run import run_tui  # noqa: PLC0415  (after the checks: it is heavy)
    from restante.client.tui.stage import Accounts  # noqa: PLC0415

    others = tuple(name for name in profile_names(os.environ) if name != profile.name)
    opener = partial(open_own_engine, key=key, may_wait=True)
    async with open_loop(), engine_for(profile, opener) as seat:
        accounts = Accounts(current=profile.name, others=others)
        return await run_tui(seat.engine, accounts, profile.interface_path)
