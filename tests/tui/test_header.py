"""What the header and the line below say of the other side, and of what is under way."""

from __future__ import annotations

import pytest

from restante.client.interface import (
    ConnectionPhase,
    ContactState,
    TransferProgress,
    TypingChanged,
)
from restante.client.tui.typing_watch import TypingWatch
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, tell
from tests.tui.talks import opened


def with_bob() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    return engine, engine.person("bob@relay.example", "Bob")


async def test_typing_and_presence_are_shown_while_they_last() -> None:
    engine, key = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.show_online(key)
        await t.until_shown("not verified · online")
        await t.until_shown("Bob ●")
        engine.tell(TypingChanged(conversation=key, is_typing=True))
        await t.until_shown("─ Bob is typing… ─", " typing… ", "not verified · online")
        engine.tell(TypingChanged(conversation=key, is_typing=False))
        await t.until_gone("typing…")

    await tell(engine, story, size=WIDE)


async def test_whoever_types_elsewhere_is_seen_in_the_list() -> None:
    engine, key = with_bob()
    kim = engine.person("kim@relay.example", "Kim")

    async def story(t: Teller) -> None:
        await t.until_shown("Bob", "Kim")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Bob")
        engine.tell(TypingChanged(conversation=kim, is_typing=True))
        await t.until_shown(" typing… ")
        assert "Bob is typing" not in t.screen_text()
        t.app._main.open_conversation(kim)
        await t.until_shown("Kim is typing…")
        await t.press("escape")
        t.app._main.open_conversation(key)
        await t.until_gone("is typing…")

    await tell(engine, story, size=WIDE)


async def test_notes_to_oneself_have_nobody_to_compare_numbers_with() -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    engine.person("sam@relay.example", "Note to self", state=ContactState.SELF)

    async def story(t: Teller) -> None:
        await t.until_shown("Note to self")
        await t.press("enter")
        await t.until_shown("only you can read this")

    await tell(engine, story, size=WIDE)


async def test_a_relay_that_is_not_there_yet_is_named_and_no_word_of_it_is_cut() -> None:
    engine, _ = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.go(ConnectionPhase.CONNECTING)
        await t.until_shown("Connecting to relay.example… You can read", "◌ Connecting")
        engine.go(ConnectionPhase.OFFLINE, error="Nobody answers.")
        await t.until_shown("Offline. Nobody answers.", "○ Offline")
        engine.go(ConnectionPhase.CONNECTING)
        await t.until_shown("Offline. You can read and write")
        engine.go(ConnectionPhase.CONNECTED)
        await t.until_gone("You can read")

    await tell(engine, story)


async def test_a_banner_is_as_high_as_its_text_at_any_width() -> None:
    engine, _ = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.go(ConnectionPhase.OFFLINE, error="The relay relay.example is restarting")
        await t.until_shown("is restarting")
        banner = t.app._main.pane.connection_banner
        for columns in (80, 160, 60, 130):
            await t.pilot.resize_terminal(columns, 24)
            await t.until(
                lambda: (
                    banner.size.height == banner._shown.plain.count("\n") + 1
                    and max(map(len, banner._shown.plain.split("\n"))) <= banner.size.width
                ),
                f"{columns} columns",
            )

    await tell(engine, story)


async def test_ones_own_typing_is_told_once_and_its_end_too() -> None:
    engine, key = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("hello")
        await t.until(lambda: engine.typed == [(key, True)])
        await t.press("enter")
        await t.until(lambda: engine.typed == [(key, True), (key, False)])

    await tell(engine, story)


def test_typing_is_told_again_only_after_a_while() -> None:
    told: list[tuple[str, bool]] = []
    now_s = 100.0
    watch = TypingWatch(
        None,  # type: ignore[arg-type]  # nothing here sets a timer
        tell=lambda key, is_typing: told.append((key, is_typing)),
        show=lambda _key, _names: None,
        now_s=lambda: now_s,
    )
    watch.ours("bob", "h")
    watch.ours("bob", "he")
    assert told == [("bob", True)]
    now_s = 106.0
    watch.ours("bob", "hel")
    watch.ours("kim", "x")
    assert told == [("bob", True), ("bob", True), ("kim", True)]
    watch.ours("kim", " ")
    watch.stop()
    assert told[3:] == [("kim", False)]


async def test_the_time_that_messages_stay_is_chosen_and_shown() -> None:
    engine, key = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("ctrl+p")
        await t.paste("Disappearing")
        await t.until_shown("How long messages stay")
        await t.press("enter")
        await t.until_shown("Off: messages stay", "1 week")
        await t.press("down", "down", "down", "enter")
        await t.until_shown("timer 1 day")
        assert engine.people[key].timer_s == 86_400

    await tell(engine, story, size=WIDE)


@pytest.mark.parametrize(
    ("left_s", "shown"),
    [(None, "History 42 %"), (45.2, "History 42 %, 45 seconds"), (190.0, "42 %, 3 minutes")],
)
async def test_a_history_under_way_says_how_far_it_is(left_s: float | None, shown: str) -> None:
    engine, _ = with_bob()
    progress = TransferProgress(
        direction="in",
        device="ab" * 16,
        done_bytes=42_000,
        total_bytes=100_000,
        rate_bytes_s=1_000,
        left_s=left_s,
        is_complete=False,
    )

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        engine.tell(progress)
        await t.until_shown(shown)

    await tell(engine, story)


async def test_a_device_that_is_none_any_more_says_so_for_as_long_as_it_is_open() -> None:
    engine, _ = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.go(ConnectionPhase.STOPPED, error="This device was revoked.")
        await t.until_shown("This device was revoked.")
        engine.go(ConnectionPhase.CONNECTED)
        await t.until_gone("This device was revoked.")

    await tell(engine, story)


async def test_a_history_that_lacks_something_says_so_and_who_may_have_it() -> None:
    engine, _ = with_bob()
    engine.history = "incomplete"

    async def story(t: Teller) -> None:
        await t.until_shown("Some of your history was lost", "Ask again")
        t.app._main.action_history()
        await t.until_shown("they expired.", "Ask tower for all of it again", "Leave it")
        await t.press("enter")
        await t.until_gone("Some of your history was lost")
        assert engine.history_log == [f"asked {engine.listed[1].id}"]
        engine.history = "incomplete"
        engine.go(ConnectionPhase.CONNECTED)
        await t.until_shown("Some of your history was lost")
        t.app._main.action_history()
        await t.until_shown("Leave it at what is here")
        await t.press("down", "enter")
        await t.until(lambda: engine.history_log[-1] == "dismissed")
        await t.until_gone("Some of your history was lost")
        t.app._main.action_history()
        await t.until_shown("Your history is complete")

    await tell(engine, story, size=WIDE)
