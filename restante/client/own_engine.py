"""A profile's own engine, opened with the profile's key, settings and log.

Rule: the one place that knows how the engine is put together from a profile. Spec: docs/engine.md.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Final, cast

import trio

from restante.client.context import Tuning
from restante.client.engine import open_engine
from restante.client.interface import Engine
from restante.client.keeping.asking import key_from_file
from restante.client.keeping.guarded import guarded
from restante.client.profile import Profile
from restante.client.settings import read_settings
from restante.crypto.keys import ProfileKey
from restante.store.seam import open_loop

PUT_OFF_S: Final = 5.0
"""How long an engine that runs for one message puts off its housekeeping."""


@contextlib.asynccontextmanager
async def open_own_engine(
    profile: Profile,
    *,
    key: ProfileKey | None = None,
    may_wait: bool = False,
    lock_after_s: float | None = None,
    is_brief: bool = False,
) -> AsyncIterator[Engine]:
    """Open a profile's engine for the length of the block, inside `seam.open_loop`.

    `key`: where it was given already. Without one, a profile under a passphrase is opened locked
    if `may_wait`, else refused with LockedError. `is_brief`: what nobody waits for begins late.
    """
    settings = read_settings(profile.settings_path)

    @contextlib.asynccontextmanager
    async def opened(key: ProfileKey) -> AsyncIterator[Engine]:
        async with open_engine(
            profile.directory,
            key.raw,
            profile=profile.name,
            proxy=settings.network.proxy or None,
            tuning=Tuning(housekeeping_delay_s=PUT_OFF_S) if is_brief else None,
        ) as engine:
            yield cast(Engine, engine)  # what it lacks is what `guarded` adds

    key = key or await trio.to_thread.run_sync(key_from_file, profile, os.environ)
    async with guarded(
        profile, opened, key=key, may_wait=may_wait, lock_after_s=lock_after_s
    ) as engine:
        yield engine


@contextlib.asynccontextmanager
async def open_engine_alone(
    profile: Profile, *, key: ProfileKey | None = None, is_brief: bool = False
) -> AsyncIterator[Engine]:
    """Open a profile's engine where nothing else needs the loop: for a one-shot command."""
    async with open_loop(), open_own_engine(profile, key=key, is_brief=is_brief) as engine:
        yield engine
