"""The lock screen: nothing is left behind it, the passphrase opens it, wrong ones slow down."""

from __future__ import annotations

import gc
from datetime import timedelta
from weakref import ref

import pytest
import trio

from restante.client.tui.preferences import Preferences
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import NOW
from tests.tui.stories import WIDE, Drawing, Teller, stage, tell

OWLS = "three small owls"
SECRET = "the heron is in the third reed"


def an_engine(*, locked: bool) -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine()
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(bob, SECRET)
    engine.put_under(OWLS, locked=locked)
    return engine, bob


async def test_a_key_locks_at_once_and_keeps_the_draft() -> None:
    engine, bob = an_engine(locked=False)

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown(SECRET, "Message Bob")
        await t.paste("half a sentence")
        await t.press("ctrl+l")
        await t.until(lambda: t.app.was_locked)
        assert engine.is_locked
        assert engine.people[bob].draft == "half a sentence"

    await tell(engine, story)


@pytest.mark.parametrize("fails", [False, True])
async def test_nothing_is_shown_for_as_long_as_the_locking_takes(*, fails: bool) -> None:
    engine, _ = an_engine(locked=False)
    engine.may_lock = trio.Event()

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown(SECRET)
        await t.press("ctrl+p")
        t.app.notify("a notice", timeout=60)
        await t.until_shown("Search for commands", "a notice", "F1 Help")
        drawn = t.app._driver.count
        await t.press("ctrl+l")
        await t.until(lambda: not t.screen_text().strip(), "an empty screen")
        t.app.on_resize()
        await t.until(lambda: t.app._driver.count > drawn + 1, "drawn empty, as a whole")
        assert engine.may_lock is not None
        if fails:
            engine.passphrase = None
        engine.may_lock.set()
        if fails:
            await t.until_shown("Search for commands", "a notice", "F1 Help")
            assert not t.app.was_locked
        else:
            await t.until(lambda: t.app.was_locked)

    await tell(engine, story, driver=Drawing)


@pytest.mark.parametrize("size", [(80, 24), WIDE])
async def test_locked_shows_a_line_and_nothing_else(size: tuple[int, int]) -> None:
    engine, _ = an_engine(locked=True)

    async def story(t: Teller) -> None:
        await t.until_shown("Locked", "Type your passphrase")
        await t.press("ctrl+k", "ctrl+n", "ctrl+t", "f2", "ctrl+g", "ctrl+l", "ctrl+f")
        await t.type("x")
        shown = t.screen_text()
        assert SECRET not in shown
        assert "Bob" not in shown
        assert "•" in shown
        await t.press("backspace")
        await t.paste("three large owls")
        await t.press("enter")
        await t.until_shown("This is not the passphrase.")
        assert "owls" not in t.screen_text()
        await t.paste(OWLS)
        assert "owls" not in t.screen_text()
        await t.press("enter")
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown(SECRET)

    await tell(engine, story, size=size)


async def test_wrong_passphrases_make_it_wait() -> None:
    engine, _ = an_engine(locked=True)
    engine.wait_s = 2

    async def story(t: Teller) -> None:
        await t.until_shown("Locked")
        await t.paste("three large owls")
        await t.press("enter")
        await t.until_shown("Wait 2 s before the next try.")

    await tell(engine, story)


async def test_who_has_to_wait_sees_how_long_and_types_nothing() -> None:
    engine, _ = an_engine(locked=True)
    engine.wait_now_s = 3

    async def story(t: Teller) -> None:
        await t.until_shown("Next try in ")
        engine.wait_now_s = 0
        await t.press("enter")
        assert engine.unlock_count == 0
        await t.until_gone("Next try")
        await t.paste(OWLS)
        await t.press("enter")
        await t.until_shown("Bob")

    await tell(engine, story)


async def test_it_is_locked_and_unlocked_elsewhere() -> None:
    engine, _ = an_engine(locked=False)

    async def locked(t: Teller) -> None:
        await t.until_shown("Bob")
        engine.be_locked()
        await t.until(lambda: t.app.was_locked)

    async def unlocked(t: Teller) -> None:
        await t.until_shown("Locked")
        engine.be_unlocked()
        await t.until_shown("Bob")

    await tell(engine, locked)
    await tell(engine, unlocked)


async def test_a_call_that_meets_the_lock_is_an_end_and_no_crash() -> None:
    engine, _ = an_engine(locked=False)

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        engine.is_locked = True  # and the event is late
        t.app.run_worker(t.app._main.reload())
        await t.until(lambda: t.app.was_locked)
        assert not t.app._exit_renderables

    await tell(engine, story)


async def test_without_a_passphrase_nothing_is_locked_and_one_can_be_set() -> None:
    engine, _ = an_engine(locked=False)
    engine.passphrase = None

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("ctrl+l")
        await t.until_shown("There is no passphrase yet")
        await t.press("ctrl+p")
        await t.paste("Security: Passphrase")
        await t.until_shown("Set one for this device")
        await t.until_gone("Find a chat by name")
        await t.press("enter")
        await t.until_shown("It locks your keys")
        await t.paste("short")
        await t.press("enter")
        await t.paste("other")
        await t.press("enter")
        await t.until_shown("two different passphrases")
        await t.paste("short")
        await t.press("enter")
        await t.until_shown("at least 8")
        assert "short" not in t.screen_text()
        await t.press("shift+tab", "ctrl+a", "ctrl+k")
        await t.paste(OWLS)
        await t.press("tab", "ctrl+a", "ctrl+k")
        await t.paste(OWLS)
        await t.press("enter")
        await t.until_shown("The passphrase is set.")
        assert engine.passphrase == OWLS

    await tell(engine, story, size=WIDE)


async def test_it_locks_by_itself_when_nobody_is_there() -> None:
    engine, _ = an_engine(locked=False)
    preferences = Preferences()
    preferences.set("lock_after", "5")
    clock = [NOW]

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        clock[0] = NOW + timedelta(minutes=4, seconds=59)
        t.app.lock_if_unused()
        await t.press("down")  # somebody is there
        clock[0] = NOW + timedelta(minutes=9)
        t.app.lock_if_unused()
        await t.pilot.pause()
        assert not engine.is_locked
        clock[0] = NOW + timedelta(minutes=9, seconds=59)
        t.app.lock_if_unused()
        await t.until(lambda: t.app.was_locked)

    await tell(engine, story, on=stage(engine, now=lambda: clock[0], preferences=preferences))


async def test_nothing_that_was_shown_is_left_when_it_has_ended() -> None:
    engine, bob = an_engine(locked=False)
    shown: list[ref[object]] = []

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        engine.hear(bob, SECRET)
        await t.until_shown(SECRET)
        main = t.app._main
        shown.extend(map(ref, (t.app, main, main.pane.messages)))
        await t.press("ctrl+l")
        await t.until(lambda: t.app.was_locked)

    await tell(engine, story)
    gc.unfreeze()
    gc.collect()
    assert [each() for each in shown] == [None, None, None]
