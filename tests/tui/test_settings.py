"""Settings: one schema, in force at once, kept where they belong; and other keys than usual."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from textual.theme import BUILTIN_THEMES
from textual.widgets import OptionList

from restante.client.tui.app import RestanteApp
from restante.client.tui.help_text import screen_keys
from restante.client.tui.keymap import KeyLine, in_force, key_lines, spelled, whose
from restante.client.tui.preferences import Preferences
from restante.client.tui.settings_dialog import SettingsDialog
from restante.client.tui.settings_schema import BY_NAME, OF_MACHINE, SETTINGS
from restante.client.tui.theme import LIGHT
from restante.errors import UserError
from tests.rounds import rounds
from tests.tui.scenes import village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Drawing, Teller, stage, tell

DOCS = Path(__file__).resolve().parents[2] / "docs" / "tui.md"


def every_key() -> list[KeyLine]:
    return [*key_lines("Everywhere", RestanteApp.BINDINGS), *screen_keys()]


async def opened(t: Teller) -> None:
    await t.until_shown("● Connected ·")
    await t.press("enter")
    await t.until_shown("New · 2", "Message Alice")


async def test_what_is_the_person_s_goes_to_the_engine_and_shows_what_it_says() -> None:
    engine = ScriptedEngine(address="sam@relay.example")

    async def story(t: Teller) -> None:
        await t.press("f2")
        await t.until_shown("Read receipts           on", "see when they have.")
        await t.press("enter")
        await t.until_shown("Read receipts           off")
        assert engine.chosen["receipts"] == "off"
        engine.refuses = UserError("This device was revoked.")
        await t.press("enter")
        await t.until_shown("This device was revoked.", "Read receipts           off")
        await t.press("f2")
        await t.until_gone("Read receipts")

    await tell(engine, story)


async def test_what_is_the_machine_s_is_in_force_at_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "interface.toml"
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("f2")
        await t.until_shown("Theme")
        await t.press("down", "down", "down", "down", "down", "right")
        await t.until(lambda: t.app.theme == "restante-light")
        await t.press("enter")
        await t.until_shown("ansi-dark", "Enter Choose")
        await t.press("end", "enter")
        await t.until(lambda: t.app.theme not in {"restante-light", "restante-dark"})
        await t.press("down", "right")  # compact
        await t.press("down", "left")  # ASCII
        await t.press("down", "right", "down", "right")  # animation, twelve hours
        await t.press("escape")
        await t.until_shown("2:33 pm Alice", "vv read", "= verified", "| Did you get")
        assert "✓" not in t.screen_text()
        assert t.app.animation_level == "full"

    await tell(engine, story, on=stage(engine, preferences=Preferences(path)))
    kept = Preferences(path)
    assert {name: kept[name] for name in ("density", "glyphs", "animation", "clock")} == {
        "density": "compact", "glyphs": "ascii", "animation": "on", "clock": "12h",
    }  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600
    assert "# How times of day are written." in path.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("theme = 'pitch-dark'", "'theme' is one of"),
        ("receipts = 'on'", "no setting 'receipts'"),
        ("colour = 'red'", "no setting 'colour'"),
        ("clock = 12", "'clock' is one of 24h, 12h"),
        ("quiet_hours = 'nights'", "'quiet_hours': Hours as 22-7, or by weekday"),
        ("keys = 3", "'keys' gives a key"),
        ("[keys]\n'messages.reply' = 1", "'keys' gives a key"),
        ("clock = ", "Invalid value"),
        (b"\xff", "utf-8"),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    path = tmp_path / "interface.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=r"interface\.toml: .*Correct or remove it\.") as caught:
        Preferences(path)
    assert says in str(caught.value)


def test_what_can_t_be_kept_holds_and_says_so(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "gone" / "interface.toml")
    with pytest.raises(UserError, match="holds until you quit"):
        preferences.set("clock", "12h")
    assert preferences["clock"] == "12h"


async def test_a_start_reads_the_styles_once_in_the_colours_that_were_chosen() -> None:
    preferences = Preferences()
    preferences.set("theme", "nord")
    was = gc.isenabled()
    gc.disable()  # as the command does

    async def story(t: Teller) -> None:
        await t.begun("Alice Rivera")
        nord = t.app.available_themes["nord"]
        assert t.app.screen.styles.background.hex == str(nord.background).upper()
        await t.until(gc.isenabled, "after the first frame it is on again")
        assert gc.get_freeze_count() > 10_000
        rules = t.app.stylesheet.rules
        t.app.refresh_css()
        assert t.app.stylesheet.rules is rules, "in the same colours nothing is read anew"
        t.app._stage.preferences.set("theme", "restante-light")
        t.app._take_setting("theme")
        await t.until(lambda: t.app.screen.styles.background.hex == str(LIGHT.background).upper())

    try:
        engine = village()
        await tell(engine, story, on=stage(engine, preferences=preferences))
    finally:
        gc.unfreeze()
        (gc.enable if was else gc.disable)()


class FirstFrame(Drawing):
    """A terminal that notes how the main screen was laid out for the first that it got to draw."""

    classes: frozenset[str] = frozenset()

    def write(self, data: str) -> None:
        if len(data) > 2_000 and not self.classes:
            type(self).classes = frozenset(self._app.screen.classes)


async def test_the_first_frame_is_laid_out_for_the_terminal_it_is_on() -> None:
    async def story(t: Teller) -> None:
        await t.begun("Alice Rivera")

    await tell(village(), story, driver=FirstFrame, size=WIDE)
    assert {"-wide", "-high"} <= FirstFrame.classes


async def test_every_theme_can_be_drawn() -> None:
    engine = village()

    step = rounds(4, 1)

    async def story(t: Teller) -> None:
        await opened(t)
        for name in ["ansi-light", *list(BUILTIN_THEMES)[::step]]:
            t.app._stage.preferences.set("theme", name)
            t.app._take_setting("theme")
            await t.pilot.pause()
            assert t.app.theme == name
        assert "Alice Rivera" in t.screen_text()

    await tell(engine, story)


async def test_a_key_is_given_to_something_else_and_back(tmp_path: Path) -> None:
    path = tmp_path / "interface.toml"
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("f2")
        await t.until_shown("F3 Keys")
        await t.press("f3")
        await t.until_shown("gives the usual one back", "app.go_to")
        await t.press("enter")
        await t.until_shown("Press the new key", "Go to is on ^k now")
        await t.press("ctrl+n")
        await t.until_shown("^n is 'New' already.")
        await t.press("enter")
        await t.until_shown("Press the new key")
        await t.press("f7")
        await t.until_shown("F7", "app.go_to *")
        await t.press("escape")
        await t.until_shown("Find or start a chat   F7", "F7 Go to")
        await t.press("f7")
        await t.until_shown("A name, an address or a code")
        await t.press("escape", "f1")
        await t.until_shown("Help", "Writing")
        t.app.screen.query_one("VerticalScroll").scroll_end(animate=False)
        await t.until_shown("F7              Go to")

    await tell(engine, story, on=stage(engine, preferences=Preferences(path)))
    kept = Preferences(path)
    assert kept.keys == {"app.go_to": "f7"}
    kept.set_keys("app.go_to", None)
    assert Preferences(path).keys == {}


async def test_of_two_that_share_a_key_the_other_keeps_it() -> None:
    preferences = Preferences()
    preferences.set_keys("messages.reply", "R")
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.pane.messages.focus()
        await t.until(lambda: t.app._main.selected is not None)
        keys = {key: active.binding.id for key, active in t.app.screen.active_bindings.items()}
        assert keys["R"] == "messages.reply"
        mine = in_force(every_key(), preferences.keys)
        assert mine["messages.retry"] == "r"
        await t.press("R")
        await t.until_shown("Answer to Alice")

    await tell(engine, story, on=stage(engine, preferences=preferences))


async def test_a_key_for_what_there_isn_t_is_said() -> None:
    preferences = Preferences()
    preferences.set_keys("messages.shout", "R")
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("'messages.shout', which there isn't")

    await tell(engine, story, on=stage(engine, preferences=preferences))


def test_every_binding_has_a_name_of_its_own_and_says_what_it_does() -> None:
    names = [line.id for line in every_key()]
    assert len(names) == len(set(names))
    assert all(line.does for line in every_key())
    assert len(names) > 40


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("ctrl+k", "^k"), ("up,k", "Up k"), ("question_mark", "?"), ("f1", "F1"), ("G", "G"),
     ("shift+enter", "Shift+Enter"), ("alt+x", "Alt+x")],
)  # fmt: skip
def test_keys_are_spelled_as_people_know_them(keys: str, shown: str) -> None:
    assert spelled(keys) == shown


def test_nobody_takes_a_key_from_another_in_silence() -> None:
    lines = every_key()
    by_id = {line.id: line for line in lines}
    assert whose(lines, {}, by_id["messages.reply"], "y") == by_id["messages.copy"]
    assert whose(lines, {}, by_id["messages.reply"], "ctrl+k") == by_id["app.go_to"]
    assert whose(lines, {"messages.copy": "Y"}, by_id["messages.reply"], "y") is None
    assert whose(lines, {}, by_id["messages.reply"], "r") is None, "shared with retry"


def test_each_setting_is_documented_with_its_values() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert f"`{setting.name}`" in text
    for setting in OF_MACHINE:
        if setting.name != "theme":
            assert all(f"`{value}`" in text for value, _ in setting.choices)
    assert BY_NAME["theme"].choices[0][0] in text


async def test_hours_and_words_are_typed_and_what_are_none_is_said(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "interface.toml")
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("f2")
        await t.until_shown("Keywords")
        options = t.app.screen.query_one("#settings", OptionList)
        options.highlighted = options.get_option_index("quiet_hours")
        await t.press("enter")
        await t.until_shown("or by weekday")
        await t.paste("nights")
        await t.press("enter")
        await t.until_shown("Hours as 22-7, or by weekday")
        assert preferences["quiet_hours"] == "off"
        await t.press("enter")
        await t.until(lambda: not isinstance(t.app.screen, SettingsDialog))
        await t.press("ctrl+u")
        await t.paste("mo-fr 22-7")
        await t.press("enter")
        await t.until(lambda: preferences["quiet_hours"] == "mo-fr 22-7")
        options.highlighted = options.get_option_index("keywords")
        await t.press("enter")
        await t.until_shown("Words with commas between")
        await t.paste("deploy, outage")
        await t.press("enter")
        await t.until(lambda: engine.chosen["keywords"] == "deploy, outage")

    await tell(engine, story, on=stage(engine, preferences=preferences))
    assert Preferences(tmp_path / "interface.toml")["quiet_hours"] == "mo-fr 22-7"
