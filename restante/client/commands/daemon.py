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
from restante.client.keeping.protection import kept_by
from restante.client.lock import holder
from restante.client.log import open_log_of
from restante.client.own_engine import open_own_engine
from restante.client.profile import Profile, no_profile
from restante.client.running import Opener, Seat, engine_for
from restante.errors import ExitCode, UserError
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.crypto.keys import ProfileKey


def daemon(
    out: Output,
    profile: Profile,
    key: ProfileKey | None = None,
    *,
    lock_after_s: float | None = None,
) -> ExitCode:
    """Run until SIGTERM or SIGHUP (0) or Ctrl-C (130); locked when unused for so long, if at all.

    UserError: it couldn't be locked.
    """
    if not profile.exists:
        raise no_profile(profile)
    if lock_after_s is not None and kept_by(profile) != "passphrase":
        raise UserError(
            "A profile without a passphrase can't be locked. Set one: restante passphrase set"
        )
    open_log_of(profile, verbosity=out.verbosity)
    opener = partial(open_own_engine, key=key, may_wait=True, lock_after_s=lock_after_s)
    return trio.run(_daemon, out, profile, opener)


async def _daemon(out: Output, profile: Profile, opener: Opener) -> ExitCode:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_run, out, profile, opener)
            number = await anext(aiter(signals))
            nursery.cancel_scope.cancel()
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.OK


async def _run(out: Output, profile: Profile, opener: Opener) -> None:
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
