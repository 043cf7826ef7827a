"""The recovery kit in the interface: reminded of, shown, and typed back."""

from __future__ import annotations

from restante.client.interface import Trust
from restante.client.tui.recovery_dialog import word_rows
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell

BANNER = "recovery kit isn't on paper"


def test_words_are_numbered_in_columns() -> None:
    rows = word_rows([f"word{number}" for number in range(1, 25)])
    assert len(rows) == 6
    assert rows[0].split() == ["1", "word1", "7", "word7", "13", "word13", "19", "word19"]
    assert {len(row) for row in word_rows(["a", "longest"] * 12)} == {48}  # lines are centred
    assert max(map(len, rows)) < 60


async def test_the_words_are_shown_and_three_are_typed_back() -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    engine.recovery = "unconfirmed"
    key = engine.person("bob@relay.example", "Bob")

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown("Message Bob")
        assert BANNER not in t.screen_text()
        engine.hear(key, "first words")
        await t.until_shown(BANNER)
        engine.change_trust(key, Trust.CHANGED)  # a reminder can wait
        await t.until_shown("Sending is paused")
        await t.until_gone(BANNER)
        engine.change_trust(key, Trust.VERIFIED)
        await t.until_shown(BANNER)
        await t.press("ctrl+p")
        await t.paste("Recovery")
        await t.until_shown("24 words that bring")
        await t.press("enter")
        await t.until_shown("24 word24", "Write these 24 words on paper")
        await t.press("enter")
        await t.until_shown("Type words 3, 11 and 20")
        assert "word24" not in t.screen_text()
        await t.paste("word3 word11 word21")
        await t.press("enter")
        await t.until_shown("Those are not the words.")
        await t.press("ctrl+u")
        await t.paste("Word3 word11  word20")
        await t.press("enter")
        await t.until_shown("nowhere else")
        assert BANNER not in t.screen_text()

    await tell(engine, story)


async def test_later_is_an_answer_for_this_time() -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    engine.recovery = "unconfirmed"
    engine.hear(engine.person("bob@relay.example", "Bob"), "hello")

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown(BANNER)
        await t.press("ctrl+p")
        await t.paste("Recovery")
        await t.until_shown("24 words that bring")
        await t.press("enter")
        await t.until_shown("Write these 24 words")
        await t.press("escape")
        await t.until_gone(BANNER)

    await tell(engine, story)
