"""Which keys do what: our bindings by id, and what the user made of them. Pure.

Rule: in one place a key does one thing; who takes a key for another is told whose it is.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from textual.binding import Binding, BindingType

from restante.client.language import _
from restante.client.tui import settings_words
from restante.values import dataclass

NAMES: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "question_mark": "?",
    "plus": "+",
    "at": "@",
    "slash": "/",
    "colon": ":",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "full_stop": ".",
    "comma": ",",
    "space": "Space",
    "tab": "Tab",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
    "backspace": "Backspace",
}


VIM: Final = {
    "compose.to_messages": "ctrl+up,escape",
    "messages.next_match": "f3,n",
    "messages.previous_match": "shift+f3,N",
    "messages.page_up": "pageup,ctrl+u,ctrl+b",
    "messages.page_down": "pagedown,ctrl+d",
    "chats.page_up": "pageup,ctrl+u,ctrl+b",
    "chats.page_down": "pagedown,ctrl+d",
    "chat.find": "slash",
    "chat.palette": "colon",
}
"""What the setting `keymap` gives to whoever has vim in the fingers; by the ids of bindings."""

PRESETS: Final[Mapping[str, Mapping[str, str]]] = {"usual": {}, "vim": VIM}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """One binding: its id, what it does, its usual keys, and the place where it works."""

    id: str
    does: str
    usual: str
    place: str
    action: str


def key_lines(place: str, bindings: Iterable[BindingType]) -> list[KeyLine]:
    """Return the lines of a class's bindings; those without an id are not ours to change."""
    return [
        KeyLine(
            id=each.id,
            does=_(each.description),
            usual=each.key,
            place=place,
            action=each.action.rpartition(".")[2],
        )
        for each in bindings
        if isinstance(each, Binding) and each.id is not None
    ]


def spelled(keys: str) -> str:
    """Spell keys as people know them: `^k`, `Esc`, `F1`, `k Up`."""
    return " ".join(_one(key.strip()) for key in keys.split(","))


def _one(key: str) -> str:
    if key.startswith("ctrl+") and len(key) == len("ctrl+x"):
        return "^" + key[-1]
    if key in NAMES:
        return NAMES[key]
    parts = [NAMES.get(part, part) for part in key.split("+")]
    parts = [part.capitalize() if len(part) > 1 else part for part in parts]
    return "+".join(parts) if len(parts) > 1 or len(key) > 1 else key


def in_force(lines: Iterable[KeyLine], changed: Mapping[str, str]) -> dict[str, str]:
    """Return what Textual is to be told: what was changed, and whatever shared a key with that.

    Of two bindings on one key, the one whose key is changed would take the other's with it.
    """
    every = list(lines)
    freed = {key for line in every if line.id in changed for key in line.usual.split(",")}
    shares = {line.id: line.usual for line in every if freed & set(line.usual.split(","))}
    known = {line.id for line in every}
    return {**shares, **{name: keys for name, keys in changed.items() if name in known}}


def names_of_changed(lines: Iterable[KeyLine], changed: Mapping[str, str]) -> dict[str, str]:
    """Return how the keys that were changed are spelled, by the action they are for.

    Of several bindings for an action the first is the one that is spoken of.
    """
    first: dict[str, str] = {}
    for line in lines:
        first.setdefault(line.action, line.id)
    return {action: spelled(changed[id_]) for action, id_ in first.items() if id_ in changed}


def whose(
    lines: Iterable[KeyLine], changed: Mapping[str, str], wanted: KeyLine, key: str
) -> KeyLine | None:
    """Return who has a key already where `wanted` would take it; those who share it now may."""
    for line in lines:
        places = {line.place, wanted.place}
        # What every dialog has is near to all of them; what is everywhere, to all but dialogs,
        # over which hardly any of it works.
        in_dialogs = [place in _OF_DIALOGS for place in places]
        is_near = (
            len(places) == 1
            or (_EVERYWHERE in places and not any(in_dialogs))
            or (_DIALOGS in places and all(in_dialogs))
        )
        shares = set(line.usual.split(",")) & set(wanted.usual.split(","))
        keys = changed.get(line.id, line.usual).split(",")
        if line.id != wanted.id and is_near and not shares and key in keys:
            return line
    return None


_DIALOGS: Final = settings_words.dialogs("")
_EVERYWHERE: Final = settings_words.EVERYWHERE
_OF_DIALOGS: Final = {
    _DIALOGS,
    *(settings_words.dialogs(name) for name in settings_words.DIALOGS.values()),
}
