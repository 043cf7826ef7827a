"""Man pages, the reference, completion and examples are those of the commands."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from docs import commands
from restante.client.verbs.examples import EXAMPLES
from tests.house.test_cli_documented import ALL

ROOT = Path(__file__).resolve().parents[2]
made = cache(commands.everything)


def test_what_is_made_of_the_commands_is_up_to_date() -> None:
    there = {path: path.read_text(encoding="utf-8") for path in made() if path.is_file()}
    assert {path for path in made() if there.get(path) != made()[path]} == set(), "run `make man`"


def test_there_is_no_page_of_a_command_that_is_no_more() -> None:
    for folder in (commands.MAN, commands.COMPLETION):
        assert set(folder.iterdir()) == {path for path in made() if path.parent == folder}


def test_pages_and_completion_are_in_the_wheel() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = project.partition("[tool.hatch.build.targets.wheel.shared-data]")[2]
    assert '"docs/man" = "share/man/man1"' in section
    for path in commands.COMPLETION.iterdir():
        assert f'"docs/completion/{path.name}" = "share/' in section


def test_every_command_has_an_example_and_no_other_is_named() -> None:
    assert set(EXAMPLES) == {path.removeprefix("restante ") for path in ALL}


def test_every_example_is_a_command_line_that_the_command_takes() -> None:
    examples = [
        (path, example)
        for path in ALL
        for example in EXAMPLES.get(path.removeprefix("restante "), ())
    ]
    for path, example in examples:
        command = ALL[path]
        said = example.rpartition("| ")[2].partition(" > ")[0]
        words = shlex.split(said)
        assert " ".join(words).startswith(path)
        given = words[len(path.split()) :]
        with command.make_context(path, given):
            pass
        help_text = command.get_help(commands.context_of(path.split()[1:]))
        assert example in help_text


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "-n")])
def test_each_shell_can_read_its_completion(shell: str, check: str) -> None:
    program = shutil.which(shell)
    names = {"bash": "restante.bash", "zsh": "_restante", "fish": "restante.fish"}
    text = made()[commands.COMPLETION / names[shell]]
    assert "_RESTANTE_COMPLETE" in text
    if program is not None:  # what isn't here is read where it is
        path = commands.COMPLETION / names[shell]
        subprocess.run([program, check, str(path)], check=True)


def test_what_a_shell_asks_is_answered_with_commands_and_options() -> None:
    shell = commands.BashComplete(commands.cli, {}, "restante", "_RESTANTE_COMPLETE")
    assert "grant" in {each.value for each in shell.get_completions(["device"], "gr")}
    offered = shell.get_completions(["device", "grant", "new"], "--u")
    assert "--until" in {each.value for each in offered}
