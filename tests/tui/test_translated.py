"""In another language, nothing that the program itself says is left in English."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.tui import pseudo

ROOT = Path(__file__).resolve().parents[2]


def test_no_screen_and_no_line_says_an_english_word(tmp_path: Path) -> None:
    pseudo.write(tmp_path)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    environ |= {"LANG": "en_US.UTF-8", "LANGUAGE": pseudo.NAME, "RESTANTE_LOCALE": str(tmp_path)}
    walked = subprocess.run(
        [sys.executable, "-m", "tests.tui.translated"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    left = json.loads(walked.stdout)
    assert len(left) > 25
    assert not {place: words for place, words in left.items() if words}
