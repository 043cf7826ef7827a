"""Draws the pictures of the documentation from the interface itself: `make pictures`.

`docs/pictures.py NAME...` draws only those; with `--png` also as PNG, to look at (not kept; needs
rsvg-convert and the font Fira Code). What they show is in tests/tui/pictures.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import trio

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT))
os.environ["TEXTUAL_ANIMATIONS"] = "none"

from tests.tui.pictures import PICTURES, draw  # noqa: E402  # found by the line above


def main(arguments: list[str]) -> int:
    """Draw the named pictures, or all, and drop what is none any more."""
    names = [name for name in arguments if not name.startswith("-")] or list(PICTURES)
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        place = FOLDER / f"{name}.svg"
        place.write_text(trio.run(draw, name), encoding="utf-8")
        print(f"{place.relative_to(ROOT)}  {place.stat().st_size:,} bytes")
        if "--png" in arguments:
            png = str(place.with_suffix(".png"))
            subprocess.run(["rsvg-convert", "-o", png, str(place)], check=True)
    for left_over in {path.stem for path in FOLDER.glob("*.svg")} - set(PICTURES):
        (FOLDER / f"{left_over}.svg").unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
