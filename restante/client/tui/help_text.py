"""The help: what the keys do where one is, then those of every other place. Pure but for asking
which keys are in force.

Rule: made from the bindings themselves, so that it is never wrong about a key that was changed.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.screen import Screen

from restante.client.language import _
from restante.client.tui import dialogs, settings_words
from restante.client.tui.chat_list import ChatList
from restante.client.tui.chat_screen import ChatScreen
from restante.client.tui.compose_box import ComposeBox
from restante.client.tui.find_bar import FindBar
from restante.client.tui.keymap import KeyLine, key_lines, spelled
from restante.client.tui.message_list import MessageList

if TYPE_CHECKING:
    from textual.app import App

KEY_CELLS: Final = 16
_PLACES: Final[dict[type, str]] = {
    ChatList: settings_words.CHATS,
    MessageList: settings_words.MESSAGES,
    ComposeBox: settings_words.WRITING,
}
_FAMILIES: Final = {
    "compose": settings_words.WRITING,
    "messages": settings_words.MESSAGES,
    "chats": settings_words.CHATS,
    "chat": settings_words.CONVERSATION,
    "contact": settings_words.CONVERSATION,
    "group": settings_words.CONVERSATION,
    "app": settings_words.EVERYWHERE,
}
"""By the first part of a binding's id."""


def screen_keys() -> list[KeyLine]:
    """Return the keys of the main screen, of its parts, and of all dialogs."""
    of_screen = [
        line
        for one in ChatScreen.__mro__
        if one.__module__.startswith(__package__ or "")
        for line in key_lines(settings_words.CONVERSATION, vars(one).get("BINDINGS", ()))
    ]
    of_messages = [line for line in of_screen if line.id.startswith("messages.")]
    return [
        *key_lines(settings_words.WRITING, ComposeBox.BINDINGS),
        *(replace(line, place=settings_words.MESSAGES) for line in of_messages),
        *key_lines(settings_words.MESSAGES, MessageList.BINDINGS),
        *key_lines(settings_words.CHATS, ChatList.BINDINGS),
        *(line for line in of_screen if line not in of_messages),
        *key_lines(settings_words.FINDING, FindBar.BINDINGS),
        *dialog_keys(),
    ]


def dialog_keys() -> list[KeyLine]:
    """Return the keys of every screen over the main one, those that all dialogs have first."""
    dialogs.import_all()
    lines: dict[str, KeyLine] = {}
    waiting: list[type] = Screen.__subclasses__()
    while waiting:
        one = waiting.pop(0)
        waiting += one.__subclasses__()
        if issubclass(ChatScreen, one) or not one.__module__.startswith(__package__ or ""):
            continue
        bindings = vars(one).get("BINDINGS", ())
        for line in key_lines(settings_words.dialogs(""), bindings):
            family = line.id.partition(".")[0]
            place = settings_words.dialogs(settings_words.DIALOGS.get(family, ""))
            lines.setdefault(line.id, replace(line, place=place))
    return sorted(lines.values(), key=lambda line: line.place)


def help_text(app: App[None]) -> Content:
    """Return the keys that do something now, the nearest first."""
    screen = app.screen
    here = _PLACES.get(type(screen.focused), settings_words.HELP_HERE)
    does: dict[str, dict[str, list[str]]] = {here: {}}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is not None and active.enabled and binding.description:
            family = binding.id.partition(".")[0]
            place = _FAMILIES.get(family, here)
            keys = does.setdefault(place, {}).setdefault(_(binding.description), [])
            key = app.get_key_display(binding)
            keys.append(key if key not in keys else spelled(binding.key))
    order = [here, *(place for place in _FAMILIES.values() if place != here)]
    parts: list[tuple[str, str]] = []
    for place in dict.fromkeys(order):
        lines = does.get(place)
        if lines:
            parts.append((("\n\n" if parts else "") + place, "bold $primary"))
            for description, keys in lines.items():
                parts += [(f"\n  {' '.join(keys):<{KEY_CELLS}}", "$warning"), (description, "")]
    return Content.assemble(*parts)
