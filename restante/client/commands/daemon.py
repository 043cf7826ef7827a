"""`restante daemon`: keep a profile connected without a screen, until it is told to end.

Rule: it takes turns with the chat and one-shot commands: while another process runs the engine it
stands by, and goes on when that ends. Spec: docs/cli.md, section "daemon".
"""

from __future__ import annotations

import signal

import trio

from restante.client.commands.output import Output
from restante.client.lock import holder
from restante.client.own_engine import open_log_of, open_own_engine
from restante.client.profile import Profile, no_profile
from restante.client.running import Seat, engine_for
from restante.errors import ExitCode
from restante.store.seam import open_loop


def daemon(out: Output, profile: Profile) -> ExitCode:
    """Run until SIGTERM or SIGHUP (0) or Ctrl-C (130)."""
    if not profile.exists:
        raise no_profile(profile)
    open_log_of(profile, verbosity=out.verbosity)
    return trio.run(_daemon, out, profile)


async def _daemon(out: Output, profile: Profile) -> ExitCode:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_run, out, profile)
            number = await anext(aiter(signals))
            nursery.cancel_scope.cancel()
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.OK


async def _run(out: Output, profile: Profile) -> None:
    async with open_loop(), engine_for(profile, open_own_engine) as seat:
        if not seat.is_host:
            out.note(
                f"Another Restante (process {holder(profile)}) runs this profile now; this one "
                "goes on when that ends."
            )
        await seat.wait_host()
        await _say_ready(out, seat, profile)
        await trio.sleep_forever()


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
