"""The first steps of the README work as they are written."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.test_cli_bad_input import free_port
from tests.processes import PATIENCE_S, ROOT, clean_environment


def first_steps() -> str:
    """Return the shell lines of the README's first steps."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## First steps")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_readme_opens_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^make (\w+)", text, re.MULTILINE)[:2] == ["demo", "test"]
    assert text.index("make demo") < text.index("## ")


def test_the_first_steps_work_as_written(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    shim = programs / "restante"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m restante "$@"\n')
    shim.chmod(0o755)
    script = first_steps().replace(":7441", f":{free_port()}")
    assert script.count("restante chat") == 1
    # The shell of a reader waits by itself until the relay has started; a script must be told to.
    script = script.replace(
        "&\n", "&\nrelay=$!\nwhile ! test -e relay/address; do sleep 0.1; done\n", 1
    )
    script = script.replace("restante chat --profile alice", "restante tail --profile alice --once")
    path = f"{programs}:{clean_environment()['PATH']}"
    with subprocess.Popen(
        ["sh", "-c", f"set -e\ntrap 'kill $relay' EXIT\n{script}"],
        cwd=tmp_path,
        env=clean_environment(RESTANTE_HOME=str(tmp_path / "home"), PATH=path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            out, err = shell.communicate(timeout=PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, err
    assert "Are you there?" in out
    assert "Bob: Just came in." in out
    assert "Traceback" not in err


def test_what_the_readme_points_to_exists() -> None:
    for page in ("README.md", "docs/cli.md", "docs/rpc.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if not target.startswith("http"):
                assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
