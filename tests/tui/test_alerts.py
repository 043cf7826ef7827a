"""Notices: only to who looks elsewhere, nothing in them that wasn't chosen, no control in any."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs
from textual import events

from restante.client.interface import ContactState
from restante.client.tui.alerts import Alerts
from restante.client.tui.bridge import ask
from restante.client.tui.escapes import BELL, Way, choose_way, notice, title
from restante.client.tui.preferences import Preferences
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import NOW
from tests.tui.stories import Teller, stage, tell

OSC = re.compile("\x1b\\]([^\x00-\x1f\x7f-\x9f]*)\x1b\\\\|\x07")
HOSTILE = "x\x07\x1b\\\x1b]52;c;cHduZWQ=\x07\x9d0;pwned\x9c\u202ey\r\n;z\x00\x7f\udc1b"


def payloads(written: str) -> list[str]:
    """What the sequences carry; whatever is no whole sequence fails."""
    assert OSC.sub("", written) == "", ascii(written)
    found = [match[1] for match in OSC.finditer(written) if match[1] is not None]
    for each in found:
        if each.startswith("99;"):
            assert b64decode(each.rpartition(";")[2]).decode().isprintable()
    return found


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-kitty"}, Way(sequence="99")),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Way(sequence="99")),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Way(sequence="9")),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Way(sequence="9")),
        ({"TERM": "xterm-ghostty"}, Way(sequence="777")),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Way(sequence="777")),
        ({"TERM": "foot"}, Way(sequence="777")),
        ({"TERM": "rxvt-unicode-256color"}, Way(sequence="777")),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"},
         Way(sequence="777", is_doubtful=True)),
        ({"TERM": "xterm-256color"}, Way(sequence="bell")),
        ({"TERM": "linux"}, Way(sequence="bell", has_title=False)),
        ({"TERM": "screen", "STY": "1.x", "KITTY_WINDOW_ID": "1"}, Way(sequence="bell")),
        ({"TERM": "tmux-256color", "TMUX": "/x,1,0", "KITTY_WINDOW_ID": "1"},
         Way(sequence="99", in_tmux=True, is_doubtful=True)),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TMUX": "/x,1,0"},
         Way(sequence="bell", in_tmux=True)),
        ({"TERM": "tmux-256color", "TMUX": "/x,1,0", "RESTANTE_NOTICE": "777"},
         Way(sequence="777", in_tmux=True)),
        ({"TERM": "xterm-kitty", "RESTANTE_NOTICE": "morse"}, Way(sequence="99")),
    ],
)  # fmt: skip
def test_each_terminal_is_told_in_its_own_way(environment: dict[str, str], expected: Way) -> None:
    assert choose_way(environment) == expected


def test_the_sequences_are_those_of_the_terminals() -> None:
    assert notice(Way(sequence="9"), "A", "b") == "\x1b]9;A: b\x1b\\"
    assert notice(Way(sequence="777"), "A", "b") == "\x1b]777;notify;A;b\x1b\\"
    assert notice(Way(sequence="99"), "A", "b") == (
        "\x1b]99;i=restante:o=unfocused:e=1:d=0:p=title;QQ==\x1b\\"
        "\x1b]99;i=restante:e=1:d=1:p=body;Yg==\x1b\\"
    )
    assert notice(Way(sequence="bell"), "A", "b") == BELL
    assert title(Way(sequence="9"), "(2) A") == "\x1b]2;(2) A\x1b\\"
    assert title(Way(sequence="bell", has_title=False), "A") == ""


def test_tmux_passes_it_on_and_the_bell_rings_where_it_might_not() -> None:
    way = Way(sequence="777", in_tmux=True, is_doubtful=True)
    assert notice(way, "A", "b") == "\x1bPtmux;\x1b\x1b]777;notify;A;b\x1b\x1b\\\x1b\\\x07"


@pytest.mark.parametrize("sequence", ["9", "777", "99", "bell"])
def test_no_control_gets_into_a_sequence(sequence: str) -> None:
    way = Way(sequence=sequence)  # type: ignore[arg-type]  # each of them
    found = payloads(notice(way, HOSTILE, HOSTILE) + title(way, HOSTILE))
    assert all("\u202e" not in each and len(each) < 2_000 for each in found)
    if sequence == "777":
        assert found[0].count(";") == 3, "nobody adds a field"


def test_a_long_text_is_cut() -> None:
    assert len(notice(Way(sequence="9"), "A", "b" * 100_000)) < 300


class Told:
    """What the driver was given, besides frames, from a moment on."""

    def __init__(self, t: Teller, sequence: str = "777") -> None:
        self._t = t
        self.written: list[str] = []
        driver = t.app._driver
        assert driver is not None
        driver.write = self.written.append  # type: ignore[method-assign]  # the headless one drops it
        t.app.way = Way(sequence=sequence)  # type: ignore[arg-type]

    @property
    def notices(self) -> list[str]:
        """The notices' texts."""
        found = payloads("".join(self.written))
        return [each.partition("777;notify;Restante;")[2] for each in found if "notify" in each]

    @property
    def titles(self) -> list[str]:
        return [each[2:] for each in payloads("".join(self.written)) if each.startswith("2;")]

    @property
    def bells(self) -> int:
        return "".join(self.written).count(BELL)

    async def leave(self) -> None:
        self._t.app.post_message(events.AppBlur())
        await self._t.until(lambda: not self._t.app.app_focus)

    async def come_back(self) -> None:
        self._t.app.post_message(events.AppFocus())
        await self._t.until(lambda: self._t.app.app_focus)

    async def until_title(self, text: str) -> None:
        """The title is written in the same step as a notice would be."""
        await self._t.until(lambda: text in self.titles, f"title {text}")


