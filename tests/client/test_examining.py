"""`restante doctor`: each fault is found, named, and comes with what to do about it."""

from __future__ import annotations

import os
import termios
import threading
from pathlib import Path

import pytest

from restante.client.engine import open_engine
from restante.client.examining.outside import look_outside
from restante.client.examining.terminal import Answers, ask, look_at_terminal, read_answers
from restante.client.interface import Finding
from restante.client.keeping.changing import keep_otherwise
from restante.client.keeping.protection import open_key
from restante.client.lock import ProfileLock
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from restante.store.client_account import set_value
from restante.store.client_checking import is_sound, size_bytes
from restante.store.seam import open_loop
from tests.client.served_engine import make_profile
from tests.client.world import TurnedClock, a_world
from tests.store.profiles import profile

UTF8 = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def looked(profile: Profile, *, is_tty: bool = False, **environ: str) -> dict[str, Finding]:
    found = look_outside(profile, environ, is_tty=is_tty, ask=Answers)
    for each in found:
        assert each.found.endswith("."), each
        assert each.state in {"ok", "skipped"} or each.fix or each.found.count(".") > 1, each
    return {each.check: each for each in found}


def test_a_sound_profile_has_one_warning_that_its_key_is_in_a_file(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    found = looked(profile)
    assert {name: each.state for name, each in found.items()} == {
        "profile": "ok",
        "permissions": "ok",
        "keys": "warning",
        "settings": "ok",
        "engine": "ok",
        "disk": found["disk"].state,
        "terminal": "skipped",
    }
    assert "whoever has this profile's files" in found["keys"].found
    cheap = Stretching(passes=1, memory_bytes=8192)
    owls = Passphrase("three small owls")
    keep_otherwise(profile, open_key(profile), "passphrase", owls, stretching=cheap)
    assert looked(profile)["keys"].state == "ok"


def test_what_is_missing_damaged_or_open_to_others_is_found(tmp_path: Path) -> None:
    nobody = Profile(name="nobody", directory=tmp_path / "nobody")
    assert "restante init" in str(looked(nobody)["profile"].fix)
    profile = make_profile(tmp_path)
    profile.settings_path.write_text("[network\n")
    profile.settings_path.chmod(0o600)
    assert looked(profile)["settings"].state == "bad"
    profile.key_path.write_bytes(b"short")
    assert looked(profile)["keys"].state == "bad"
    (profile.directory / "x").write_text("")
    (profile.directory / "x").chmod(0o604)
    assert "chmod -R go=" in str(looked(profile)["permissions"].fix)
    profile.key_path.unlink()
    profile.database_path.write_bytes(b"history")
    assert "without its key file" in looked(profile)["profile"].found


def test_a_holder_that_does_not_answer_is_found(tmp_path: Path) -> None:
    profile = make_profile(tmp_path)
    with ProfileLock.try_acquire(profile) or pytest.fail("nobody holds it"):
        assert "doesn't answer" in looked(profile)["engine"].found
    assert looked(profile)["engine"].state == "ok"


@pytest.mark.parametrize(
    ("environ", "state"), [(UTF8, "ok"), ({"TERM": "dumb"}, "warning"), ({}, "warning")]
)
def test_a_terminal_is_told_by_what_it_says(
    tmp_path: Path, environ: dict[str, str], state: str
) -> None:
    found = looked(make_profile(tmp_path), is_tty=True, **environ)["terminal"]
    assert found.state == state or "character set" in found.found


GOOD = b"\x1b[3;3R\x1b[?2004;2$y\x1b_Gi=31;OK\x1b\\\x1b[?62;4c"


def test_what_a_terminal_answers_is_read_and_it_is_left_as_it_was() -> None:
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)

    def answer() -> None:
        asked = b""
        while b"\x1b[c" not in asked:
            asked += os.read(ours, 4096)
        os.write(ours, GOOD)

    terminal = threading.Thread(target=answer)
    terminal.start()
    try:
        answers = ask(theirs, patience_s=60)
        assert answers == Answers(
            wide_cells=2, marks_pastes=True, has_kitty=True, has_sixel=True, has_answered=True
        )
        assert termios.tcgetattr(theirs) == before
        assert ask(theirs, patience_s=0.0) == Answers(), "who says nothing keeps nobody waiting"
    finally:
        terminal.join()
        os.close(ours)
        os.close(theirs)


def test_each_ability_that_lacks_has_what_to_do() -> None:
    poor = read_answers(b"\x1b[3;2R\x1b[?2004;0$y\x1b[?1;2c")
    found = {each.check: each for each in look_at_terminal({"TERM": "vt100"}, poor)}
    for name in ("colours", "width", "paste"):
        assert found[name].state == "warning"
        assert found[name].fix
    assert "half-blocks" in found["pictures"].found
    kitty = {"TERM": "xterm-kitty", "COLORTERM": "truecolor", "TMUX": "x"}
    found = {each.check: each for each in look_at_terminal(kitty, read_answers(GOOD))}
    assert "allow-passthrough" in str(found["notices"].fix)
    del found["notices"]
    assert {each.state for each in found.values()} == {"ok"}
    silent = {each.check for each in look_at_terminal(UTF8, Answers())}
    assert silent == {"colours", "pictures", "notices"}


async def test_the_engine_looks_at_its_database_its_relay_and_its_clock(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice:
            found = {each.check: each for each in await alice.examine()}
            assert {name: each.state for name, each in found.items()} == {
                "database": "ok",
                "relay": "ok",
                "clock": "ok",
            }
        clock = TurnedClock(ahead_ms=3 * 3_600_000)
        async with world.online("alice", clock=clock) as alice:
            found = {each.check: each for each in await alice.examine()}
            assert found["clock"].state == "warning"
            assert "3 hours ahead of" in found["clock"].found or "2 hours" in found["clock"].found
            clock.ahead_ms = -5 * 86_400_000
            found = {each.check: each for each in await alice.examine()}
            assert found["clock"].state == "bad"
            assert "behind" in found["clock"].found


async def test_a_relay_that_is_away_is_found(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await world.relay.stop()
        found = {each.check: each for each in await alice.examine()}
        assert found["relay"].state == "bad"
        assert "network" in str(found["relay"].fix)
        assert "clock" not in found


async def test_a_damaged_page_is_found_and_an_engine_says_what_to_do(tmp_path: Path) -> None:
    async with open_loop(), open_engine(tmp_path, bytes(32)) as engine:
        found = {each.check: each for each in await engine.examine()}
        assert (found["database"].state, found["relay"].state) == ("ok", "skipped")
    path = tmp_path / "other" / "profile.db"
    path.parent.mkdir()
    async with profile(path.parent) as db:
        await db.write(set_value, "large", bytes(100_000))
        assert await is_sound(db.database)
        assert await size_bytes(db.database) > 100_000
    content = bytearray(path.read_bytes())
    content[-40_000] ^= 1
    path.write_bytes(content)
    async with profile(path.parent) as db:
        assert not await is_sound(db.database)
