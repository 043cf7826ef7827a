"""From the kit on paper back to the account, by commands alone."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path

from tests.e2e.town import Person, Relay
from tests.processes import Process


def answer_prompts(running: Process, words: list[str]) -> None:
    """Type the words of the kit that a command asks for, as a person does."""
    assert running.stdin is not None
    assert running.stderr is not None
    for _ in range(3):
        prompt = b""
        while not prompt.endswith(b": "):
            prompt += running.stderr.read(1)
        found = re.search(rb"Word (\d+)", prompt)
        assert found is not None, prompt
        running.stdin.write(words[int(found[1]) - 1].encode() + b"\n")
        running.stdin.flush()


def test_an_account_comes_back_from_its_kit(relay: Relay, tmp_path: Path) -> None:
    alice = Person(name="alice", home=tmp_path / "old")
    address = alice.address(relay)
    alice.run("init", "--address", address).ok()
    page = tmp_path / "kit.html"
    written = alice.run("recovery", "kit", "--output", str(page), "--json").ok().record
    assert (written["words"], written["path"]) == (None, str(page))
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    words = re.findall(r"</b> (\w+)</td>", page.read_text(encoding="utf-8"))
    assert len(words) == 24
    assert "exists" in alice.run("recovery", "kit", "--output", str(page)).failed(1)

    assert "on paper alone" in alice.run("recovery", "confirm", "--dry-run").ok().out
    asking = alice.start(
        "recovery", "confirm", "--json", stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    answer_prompts(asking, words)
    out, err = asking.communicate(timeout=120)
    assert asking.returncode == 0, err
    assert b'"state":"confirmed"' in out
    assert "on paper alone" in alice.run("recovery", "kit").failed(1)

    again = Person(name="alice", home=tmp_path / "new")
    assert "the only device of" in again.run("recover", address, "--dry-run").ok().out
    assert not again.directory.exists()
    typed = " ".join([*words[:23], "abandon" if words[23] != "abandon" else "zoo"]).encode()
    assert "compare" in again.run("recover", address, stdin=typed).failed(1).lower()
    back = again.run("recover", address, "--json", stdin="\n".join(words).encode())
    assert back.ok().record["address"] == address
    assert "as requests" in back.err
    assert not any(word in back.err for word in ("Traceback", words[0] + " " + words[1]))
    alice.run("tail", "--once")  # the old device is online, and hears of it
    assert "recovered" in alice.run("contact", "code").failed(1)
