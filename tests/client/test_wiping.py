"""Destroying a profile: the key goes first, and what runs forgets it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import trio

from restante.client.keeping.protection import open_key
from restante.client.keeping.wiping import wipe
from restante.client.own_engine import open_own_engine
from restante.client.running import engine_for
from restante.errors import UserError
from restante.store import failpoints
from restante.store.seam import open_loop
from tests.client.served_engine import make_profile


def test_all_of_it_goes_and_a_link_leads_nowhere(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("not ours")
    (profile.directory / "transfers").mkdir()
    (profile.directory / "transfers" / "1").write_bytes(b"sealed")
    (profile.directory / "link").symlink_to(elsewhere)
    wiped = wipe(profile)
    assert wiped.left == ()
    assert wiped.is_engine_closed
    assert not profile.directory.exists()
    assert (elsewhere / "kept").exists()


def test_the_key_is_overwritten_before_anything_else_goes(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    key = open_key(profile)
    profile.database_path.write_bytes(b"history")
    was_so: list[bool] = []

    def look(point: str) -> None:
        if point == "wiping.key_gone":
            is_first = profile.database_path.exists() and not profile.key_path.exists()
            was_so.append(is_first and key.raw not in old.read())

    failpoints.observe(look)
    try:
        with profile.key_path.open("rb") as old:
            wipe(profile)
    finally:
        failpoints.observe(lambda _point: None)
    assert was_so == [True]


def test_a_damaged_key_file_is_no_way_out(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    profile.key_path.write_bytes(b"damaged")
    assert wipe(profile).left == ()
    assert not profile.directory.exists()


async def test_what_runs_forgets_the_key_and_closes_its_files(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    with trio.fail_after(60):
        async with open_loop(), engine_for(profile, partial(open_own_engine)) as seat:
            assert (await seat.engine.status()).profile == "default"
            wiped = await trio.to_thread.run_sync(wipe, profile)
            assert wiped.is_engine_closed
            assert wiped.left == ()
            assert not profile.directory.exists()
            with pytest.raises(UserError):
                await seat.engine.status()
