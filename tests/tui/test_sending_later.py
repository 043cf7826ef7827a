"""A text is sent later, listed, taken back; so is what has not gone out. Nothing typed is lost."""

from __future__ import annotations

from restante.client.interface import ConnectionPhase, MessageState
from tests.tui.scenes import minutes
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def a_talk() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(bob, "which harbour?", ago=minutes(2), is_read=True)
    return engine, bob


async def opened(t: Teller) -> None:
    await t.begun("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob", "which harbour?")


async def test_a_text_waits_for_its_time_and_can_be_taken_back() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("happy birthday")
        await t.press("ctrl+s")
        await t.until_shown("Send later")
        await t.type("soon")
        await t.press("enter")
        await t.until_shown("That is no time to come.")
        for _ in range(4):
            await t.press("backspace")
        await t.type("tomorrow 8")
        await t.until_shown("It goes out Wednesday 5 June, 08:00.")
        await t.press("enter")
        await t.until_shown("1 text goes out Wednesday 5 June, 08:00")
        assert [each.at for each in engine.later] == ["2024-06-05T08:00:00Z"]
        assert t.app._main.pane.box.text == ""
        assert engine.people[bob].messages[-1].body == "which harbour?"

        await t.press("ctrl+s")
        await t.until_shown("Sent later", "happy birthday")
        await t.press("d")
        await t.until(lambda: t.app._main.pane.box.text == "happy birthday")
        await t.until_gone("1 text goes out")
        assert not engine.later

    await tell(engine, story)


async def test_what_has_not_gone_out_is_taken_back_into_the_box_as_the_answer_it_was() -> None:
    engine, bob = a_talk()
    engine.go(ConnectionPhase.OFFLINE)

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.pane.messages.focus()
        await t.press("r")
        await t.type("the old one")
        await t.press("enter")
        await t.until_shown("queued")
        t.app._main.pane.messages.focus()
        await t.press("G")
        await t.until_shown("u Take back")
        await t.press("u")
        await t.until(lambda: t.app._main.pane.box.text == "the old one")
        await t.until_shown("Answer to Bob")
        assert len(engine.people[bob].messages) == 1

    await tell(engine, story)


async def test_what_failed_is_discarded_and_what_went_out_is_not_taken_back() -> None:
    engine, bob = a_talk()
    engine.hear(bob, "gone out", is_me=True, state=MessageState.RELAYED)
    failed = engine.hear(bob, "never", is_me=True, state=MessageState.FAILED)

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.pane.messages.focus()
        await t.until_shown("d Discard")
        await t.press("d")
        await t.until_shown("Discarded.")
        assert failed.id not in {each.id for each in engine.people[bob].messages}
        await t.until(lambda: t.app._main.selected is not None)
        await t.until_gone("Take back")
        await t.press("u")
        await t.pilot.pause()
        assert engine.people[bob].messages[-1].body == "gone out"

    await tell(engine, story)


async def test_an_edit_does_not_wait_and_nothing_waits_at_first() -> None:
    engine, bob = a_talk()
    engine.hear(bob, "mine", is_me=True)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("ctrl+s")
        await t.until_shown("Nothing waits for its time.")
        await t.press("up")
        await t.until_shown("Editing.")
        await t.press("ctrl+s")
        await t.until_shown("An edit can't wait.")
        assert t.app._main.pane.box.text == "mine"

    await tell(engine, story)
