"""`restante chat`: the screen, on the running engine or as the engine itself.

Rule: signals end it in order, with the terminal given back. Spec: docs/cli.md, section "chat".
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import trio

from restante.client.commands.output import Output
from restante.client.commands.seats import Seats
from restante.client.own_engine import open_log_of, open_own_engine
from restante.client.profile import Profile, locate_profile, profile_names
from restante.errors import ExitCode
from restante.store.seam import open_loop

if TYPE_CHECKING:
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
            engine = await seats.show(profile, partial(open_own_engine, key=key, may_wait=True))
            others = tuple(name for name in profile_names(os.environ) if name != profile.name)
            accounts = Accounts(current=profile.name, others=others)
            exit_code, next_name = await run_tui(engine, accounts, profile.interface_path)
            if next_name is None:
                nursery.cancel_scope.cancel()
                return exit_code
            profile, key = locate_profile(next_name, os.environ), None
