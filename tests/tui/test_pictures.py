"""The pictures in the documentation are the interface as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tui.pictures import PICTURES, draw

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
HOW = "if the change is meant, run `make pictures` and look at the pictures"


def words(svg: str) -> list[str]:
    """The texts of a picture, so that a difference reads well."""
    return re.findall(r">([^<>]+)</text>", svg)


@pytest.mark.parametrize("name", PICTURES)
async def test_a_picture_is_what_one_sees(name: str) -> None:
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    drawn = await draw(name)
    assert words(drawn) == words(kept), HOW
    assert drawn == kept, f"colours or places changed: {HOW}"


def test_no_picture_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PICTURES), HOW


def test_a_picture_fetches_nothing() -> None:
    for path in FOLDER.glob("*.svg"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert "http" not in text, path.name
