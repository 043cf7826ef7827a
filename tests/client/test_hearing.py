"""What the engine says in English is shown in the reader's language, and nothing else is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dev.engine_sentences import NOT_SHOWN, PLACE, engine_sentences, is_sentence, spell
from dev.messages import ROOT
from restante.client.failures import RefusedError
from restante.client.hearing import Hearing
from restante.client.language import FIELD, Language, language_for
from restante.client.voice.encoding import NO_VOICE
from restante.errors import WireCode
from restante.protocol.address import RelayAddress
from tests.client.test_language import spoken
from tests.tui import pseudo

SAID_IN_ENGLISH = [
    "It reached nobody. {first}",  # of a capability key: no screen has one
    "network.proxy must be socks5://HOST:PORT, as socks5://127.0.0.1:9050.",  # before any screen
]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Language:
    """A language whose letters are none of English's."""
    place = tmp_path_factory.mktemp("locale")
    pseudo.write(place)
    return language_for({"LANG": pseudo.NAME, "RESTANTE_LOCALE": str(place)})


def test_whatever_the_engine_says_is_found_again_with_what_fills_it(other: Language) -> None:
    hearing = Hearing(other)
    sentences = {sentence for _, sentence in engine_sentences(ROOT)}  # seconds: not when imported
    unlike = {}
    for sentence in sorted(sentences):
        fields = {name: f"{name}-7" for name in FIELD.findall(sentence)}
        heard = hearing.hear(Language().say(sentence, **fields))
        if heard != other.say(sentence, **fields):
            unlike[sentence] = heard
    assert len(sentences) > 300
    assert not unlike


def test_no_refusal_of_the_engine_is_left_out() -> None:
    """What is raised as a sentence is in the template, or is made of others that are."""
    left = {}
    for path in sorted((ROOT / PLACE).rglob("*.py")):
        if NOT_SHOWN & set(path.relative_to(ROOT / PLACE).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UserError" and node.args:
                text = spell(node.args[0])
                if text is not None and not is_sentence(text):
                    left[f"{path.name}:{node.lineno}"] = text
    assert sorted(left.values()) == SAID_IN_ENGLISH


def test_two_sentences_in_a_row_are_each_found(other: Language) -> None:
    relay = RelayAddress.parse("12-34.example")
    refused = RefusedError(WireCode.SLOW_DOWN, relay, retry_after_s=5, reason="9/9")
    assert str(refused).endswith(" Try again in 5 s.")
    heard = Hearing(other).hear(str(refused))
    assert not re.search(r"[A-Za-z]{2}", heard.replace("12-34.example", "")), heard


def test_what_was_done_in_a_group_is_found_again(other: Language) -> None:
    hearing = Hearing(other)
    for said in (
        "7 left.",
        '7 called it "7".',
        "7 added 7, 7 and 7.",
        "7 let in 7, 7 and 9 more, who came by an invite link.",
        "7 made 7 a reader, who can't write.",
        '7 called it "7". 7 let messages disappear 4 weeks after they were read.',
        "7 left. This has no effect.",
        "7. 7 removed 7.",
    ):
        heard = hearing.hear(said)
        assert not re.search(r"[A-Za-z]", heard), heard


@pytest.mark.parametrize(
    "said",
    [
        "The invite to a group of 7 lets you in no more: it was revoked. Ask them for another.",
        "Can't reach the relay 7: its name can't be resolved. Check the network and the address.",
        "An option of a poll can't be empty.",
        "The system refused: the disk is read-only.",
    ],
)
def test_a_reason_in_a_sentence_is_found_too(other: Language, said: str) -> None:
    heard = Hearing(other).hear(said)
    assert not re.search(r"[A-Za-z]", heard), heard


def test_what_to_install_stands_in_a_sentence_as_it_is_typed(other: Language) -> None:
    heard = Hearing(other).hear(NO_VOICE)
    assert not re.search(r"[A-Za-z]", heard.replace("pip install 'restante[voice]'", "")), heard


@pytest.mark.parametrize(
    "text",
    ["", "Hello. How are you?", "x" * 2_000, ". " * 300, "Noor is here. Bob isn't.", "{name}"],
)
def test_what_is_no_sentence_of_ours_is_shown_as_it_is(other: Language, text: str) -> None:
    assert Hearing(other).hear(text) == text.strip()


def test_what_fills_a_sentence_is_only_text(tmp_path: Path) -> None:
    german = spoken(tmp_path, {"There is no device {wanted}. See below.": "Kein Gerät {wanted}."})
    hearing = Hearing(german)
    assert hearing.hear("There is no device {wanted} {x.y}. See below.") == (
        "Kein Gerät {wanted} {x.y}."
    )


def test_in_english_nothing_is_looked_for() -> None:
    assert Hearing(Language()).hear("The call was cancelled.") == "The call was cancelled."
