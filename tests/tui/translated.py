"""Walks through the chat and the lines in the language of pseudo.py; prints what is left in Latin.

A program of its own (`python -m tests.tui.translated`), since a process has one language, chosen
before the modules with sentences are imported. It prints JSON: words by the place they stood in.
"""

from __future__ import annotations

import json
import re
import sys

import trio

from restante.client.interface import ConnectionPhase
from restante.client.language import _
from restante.client.tui import (
    account_words,
    chat_words,
    contact_words,
    file_words,
    group_words,
    key_words,
    lock_words,
    search_words,
    settings_words,
    verify_words,
    welcome_words,
    words,
)
from restante.client.tui.help_text import screen_keys
from restante.client.tui.keymap import NAMES
from restante.client.tui.settings_schema import SETTINGS, THEMES
from tests.plain.sitting import Sitter, sit
from tests.tui.scenes import village
from tests.tui.scripted_contacts import MY_CODE
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, tell

WORD = re.compile(r"[A-Za-z]{3,}")
DIALOGS = (
    ("app.help", settings_words.HELP_TITLE),
    ("app.settings", settings_words.SETTINGS_TITLE),
    ("app.keys", settings_words.KEYS_TEXT),
    ("app.go_to", words.GO_TO_PLACEHOLDER),
    ("app.new_chat", contact_words.NEW_CHAT_TITLE),
    ("app.search_all", search_words.TITLE),
    ("app.my_code", contact_words.MY_CODE_TEXT),
    ("app.passphrase", lock_words.CHOOSE_TITLE),
    ("app.command_palette", _("Chat: Go to")),
    ("screen.verify", verify_words.SAFETY_TITLE),
    ("screen.rename", contact_words.RENAME_TEXT),
    ("screen.timer", words.TIMER_OFF),
    ("screen.mute", chat_words.MUTE_TITLE),
    ("screen.alerts", chat_words.ALERTS_TITLE),
    ("screen.devices", account_words.DEVICES_TITLE),
    ("screen.block", contact_words.BLOCK_TITLE),
    ("screen.begin_anew", contact_words.ANEW_TITLE),
    ("screen.send_place", chat_words.PLACE_TITLE),
    ("screen.send_file", file_words.SEND_TITLE),
    ("screen.send_contact", chat_words.SEND_CARD_TITLE),
    ("screen.new_group", group_words.NEW_TEXT),
    ("screen.go_to_date", search_words.DATE_TITLE),
)
"""An action that opens something over the chat, and a sentence to wait for."""

COMMANDS = (
    *("/help", "/chats", "/nothing", "/go-to Alice", "/history", "/devices", "/settings", "/timer"),
    *("/verify-contact", "", "/disappearing-messages", "/next-unread", "/find number", "/find xyz"),
)
ALSO = {
    "app.settings": THEMES,
    "app.keys": [*(line.id for line in screen_keys()), "app.help app.quit"],
    "screen.send_file": [file_words.SEND_PLACEHOLDER],
    "lines": ["off", "on", *(each.name for each in SETTINGS if each.is_of_person), "conversation"],
}
"""What is typed or written to a file as it stands, by the place where it may be seen."""


def known(place: str, engine: ScriptedEngine) -> str:
    """Return the words that are nobody's to translate: names, texts, keys, codes; whole or cut."""
    texts = [MY_CODE, "Restante sam@relay.example Alt Ctrl", *NAMES.values(), *ALSO.get(place, ())]
    for person in engine.people.values():
        texts += [person.name, person.address, *(each.body for each in person.messages)]
    texts += [each.name for each in engine.listed]
    return " ".join(texts)


def main() -> None:
    """Walk, and print what was found."""
    left: dict[str, list[str]] = {}

    def look(place: str, text: str, engine: ScriptedEngine) -> None:
        others = known(place, engine)
        left[place] = sorted({word for word in WORD.findall(text) if word not in others})

    async def chat(t: Teller) -> None:
        await t.begun(words.CONNECTED)
        look("chats", t.screen_text(), engine)
        await t.press("enter")
        await t.until_shown(words.message_to("Alice Rivera"), words.new_count(2))
        look("conversation", t.screen_text(), engine)
        for action, sentence in DIALOGS:
            t.app.screen.call_later(t.app.screen.run_action, action)
            await t.until_shown(sentence[:20])
            look(action, t.screen_text(), engine)
            await t.press("escape")
            await t.until(lambda: t.app.screen is t.app._main, f"{action} is closed")
        await t.press("ctrl+p")
        await t.type("qqq")
        await t.until_shown(key_words.NO_COMMAND)
        look("no command", t.screen_text().replace("qqq", ""), engine)
        await t.press("escape")
        await t.until(lambda: t.app.screen is t.app._main, "the palette is closed")
        engine.go(ConnectionPhase.OFFLINE)
        await t.until_shown(words.OFFLINE)
        look("offline", t.screen_text(), engine)

    async def welcome(t: Teller) -> None:
        await t.until_shown(welcome_words.step(1))
        look("step 1", t.screen_text(), engine)
        await t.paste("sam@relay.example")
        await t.press("enter")
        await t.until_shown(welcome_words.step(2))
        look("step 2", t.screen_text(), engine)
        await t.press("enter")
        await t.until_shown(welcome_words.step(3), MY_CODE[:20])
        look("step 3", t.screen_text(), engine)

    async def lines(s: Sitter) -> None:
        s.type(*COMMANDS, "/quit")
        with trio.fail_after(40):
            await s.ended.wait()
        told = re.sub(r"/[\w?-]+", "", "\n".join(s.told))
        look("lines", told, engine)

    engine = village()
    trio.run(lambda: tell(engine, chat, size=WIDE, deadline_s=200))
    engine = ScriptedEngine(address=None)
    trio.run(lambda: tell(engine, welcome))
    engine = village()
    trio.run(lambda: sit(engine, lines))
    json.dump(left, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
