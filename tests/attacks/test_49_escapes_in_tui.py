"""Attack 49, in the interface: strings of others try to drive or deface the terminal.

They are cleaned at ingest; here they come *past* that, as if it had been forgotten, and still
nothing of them may reach the terminal: not from a body, a name, a title, an error, a quote, a
notification, nor through a widget that never cleaned anything.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.segment import Segment
from textual.color import Color

from restante.client.interface import ConnectionPhase, ContactState, MessageState, Quoted, Trust
from restante.client.tui.clean import clean, clean_line
from restante.client.tui.filters import ControlFilter
from restante.errors import UserError
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell

HOSTILE = {
    "set the title": "\x1b]0;pwned\x07",
    "write the clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "clear the screen": "\x1b[2J\x1b[H",
    "leave the alternate screen": "\x1b[?1049l",
    "make the terminal answer": "\x1b[6n\x1b[c",
    "C1 instead of ESC": "\x9b2J\x9d0;pwned\x9c",
    "turn the text round": "\u202egnp.exe\u202c \u2066x\u2069",
    "carriage return": "safe\rSend 100 to mallory",
    "backspace": "ok\x08\x08no",
    "DEL": "a\x7fb",
    "markup of the toolkit": "[@click=app.quit]click[/] [bold]x[/bold] [$error]y[/]",
}

UNSAFE = [chr(n) for n in (*range(32), 0x7F, *range(0x80, 0xA0))] + list("\u202e\u2066\u2069")


def assert_safe(app_text: str) -> None:
    for character in UNSAFE:
        assert character not in app_text, hex(ord(character))


def everything(t: Teller) -> str:
    """All that would be written for the screen as it stands, without our own styles."""
    strips = t.app.screen._compositor.render_strips()
    return "".join(strip.text for strip in strips)


ALL = " ".join(HOSTILE.values())


@pytest.mark.parametrize("payload", [ALL, HOSTILE["markup of the toolkit"]], ids=["all", "markup"])
async def test_nothing_hostile_reaches_the_terminal(payload: str) -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("mallory@relay.example", f"Mal{payload}lory")
    first = engine.hear(key, f"body {payload} end", is_read=True)
    await engine.pin(first.id, pinned=True)
    engine.earlier[first.id] = [f"before {payload}"]
    engine.hear(key, "quoting", quote=Quoted(message="00", excerpt=f"q {payload}"), is_read=True)
    engine.hear(key, "", kind="undecryptable", error=f"e {payload}")
    mine = engine.hear(key, "mine", is_me=True, state=MessageState.FAILED, error=f"f {payload}")
    other = engine.person("asks@relay.example", f"Ask{payload}", state=ContactState.REQUEST)
    engine.hear(other, f"hello {payload}")

    async def story(t: Teller) -> None:
        await t.until_shown("Mal", "Ask")
        assert_safe(everything(t))
        t.app._main.open_conversation(key)
        await t.until_shown("quoting", "Not sent")
        assert_safe(everything(t))
        await t.type("@M")
        await t.until_shown("@Mal")
        assert_safe(everything(t))
        await t.press("escape", "backspace", "backspace")
        t.app._main.action_pinned()
        await t.until_shown("Enter Choose")
        assert_safe(everything(t))
        await t.press("escape")
        await t.until_gone("Enter Choose")
        t.app._main.pane.messages.focus()
        t.app._main.action_select(0)
        await t.until(lambda: t.app._main.selected is not None)
        t.app._main.action_versions()
        await t.until_shown("What it said before")
        assert_safe(everything(t))
        await t.press("escape")
        await t.until_gone("What it said before")
        engine.go(ConnectionPhase.OFFLINE, error=f"reason {payload}")
        engine.change_trust(key, Trust.CHANGED)
        await t.until_shown("Offline", "key changed")
        assert_safe(everything(t))
        t.app._main.act(_refuse(payload))
        await t.until_shown("refused")
        assert_safe(everything(t))
        t.app._main.open_conversation(other)
        await t.until_shown("Accept to answer.")
        assert_safe(everything(t))
        await t.press("ctrl+k")
        await t.until_shown("A name, an address or a code")
        assert_safe(everything(t))
        await t.press("escape")
        await t.until_gone("A name, an address or a code")
        t.app._main.pane.box.text = payload
        await t.pilot.pause()
        assert_safe(everything(t))
        assert t.app.is_running, "and a click on a text of theirs does nothing of ours"
        engine.advance(mine.id, MessageState.RELAYED)

    await tell(engine, story, size=(130, 40))


async def _refuse(payload: str) -> None:
    raise UserError(f"refused {payload}")


async def test_a_widget_that_forgot_to_clean_is_caught_by_the_filter() -> None:
    engine = ScriptedEngine()
    key = engine.person("bob@relay.example", "Bob")
    engine.hear(key, "hello", is_read=True)

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        view = t.app._main.pane.messages
        t.app._main.open_conversation(key)
        await t.until(lambda: view._history.chunk(0), "the messages")  # the list shows them too
        chunk = view._history.chunk(0)
        assert chunk is not None
        role = chunk.entries[0].lines[-1][0][1]
        forged = replace(chunk.messages[0], body="x")
        entry = chunk.entries[0]
        lines = (*entry.lines[:-1], (("raw \x1b[2J and \x9b31m and \u202e", role),))
        chunk.set_entries([type(entry)(lines=lines, lead=entry.lead)], chunk.width)
        assert forged.id == chunk.messages[0].id
        view.refresh()
        await t.until_shown("raw ")
        assert_safe(everything(t))

    await tell(engine, story)


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_cleaning_leaves_nothing_that_drives_a_terminal(payload: str) -> None:
    assert_safe(clean(payload).replace("\n", ""))
    assert_safe(clean_line(payload))
    assert "\n" not in clean_line(f"one\n{payload}\r\ntwo")


def test_the_filter_keeps_widths() -> None:
    segments = [Segment("a\x1bb\x9bc\u202ed"), Segment("plain")]
    kept = ControlFilter().apply(segments, Color.parse("black"))
    assert [segment.text for segment in kept] == ["abcd", "plain"]
    assert sum(segment.cell_length for segment in kept) == sum(s.cell_length for s in segments)


def test_a_joiner_between_letters_is_dropped_since_it_would_be_measured_wrong() -> None:
    assert clean("a\u200db") == "ab"
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert clean(family) == family