def an_engine() -> tuple[ScriptedEngine, str, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    alice = engine.person("alice@relay.example", "Alice")
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(alice, "before")
    engine.hear(bob, "read", is_read=True)
    return engine, alice, bob


def chosen(**values: str) -> Preferences:
    preferences = Preferences()
    for name, value in values.items():
        preferences.set(name, value)
    return preferences


async def test_only_who_looks_elsewhere_is_told_and_nothing_is_in_it() -> None:
    engine, alice, bob = an_engine()

    async def story(t: Teller) -> None:
        await t.begun("Alice", "before")
        told = Told(t)
        engine.hear(alice, "a secret")
        await told.until_title("(2) Restante")
        assert told.notices == []
        await told.leave()
        engine.hear(bob, "another secret")
        await told.until_title("(3) Restante")
        assert told.notices == ["New message"]
        assert "secret" not in "".join(told.written)
        assert "Bob" not in "".join(told.written)
        for number in range(20):
            engine.hear(alice, f"more {number}")
        await told.until_title("(23) Restante")
        await t.until(lambda: len(told.notices) == 2)
        assert told.notices[1] == "20 new messages", "together, after a while"
        await told.come_back()
        await ask(engine.mark_read, alice, up_to=engine.people[alice].messages[-1].id)
        await told.until_title("(1) Restante")
        engine.hear(bob, "here")
        await told.until_title("(2) Restante")
        assert len(told.notices) == 2

    await tell(engine, story, on=replace(stage(engine), calm_s=1.5))


@pytest.mark.parametrize(
    ("shows", "expected"),
    [("nothing", "New message"), ("sender", "New message: Bob"), ("text", "Bob: at nine")],
)
async def test_a_notice_shows_what_was_chosen(shows: str, expected: str) -> None:
    engine, _, bob = an_engine()

    async def story(t: Teller) -> None:
        await t.begun("Alice")
        told = Told(t)
        await told.leave()
        engine.hear(bob, "at nine")
        await t.until(lambda: told.notices)
        assert told.notices == [expected]

    await tell(engine, story, on=stage(engine, preferences=chosen(alert_text=shows)))


async def test_neither_a_stranger_s_words_nor_what_disappears_is_shown() -> None:
    engine, _, bob = an_engine()
    mallory = engine.person("m@relay.example", "Mallory", state=ContactState.REQUEST)

    async def story(t: Teller) -> None:
        await t.begun("Alice")
        told = Told(t)
        await told.leave()
        engine.hear(mallory, "buy this")
        await t.until(lambda: len(told.notices) == 1)
        await t.until(lambda: not t.app._is_calm)
        await ask(engine.set_timer, bob, timer_s=60)
        engine.hear(bob, "burn this")
        await t.until(lambda: len(told.notices) == 2)
        assert told.notices == ["New message", "New message: Bob"]

    on = replace(stage(engine, preferences=chosen(alert_text="text")), calm_s=0.01)
    await tell(engine, story, on=on)


async def test_what_is_muted_archived_or_blocked_calls_nobody() -> None:
    engine, alice, bob = an_engine()
    until = (NOW + timedelta(hours=1)).isoformat()
    carol = engine.person("carol@relay.example", "Carol")
    blocked = engine.person("d@relay.example", "Dan", state=ContactState.BLOCKED)

    async def story(t: Teller) -> None:
        await t.begun("Alice", "Carol")
        told = Told(t)
        await ask(engine.set_muted, alice, until=until)
        await ask(engine.set_archived, carol, archived=True)
        await told.until_title("Restante")
        await told.leave()
        for key in (alice, carol, blocked):
            engine.hear(key, "hello")
        engine.hear(bob, "hello")
        await t.until(lambda: told.notices)
        assert told.notices == ["New message"]
        assert told.titles[-1] == "(1) Restante"
        await ask(engine.set_muted, alice, until=None)
        await told.until_title("(3) Restante")
        assert len(told.notices) == 1, "what came while it was muted is no news"

    await tell(engine, story, on=stage(engine))


async def test_the_bell_alone_nothing_at_all_and_quiet_hours() -> None:
    for preferences, bells, last_title in [
        (chosen(alerts="bell"), 1, "(2) Restante"),
        (chosen(alerts="off"), 0, ""),
        (chosen(quiet_hours="0-8"), 0, "(2) Restante"),
    ]:
        engine, _, bob = an_engine()
        night = NOW.replace(hour=3)

        async def story(t: Teller, *, engine: ScriptedEngine = engine, bob: str = bob,
                        bells: int = bells, last_title: str = last_title) -> None:  # fmt: skip
            await t.begun("Alice")
            told = Told(t)
            await told.leave()
            engine.hear(bob, "hello there")
            await t.until_shown("hello there")
            if last_title:
                await told.until_title(last_title)
            await t.pilot.pause()
            assert (told.bells, told.notices) == (bells, [])
            assert told.titles == ([last_title] if last_title else [])

        await tell(engine, story, on=stage(engine, preferences=preferences, now=lambda n=night: n))


async def test_a_terminal_that_never_tells_its_focus_is_away_after_a_minute() -> None:
    engine, alice, bob = an_engine()
    time = [NOW]

    async def story(t: Teller) -> None:
        await t.begun("Alice")
        told = Told(t)
        engine.hear(bob, "one")
        await told.until_title("(2) Restante")
        assert told.notices == []
        time[0] += timedelta(seconds=61)
        engine.hear(alice, "two")
        await t.until(lambda: told.notices)
        assert told.notices == ["New message"]

    await tell(engine, story, on=stage(engine, now=lambda: time[0]))


@pytest.mark.parametrize("sequence", ["9", "777", "99"])
async def test_a_name_and_a_text_that_came_past_ingest_end_no_sequence(sequence: str) -> None:
    engine, _, _ = an_engine()
    mallory = engine.person("m@relay.example", f"Mal{HOSTILE}lory")

    async def story(t: Teller) -> None:
        await t.begun("Alice")
        told = Told(t, sequence)
        await told.leave()
        engine.hear(mallory, f"hello {HOSTILE}")
        await told.until_title("(2) Restante")
        assert [each for each in payloads("".join(told.written)) if not each.startswith("2;")]

    await tell(engine, story, on=stage(engine, preferences=chosen(alert_text="text")))


@pytest.mark.parametrize(
    ("level", "keywords", "body", "calls"),
    [
        ("all", "", "hello", True),
        ("none", "deploy", "deploy now", False),
        ("mentions", "", "hello", False),
        ("mentions", "deploy, outage", "an OUTAGE!", True),
        ("mentions", "deploy", "deployed", False),
        ("mentions", ".*", "anything", False),
    ],
)
async def test_of_a_chat_calls_what_its_level_and_the_keywords_say(
    level: str, keywords: str, body: str, calls: bool
) -> None:
    engine, alice, bob = an_engine()
    engine.chosen["keywords"] = keywords

    async def story(t: Teller) -> None:
        await t.begun("Alice")
        told = Told(t)
        await ask(engine.set_alerts, alice, level=level)
        await told.leave()
        engine.hear(alice, body)
        await t.until_shown(body)
        await t.pilot.pause()
        assert len(told.notices) == calls
        if not calls:
            engine.hear(bob, "over here")
            await t.until(lambda: told.notices)
            assert told.notices == ["New message"], "and nothing of the other"

    await tell(engine, story, on=replace(stage(engine), calm_s=0.01))


async def test_the_level_of_a_chat_is_chosen_in_the_palette() -> None:
    engine, _, bob = an_engine()

    async def story(t: Teller) -> None:
        await t.begun("Alice", "before")
        await t.press("ctrl+p")
        await t.paste("Chat: Notices")
        await t.until_shown("Of all messages, of those that name you")
        await t.press("enter")
        await t.until_shown("Those that name you, or hold a keyword")
        await t.press("down", "enter")
        await t.until(lambda: engine.people[bob].alerts == "mentions")

    await tell(engine, story)


async def test_where_mentions_call_what_names_one_or_answers_one_does() -> None:
    engine, alice, _ = an_engine()
    for _ in range(3):
        engine.hear(alice, "hello")
    found = await engine.conversations()
    quiet = structs.replace(next(each for each in found if each.key == alice), alerts="mentions")
    alerts = Alerts()
    alerts.look([quiet], lambda _: True, is_away=True)
    assert not alerts.has_news
    alerts.look([structs.replace(quiet, unread_mentions=2)], lambda _: True, is_away=True)
    assert alerts.has_news
    assert alerts.unread_count == 2
    alerts.look(
        [structs.replace(quiet, unread_mentions=2, alerts="none")], lambda _: True, is_away=True
    )
    assert not alerts.has_news
