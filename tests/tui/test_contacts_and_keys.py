"""Requests, keys that change, verification, names, finding and adding people."""

from __future__ import annotations

from restante.client.interface import ContactState, Trust
from tests.tui.scenes import village
from tests.tui.scripted_contacts import MY_CODE
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import Person
from tests.tui.stories import Teller, tell


def who(engine: ScriptedEngine, name: str) -> Person:
    return next(p for p in engine.people.values() if p.name.startswith(name))


async def go_to(t: Teller, name: str) -> None:
    await t.until_shown("● Connected ·")
    await t.press("ctrl+k")
    await t.until_shown("Go to")
    await t.type(name)
    await t.until_shown(name)
    await t.press("enter")
    await t.until_gone("Enter Open   ")


async def test_a_request_is_accepted_by_key_and_then_answered() -> None:
    engine = village()
    kim = who(engine, "kim")

    async def story(t: Teller) -> None:
        await go_to(t, "kim")
        await t.until_shown("wants to talk to you.", "Accept to answer.")
        assert not engine.marked_read, "a stranger doesn't learn that they were read"
        await t.press("a")
        await t.until(lambda: kim.state is ContactState.ACCEPTED)
        await t.until_shown("Message kim@elsewhere.example")
        await t.paste("Hello Kim")
        await t.press("enter")
        await t.until_shown("Hello Kim", "✓ sent")

    await tell(engine, story)


async def test_blocking_asks_first() -> None:
    engine = village()
    kim = who(engine, "kim")

    async def story(t: Teller) -> None:
        await go_to(t, "kim")
        await t.until_shown("Accept to answer.")
        await t.press("b")
        await t.until_shown("Block this contact?")
        await t.press("n")
        await t.until_gone("Block this contact?")
        assert kim.state is ContactState.REQUEST
        await t.press("b")
        await t.until_shown("Block this contact?")
        await t.press("y")
        await t.until(lambda: kim.state is ContactState.BLOCKED)
        await t.until_shown("You blocked this contact.")

    await tell(engine, story)


async def test_new_sessions_are_begun_from_the_palette_after_a_question() -> None:
    engine = village()
    noor = who(engine, "Noor")

    async def story(t: Teller) -> None:
        await go_to(t, "Noor")
        await t.until_shown("Message Noor")
        for answer in ("n", "y"):
            await t.press("ctrl+p")
            await t.paste("new sessions")
            await t.until_shown("Security: Begin new sessions")
            await t.press("enter", "enter")
            await t.until_shown("Begin new sessions?")
            assert engine.begun_anew == []
            await t.press(answer)
        await t.until_shown("New sessions with Noor.")
        assert engine.begun_anew == [noor.key]

    await tell(engine, story)


async def test_a_changed_key_pauses_sending_and_keeps_the_draft() -> None:
    engine = village()
    noor = who(engine, "Noor")

    async def story(t: Teller) -> None:
        await go_to(t, "Noor")
        await t.until_shown("Message Noor")
        await t.paste("the secret is")
        engine.change_trust(noor.key, Trust.CHANGED)
        await t.until_shown("Noor's security key changed", "! key changed")
        box = t.app._main.pane.box
        assert box.disabled
        assert box.text == "the secret is"
        await t.press("enter")
        assert len(noor.messages) == 1
        await t.press("question_mark")
        await t.until_shown("Why is sending paused?")

    await tell(engine, story)


async def test_accepting_a_changed_key_takes_the_word_and_not_a_key() -> None:
    engine = village()
    bob = who(engine, "Bob")

    async def story(t: Teller) -> None:
        await go_to(t, "Bob")
        await t.until_shown("security key changed")
        await t.press("a")
        await t.until_shown("Accept the new key?")
        await t.press("enter")
        await t.type("yes")
        await t.press("enter")
        await t.pilot.pause()
        assert bob.trust is Trust.CHANGED
        await t.press("backspace", "backspace", "backspace")
        await t.type("accept")
        await t.press("enter")
        await t.until(lambda: bob.trust is Trust.UNVERIFIED)
        await t.until_shown("Message Bob", "? not verified")

    await tell(engine, story)


async def test_a_request_under_another_key_takes_the_word_too() -> None:
    engine = village()
    kim = who(engine, "kim")
    kim.trust = Trust.CHANGED

    async def story(t: Teller) -> None:
        await go_to(t, "kim")
        await t.until_shown("security key changed", "Sending is paused.")
        await t.press("a")
        await t.until_shown("Accept the new key?")
        assert kim.state is ContactState.REQUEST
        await t.type("accept")
        await t.press("enter")
        await t.until(lambda: kim.state is ContactState.ACCEPTED)
        await t.until_shown("Message kim", "? not verified")

    await tell(engine, story)


