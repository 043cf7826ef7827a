"""`restante daemon`: keep a profile connected without a screen, until it is told to end.

Rule: it takes turns with the chat and one-shot commands: while another process runs the engine it
stands by, and goes on when that ends. Spec: docs/cli.md, section "daemon".
"""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING

import trio

from restante.client.commands.output import Output
from restante.client.lock import holder
from restante.client.own_engine import open_log_of, open_own_engine
from restante.client.profile import Profile, no_profile
from restante.client.running import Seat, engine_for
from restante.errors import ExitCode
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.crypto.keys import ProfileKey


def daemon(out: Output, profile: Profile, key: ProfileKey | None = None) -> ExitCode:
    """Run until SIGTERM or SIGHUP (0) or Ctrl-C (130)."""
    if not profile.exists:
        raise no_profile(profile)
    open_log_of(profile, verbosity=out.verbosity)
    return trio.run(_daemon, out, profile, key)


async def _daemon(out: Output, profile: Profile, key: ProfileKey | None) -> ExitCode:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_run, out, profile, key)
            number = await anext(aiter(signals))
            nursery.cancel_scope.cancel()
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.OK


async def _run(out: Output, profile: Profile, key: ProfileKey | None) -> None:
    opener = partial(open_own_engine, key=key, may_wait=True)
    async with open_loop(), engine_for(profile, opener) as seat:
        if not seat.is_host:
            out.note(
                f"Another Restante (process {holder(profile)}) runs this profile now; this one "
                "goes on when that ends."
            )
        await seat.wait_host()
        await _until_unlocked(out, seat, profile)
        await _say_ready(out, seat, profile)
        await trio.sleep_forever()


async def _until_unlocked(out: Output, seat: Seat, profile: Profile) -> None:
    async with seat.subscribe() as events:
        protection = await seat.engine.protection()
        if not protection.is_locked:
            return
        kept_by = protection.kept_by
        said = {"profile": profile.name, "kept_by": kept_by, "is_locked": True}
        out.data({"type": "protection", **said}, None)
        out.note("The profile is locked, and nothing arrives. To go on: restante unlock")
        async for _ in events:  # the first is of an engine that has its keys
            return


async def _say_ready(out: Output, seat: Seat, profile: Profile) -> None:
    status = await seat.engine.status()
    out.data(
        {
            "type": "ready",
            "profile": profile.name,
            "address": status.address,
            "pid": status.pid,
            "socket": str(profile.socket_path),
        },
        None,
    )
    out.note(f"Running for {status.address or 'a profile without an account'}. Ctrl-C ends it.")
