"""On a small terminal: whatever is open, its keys are in sight, and nothing is cut."""

from __future__ import annotations

from restante.client.interface import Trust
from tests.tui.scenes import village
from tests.tui.stories import Teller, tell

SMALL = (60, 18)


async def test_every_dialog_shows_its_keys() -> None:
    engine = village()
    engine.recovery = "unconfirmed"
    noor = next(p for p in engine.people.values() if p.petname == "Noor")
    bob = next(p for p in engine.people.values() if p.trust is Trust.CHANGED)
    group = engine.meeting("Sunday walks", {noor.key: "member"})

    async def story(t: Teller) -> None:
        main = t.app._main
        await t.until_shown("Alice Rivera", "Palette")
        main.open_conversation(group)
        await t.until_shown("Message Sunday walks")
        opens = (
            (t.app.action_help, "Help"),
            (t.app.action_settings, "Settings"),
            (t.app.action_keys, "Enter, then the new key."),
            (main.action_recovery, "Recovery kit"),
            (main.action_devices, "Your devices"),
            (main.action_search_all, "Search all chats"),
            (main.action_go_to, "A name, an address or a code"),
            (main.action_new_chat, "New chat"),
            (main.action_send_place, "Send a place"),
            (main.action_timer, "Disappearing messages"),
            (main.action_members, "2 members"),
            (main.action_posting, "Who may write"),
            (main.action_my_code, "restante:ck3J"),
            (lambda: main.action_about_member(noor.key), "Noor, member"),
            (lambda: main.act(main._verify(main._chats.get(noor.key))), "Safety number"),
            (lambda: main.act(main._accept_key(main._chats.get(bob.key))), "Accept the new key?"),
        )
        for action, title in opens:
            action()
            await t.until_shown(title)
            await t.until_shown(" Esc ")
            assert len(t.app.screen_stack) > 1, title
            await t.press("escape")
            await t.until(lambda: len(t.app.screen_stack) == 1, f"{title} is closed")

    await tell(engine, story, size=SMALL)


async def test_commands_are_offered_one_to_a_line() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.begun("Alice Rivera")
        await t.press("enter")
        await t.until_shown("Message Alice")
        await t.type("/se")
        await t.until_shown("/search-all", "/send-later")
        lines = [line.strip() for line in t.screen_text().splitlines()]
        offered = [line for line in lines if line.startswith("/")]
        assert len(offered) == 6
        first = lines.index(offered[0])
        assert lines[first : first + 6] == offered, "one below the other, with nothing between"

    await tell(engine, story, size=(40, 18))