async def test_a_changed_key_is_verified_by_comparing() -> None:
    engine = village()
    bob = who(engine, "Bob")

    async def story(t: Teller) -> None:
        await go_to(t, "Bob")
        await t.until_shown("security key changed")
        await t.press("v")
        await t.until_shown("Safety number", "12345", "64078")
        await t.press("v")
        await t.until(lambda: bob.trust is Trust.VERIFIED)
        await t.until_shown("✔ verified", "Message Bob")

    await tell(engine, story)


async def test_looking_at_a_number_changes_nothing() -> None:
    engine = village()
    noor = who(engine, "Noor")

    async def story(t: Teller) -> None:
        await go_to(t, "Noor")
        await t.until_shown("Message Noor")
        await t.press("shift+tab", "v")
        await t.until_shown("Safety number")
        await t.press("escape")
        await t.until_gone("Safety number")
        assert noor.trust is Trust.UNVERIFIED

    await tell(engine, story)


async def test_a_verification_is_taken_back_only_where_there_is_one() -> None:
    engine = village()
    mum, noor = who(engine, "Mum"), who(engine, "Noor")

    async def story(t: Teller) -> None:
        for person in (noor, mum):
            await go_to(t, person.name)
            await t.until_shown(f"Message {person.name}")
            await t.press("shift+tab", "v")
            await t.until_shown("Safety number")
            await t.press("u")
            await t.pilot.pause()
            if person is noor:
                assert "Safety number" in t.screen_text()
                await t.press("escape")
            await t.until_gone("Safety number")
        await t.until(lambda: mum.trust is Trust.UNVERIFIED)

    await tell(engine, story)


async def test_a_contact_is_renamed_and_named_back() -> None:
    engine = village()
    noor = who(engine, "Noor")

    async def story(t: Teller) -> None:
        await go_to(t, "Noor")
        await t.until_shown("Message Noor")
        await t.press("shift+tab", "n")
        await t.until_shown("Only you see this name.")
        await t.type("Noor K.")
        await t.press("enter")
        await t.until_shown("Message Noor K.")
        assert noor.petname == "Noor K."
        await t.press("shift+tab", "n")
        await t.until_shown("Only you see this name.")
        await t.press("ctrl+u", "enter")
        await t.until_shown("Message noor@relay.example")

    await tell(engine, story)


async def test_the_switcher_says_when_it_finds_nothing_and_offers_an_address() -> None:
    engine = village()
    engine.known["new@relay.example"] = "new@relay.example"

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("ctrl+k")
        await t.type("zzz")
        await t.until_shown("No match for 'zzz'.")
        await t.press("ctrl+u")
        await t.paste("new@relay.example")
        await t.until_shown("Start a chat with new@relay.example")
        await t.press("enter")
        await t.until_shown("Message new@relay.example", "No messages yet. Say hello")
        assert t.app._main.pane.box.has_focus

    await tell(engine, story)


async def test_a_pasted_code_adds_a_verified_contact() -> None:
    engine = village()
    code = "restante:c" + "A" * 32 + "new@relay.example"
    engine.known[code] = "new@relay.example"

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("ctrl+n")
        await t.until_shown("New chat")
        await t.paste(code)
        await t.press("enter")
        await t.until_shown("✔ verified", "Message new@relay.example")

    await tell(engine, story)


async def test_a_failed_look_up_keeps_what_was_typed() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("ctrl+n")
        await t.until_shown("New chat")
        await t.paste("nobody@relay.example")
        await t.press("enter")
        await t.until_shown("Nobody is known there.", "nobody@relay.example")
        await t.press("escape")
        await t.until_gone("New chat")

    await tell(engine, story)


async def test_one_s_own_code_fits_the_smallest_screen_and_is_copied() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("f4")
        await t.until_shown(MY_CODE, "Copy")
        assert sum("█" in line or "▀" in line for line in t.screen_text().splitlines()) >= 17
        await t.press("c")
        await t.until(lambda: t.app.clipboard == MY_CODE)
        await t.press("escape")
        await t.until_shown("Find or start a chat")

    await tell(engine, story, size=(80, 24))


async def test_help_opens_and_closes_with_the_same_key() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("f1")
        await t.until_shown("Keep at top", "Esc Close")
        await t.press("f1")
        await t.until_gone("Esc Close")

    await tell(engine, story)


async def test_the_palette_offers_what_can_be_done_here_and_does_it() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("ctrl+p")
        await t.until_shown("Chat: Go to")
        assert "Message: Answer" not in t.screen_text(), "none is selected"
        await t.type("light")
        await t.until_shown("View: Light or dark")
        await t.press("enter")
        await t.until(lambda: t.app.theme == "restante-light")

    await tell(engine, story, size=(100, 40))


async def test_control_c_does_not_quit_and_control_q_does() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("ctrl+c")
        await t.until_shown("Press ^q to quit.")
        await t.press("ctrl+q")
        await t.until(lambda: not t.app._running or t.app._exit)

    await tell(engine, story)
