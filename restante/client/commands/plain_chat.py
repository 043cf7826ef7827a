"""`restante chat --plain`: the chat as lines, on the running engine or as the engine itself.

Rule: whatever ends it, what was typed is kept or sent. Spec: docs/plain.md.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import trio

from restante.client.commands.output import Output
from restante.client.log import open_log_of
from restante.client.own_engine import open_own_engine
from restante.client.plain.run import Sitting, run_plain
from restante.client.profile import Profile, no_profile
from restante.client.running import engine_for
from restante.errors import ExitCode
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.crypto.keys import ProfileKey


def plain_chat(out: Output, profile: Profile, key: ProfileKey | None = None) -> ExitCode:
    """Take lines until they end. BrokenPipeError: nobody reads what is told any more."""
    if not profile.exists:
        raise no_profile(profile)
    open_log_of(profile, verbosity=out.verbosity)
    code = trio.run(_chat, profile, key)
    if code is None:
        raise BrokenPipeError
    return code


async def _chat(profile: Profile, key: ProfileKey | None) -> ExitCode | None:
    opener = partial(open_own_engine, key=key, may_wait=True)
    sitting = Sitting(descriptor=sys.stdin.fileno(), is_terminal=sys.stdin.isatty())
    async with open_loop(), engine_for(profile, opener) as seat:
        try:
            return await run_plain(seat.engine, sitting)
        except BrokenPipeError:  # said outside: each nursery would wrap it
            return None
