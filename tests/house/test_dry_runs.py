"""What destroys something, ends it for others or can't be undone is tried first: --dry-run."""

from __future__ import annotations

import re

import pytest

from tests.house.test_cli_documented import ALL

DESTROYS = frozenset(
    {
        *("account delete", "account move", "backup restore", "contact block", "delete"),
        *(
            "device revoke",
            "group leave",
            "group remove",
            "group uninvite",
            "hook dead drop",
            "poll close",
            "file drop",
        ),
        *("hook forget", "import", "panic", "passphrase remove", "recover", "recovery confirm"),
        *("relay accounts block", "relay accounts delete", "relay down", "relay drain"),
        *("relay invite revoke", "relay restore", "relay up", "relay upgrade", "scheduled cancel"),
    }
)
HARMLESS = {
    "backup schedule": "--off makes no more of them, and deletes none",
    "contact archive": "puts away, and takes out again",
    "contact reset": "nothing of the history is lost",
    "contact unmute": "only speaks again",
    "device grant ls": "lists",
    "device wake": "--off is undone by saying the same again",
    "group refuse": "whoever asked can ask again",
    "lock": "the passphrase opens it again",
    "pin": "--undo",
    "react": "--remove takes back what one said oneself",
    "relay accounts unblock": "gives back",
    "timer": "changes nothing that was said before",
}
"""Commands that speak like those above, and what makes them none."""

_WORDS = re.compile(
    r"\b(delet|destroy|eras|remov|revok|forget|drop|give up|block|leav|end for good|take back"
    r"|takes? out|unsay|wipe)\w*",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", sorted(DESTROYS))
def test_what_destroys_can_be_tried(path: str) -> None:
    options = {each for param in ALL[f"restante {path}"].params for each in param.opts}
    assert "--dry-run" in options


def test_no_command_speaks_of_destroying_and_is_forgotten_here() -> None:
    unknown = set()
    for path, command in ALL.items():
        said = (command.help or "").split("\n\n", 1)[0]
        name = path.removeprefix("restante ")
        if _WORDS.search(said) or _WORDS.search(name):
            options = {each for param in command.params for each in param.opts}
            unknown |= set() if "--dry-run" in options else {name}
    assert not unknown - set(HARMLESS), "they destroy, or not: say which, above"
    assert {f"restante {each}" for each in HARMLESS} <= set(ALL)
