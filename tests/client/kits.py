"""Recovery kits in tests: confirmed, and an empty profile to bring an account back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.engine import open_engine
from tests.client.world import QUICK, key_of

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from restante.client.context import Tuning
    from restante.client.engine import LocalEngine


async def confirm_kit(engine: LocalEngine) -> list[str]:
    """Do as the user does; return the words."""
    words = (await engine.recovery_kit()).words
    asked = await engine.recovery_challenge()
    await engine.recovery_confirm([words[place - 1] for place in asked])
    return words


def an_empty_profile(
    place: Path, *, tuning: Tuning = QUICK
) -> AbstractAsyncContextManager[LocalEngine]:
    place.mkdir(exist_ok=True)
    return open_engine(place, key_of("new"), profile="new", tuning=tuning)
