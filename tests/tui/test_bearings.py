"""Places: how far they are, in which direction, and the sketch of both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.client.interface import Place
from restante.client.tui.bearings import (
    COLUMNS,
    ROWS,
    bearing,
    direction,
    distance_m,
    distance_text,
    ring_m,
    sketch,
)
from restante.client.tui.glyphs import ASCII
from tests.tui.laid_out import PAGE, lines
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, tell
from tests.tui.talks import a_talk, opened

BERLIN, PARIS, SYDNEY = (52.52, 13.405), (48.8566, 2.3522), (-33.8688, 151.2093)

IN_PARIS = Place(
    latitude=PARIS[0],
    longitude=PARIS[1],
    accuracy_m=None,
    label="",
    live_until=None,
    at="2024-06-04T12:00:00.000Z",
)


@pytest.mark.parametrize(
    ("here", "there", "kilometres", "degrees", "named"),
    [
        (BERLIN, PARIS, 877.5, 246.8, "south-west"),
        (PARIS, BERLIN, 877.5, 58.2, "north-east"),
        (BERLIN, SYDNEY, 16_092, 75.0, "east"),
        ((0, 179.9), (0, -179.9), 22.24, 90, "east"),
        ((0, 0), (0.009, 0), 1.0, 0, "north"),
        ((89, 0), (89, 180), 222.4, 0, "north"),
    ],
)
def test_distance_and_direction_are_those_of_a_sphere(
    here: tuple[float, float],
    there: tuple[float, float],
    kilometres: float,
    degrees: float,
    named: str,
) -> None:
    assert distance_m(here, there) == pytest.approx(kilometres * 1000, rel=0.005)
    assert bearing(here, there) == pytest.approx(degrees, abs=0.5)
    assert direction(bearing(here, there)) == named


def test_the_same_place_and_the_other_side_of_the_earth_are_no_trouble() -> None:
    assert distance_m(BERLIN, BERLIN) == 0
    assert distance_text(distance_m((0, 0), (0, 180))) == "20,015 km"
    assert distance_text(44) == "40 m"
    assert distance_text(3210) == "3.2 km"
    for metres in (0, 5, 10, 11, 999, 20_015_000):
        assert ring_m(metres) >= metres
        assert len(sketch(metres, 123)) == ROWS


def test_the_sketch_shows_the_direction() -> None:
    empty = {chr(0x2800)}
    for degrees, wanted in ((0, 0), (180, ROWS - 1)):
        drawn, opposite = sketch(1000, degrees), sketch(1000, degrees + 180)
        assert drawn[wanted] != opposite[wanted]
    for line in sketch(700, 90):
        assert len(line) == COLUMNS
        assert not set(line) <= empty


async def test_where_one_is_is_said_once_and_places_say_how_far_they_are() -> None:
    engine, bob = a_talk()
    message = engine.hear(bob, "", kind="location", is_read=True)
    engine._put(*engine._find(message.id), location=IN_PARIS)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown("geo:48.85660,2.35220")
        t.app._main.action_where_i_am()
        await t.until_shown("Where you are")
        await t.paste("52.52, 13.405")
        await t.press("enter")
        await t.until_shown("877 km south-west of you (247°)", "ring: 1,000 km")

    await tell(engine, story, size=WIDE)


def test_a_place_says_how_far_it_is_from_where_the_reader_is() -> None:
    engine = ScriptedEngine()
    key = engine.person("bob@relay.example", "Bob")
    message = engine.hear(key, "", kind="location")
    message = engine._put(*engine._find(message.id), location=IN_PARIS)
    assert not any("of you" in line for line in lines(message))
    shown = lines(message, page=replace(PAGE, here=BERLIN))
    assert "877 km south-west of you (247°)" in shown
    assert shown[-1].endswith("ring: 1,000 km, north up")
    plain = lines(message, page=replace(PAGE, here=BERLIN, glyphs=ASCII))
    assert plain[-1].startswith("877 km south-west")
