"""A translation can say a sentence otherwise and do nothing else; without one there is English."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from dev.messages import compiled
from restante.client.language import Language, language_for

WAITS = ("1 message waits for {name}.", "{count} messages wait for {name}.")


def written(
    place: Path, sentences: dict[object, object], *, name: str = "de", locale: str = "de"
) -> dict[str, str]:
    """Write a catalogue; return the environment that asks for it."""
    made = Catalog(locale=locale, charset="utf-8")
    for english, theirs in sentences.items():
        made.add(english, theirs)  # type: ignore[arg-type]
    file = place / name / "LC_MESSAGES" / "restante.mo"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(compiled(made))
    return {"RESTANTE_LOCALE": str(place), "LANG": f"{name}.UTF-8"}


def spoken(place: Path, sentences: dict[object, object], *, locale: str = "de") -> Language:
    return language_for(written(place, sentences, locale=locale))


def test_a_sentence_is_said_in_the_reader_s_language_with_its_fields(tmp_path: Path) -> None:
    german = spoken(tmp_path, {"Message {name}…": "Nachricht an {name}…", "Back": "Zurück"})
    assert german.say("Back") == "Zurück"
    assert german.say("Message {name}…", name="Noor") == "Nachricht an Noor…"
    assert german.say("Only in English", name="Noor") == "Only in English"
    assert german.say("") == "", "the header of the file stands under no sentence"


def test_what_fills_a_field_is_never_filled_itself() -> None:
    said = Language().say("{name} wrote {text}", name="{text}", text="{name.__class__}")
    assert said == "{text} wrote {name.__class__}"


def test_a_count_takes_the_form_that_its_language_has_for_it(tmp_path: Path) -> None:
    forms = ("{count} czeka ({name})", "{count} czekają ({name})", "{count} czeka na ({name})")
    polish = spoken(tmp_path, {WAITS: forms}, locale="pl")
    said = [polish.say_count(*WAITS, count, name="Jan") for count in (1, 3, 5)]
    assert said == ["1 czeka (Jan)", "3 czekają (Jan)", "5 czeka na (Jan)"]
    english = [Language().say_count(*WAITS, count, name="Jan") for count in (0, 1, 2)]
    assert english == [
        "0 messages wait for Jan.",
        "1 message waits for Jan.",
        "2 messages wait for Jan.",
    ]


@pytest.mark.parametrize(
    "translation",
    [
        pytest.param("Gesperrt.", id="a field is lost: nobody knows who"),
        pytest.param("{name} {secret}", id="a field that the sentence hasn't"),
        pytest.param("{name}: {name.__class__}\x1b[2J", id="the terminal's own language"),
        pytest.param("{name}\x9b2J", id="the same in one byte"),
        pytest.param("{name}\nwas blocked", id="more lines than there is room for"),
        pytest.param("[@click=app.quit]{name}[/]", id="markup"),
        pytest.param("   ", id="nothing"),
    ],
)
def test_a_translation_that_does_not_fit_is_not_used(tmp_path: Path, translation: str) -> None:
    german = spoken(tmp_path, {"{name} is blocked.": translation})
    assert german.say("{name} is blocked.", name="Kim") == "Kim is blocked."


def test_attributes_and_indices_of_fields_are_text_and_nothing_else(tmp_path: Path) -> None:
    german = spoken(tmp_path, {"{name} is blocked.": "{name} {name.__class__} {0} {name!r} {}"})
    assert german.say("{name} is blocked.", name="Kim") == "Kim {name.__class__} {0} {name!r} {}"


@pytest.mark.parametrize(
    ("environ", "is_english"),
    [
        ({"LANG": "de_AT.UTF-8"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "de_DE"}, False),
        ({"LANG": "de_DE", "LC_ALL": "en_US.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:de"}, False),
        ({"LANGUAGE": "de"}, False),
        ({"LANG": "de_DE", "LANGUAGE": "en:de"}, True),
        ({"LANG": "C.UTF-8", "LANGUAGE": "de"}, True),
        ({"LANG": "fr_FR.UTF-8"}, True),
        ({"LANG": "../de"}, True),
        ({}, True),
    ],
)
def test_the_environment_says_which_language(
    tmp_path: Path, environ: dict[str, str], is_english: bool
) -> None:
    written(tmp_path, {"Back": "Zurück"})
    assert language_for(environ, ours=tmp_path).is_english is is_english


def test_one_s_own_catalogue_goes_before_the_one_that_came_along(tmp_path: Path) -> None:
    ours, own = tmp_path / "ours", tmp_path / "own"
    written(ours, {"Back": "Zurück"})
    environ = written(own, {"Back": "Retour"})
    assert language_for(environ, ours=ours).say("Back") == "Retour"


def test_a_broken_catalogue_is_none(tmp_path: Path) -> None:
    environ = written(tmp_path, {"Back": "Zurück", WAITS: ("a {name}", "b {name}")})
    file = tmp_path / "de" / "LC_MESSAGES" / "restante.mo"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert language_for(environ).say("Back") in {"Back", "Zurück"}
    for harm in (b"nplurals=x;", b"nplurals=2; plural=1/0;", b"nplurals=2; plural=n n;"):
        file.write_bytes(_with_formula(harm))
        said = language_for(environ).say_count(*WAITS, 2, name="Jan")
        assert said == "2 messages wait for Jan."


def _with_formula(formula: bytes) -> bytes:
    """Return a catalogue that reckons its forms so."""
    made = Catalog(locale="de", charset="utf-8")
    made.add(WAITS, ("a {name}", "b {name}"))
    header = b"nplurals=2; plural=(n != 1);"
    whole = compiled(made)
    assert whole.count(header) == 1
    return whole.replace(header, formula.ljust(len(header)))
