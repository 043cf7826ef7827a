"""An exported page in a browser: it shows what was said, and nothing of it runs."""

from __future__ import annotations

import subprocess
from html import unescape
from typing import TYPE_CHECKING

import pytest

from restante.client.archives.pages import Html
from tests.client.test_archives import HOSTILE, a_message
from tests.programs import find_program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("chromium")

RUNS = "<script>document.title = 'it ran'</script>"


def shown(page: Path, profile: Path) -> str:
    """Return a page as a browser has it, after whatever runs in it has run."""
    browser = find_program("chromium")
    assert browser is not None
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *(f"--user-data-dir={profile}", page.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=120,
        encoding="utf-8",
    )
    return done.stdout


def test_a_browser_shows_a_page_and_runs_nothing_in_it(tmp_path: Path) -> None:
    page = Html()
    pieces = [*page.begin("alice@relay.example", "2024-06-04T14:36:00Z")]
    pieces += page.conversation("Bob", "bob@relay.example")
    for body in (*HOSTILE, RUNS):
        pieces += page.message(a_message(body))
    whole = "".join([*pieces, *page.end("9 messages.")])
    file = tmp_path / "history.html"
    file.write_text(whole, encoding="utf-8")
    seen = shown(file, tmp_path / "profile")
    assert "<title>History of alice@relay.example</title>" in seen
    assert seen.count("<article>") == len(HOSTILE) + 1
    for body in (*HOSTILE, RUNS):
        assert body in unescape(seen)
    assert "<script" not in seen
    assert "<img" not in seen
    # The browser would have run it: and even one that gets into a page does nothing there.
    file.write_text(f"<!doctype html><title>x</title>{RUNS}", encoding="utf-8")
    assert "<title>it ran</title>" in shown(file, tmp_path / "profile")
    file.write_text(whole.replace("</body>", f"{RUNS}</body>"), encoding="utf-8")
    assert "<title>History of" in shown(file, tmp_path / "profile")
