"""A profile's own engine, opened with the profile's key, settings and log.

Rule: the one place that knows how the engine is put together from a profile. Spec: docs/engine.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from restante.client.engine import open_engine
from restante.client.interface import Engine
from restante.client.log import open_log
from restante.client.profile import Profile
from restante.client.settings import read_settings
from restante.store.seam import open_loop


@contextlib.asynccontextmanager
async def open_own_engine(profile: Profile) -> AsyncIterator[Engine]:
    """Open a profile's engine for the length of the block, inside `seam.open_loop`."""
    settings = read_settings(profile.settings_path)
    async with open_engine(
        profile.directory,
        profile.database_key(),
        profile=profile.name,
        proxy=settings.network.proxy or None,
    ) as engine:
        yield engine


@contextlib.asynccontextmanager
async def open_engine_alone(profile: Profile) -> AsyncIterator[Engine]:
    """Open a profile's engine where nothing else needs the loop: for a one-shot command."""
    async with open_loop(), open_own_engine(profile) as engine:
        yield engine


def open_log_of(profile: Profile, *, verbosity: int) -> None:
    """Log to the profile's file from now on, as its settings say."""
    settings = read_settings(profile.settings_path)
    open_log(profile.log_path, verbosity=verbosity, max_bytes=settings.log.max_bytes)
