"""The passphrase of the first steps, on a real engine: the history is under another key then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from restante.client.engine import open_engine
from restante.client.keeping.guarded import guarded
from restante.client.keeping.protection import kept_by, open_key
from restante.client.tui.bridge import ask
from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import Passphrase, Stretching
from restante.store.client_rekeying import opens
from restante.store.sqlcipher import DatabaseKey
from tests.client.served_engine import make_profile
from tests.client.world import QUICK, a_world
from tests.tui.stories import Teller, tell

CHEAP = Stretching(passes=1, memory_bytes=8192)
OWLS = "three small owls"
PATIENCE_S = 120


async def test_a_passphrase_encrypts_the_history_anew_and_opens_it_again(tmp_path: Path) -> None:
    profile = make_profile(tmp_path / "carol")
    former = open_key(profile)

    @asynccontextmanager
    async def opened(key: ProfileKey) -> AsyncIterator[Any]:
        async with open_engine(
            profile.directory, key.raw, profile=profile.name, tuning=QUICK
        ) as engine:
            yield engine

    async with (
        a_world(tmp_path) as world,
        guarded(profile, opened, key=former, may_wait=False, stretching=CHEAP) as engine,
    ):
        assert opens(profile.database_path, DatabaseKey(former.raw)), "it is there before"

        async def first_steps(t: Teller) -> None:
            await t.until_shown("Step 1 of 3")
            await t.paste(world.address("carol"))
            await t.press("enter")
            await t.until_shown("Step 2 of 3", "Passphrase, or empty for none")
            for _ in range(2):
                await t.paste(OWLS)
                await t.press("enter")
            await t.until_shown("Step 3 of 3")
            await ask(engine.send, await ask(engine.resolve, "self"), "a note from then on")

        await tell(engine, first_steps, deadline_s=PATIENCE_S)
        assert kept_by(profile) == "passphrase"
        await engine.lock()

        async def unlocking(t: Teller) -> None:
            await t.until_shown("Locked", "Type your passphrase")
            await t.paste(OWLS)
            await t.press("enter")
            await t.until_gone("Type your passphrase")
            await t.until_shown("a note from then on")

        await tell(engine, unlocking, deadline_s=PATIENCE_S)
    key = open_key(profile, Passphrase(OWLS))
    assert opens(profile.database_path, DatabaseKey(key.raw))
    assert not opens(profile.database_path, DatabaseKey(former.raw))
