"""docs/cli.md and docs/rpc.md name every command, option, exit code, method and limit there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from restante.cli import HOMES, RELAY_HOMES, cli
from restante.client import rpc
from restante.client.commands.send import MAX_TEXT_BYTES
from restante.client.commands.tail import PAGE
from restante.client.methods import METHODS
from restante.errors import ExitCode

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
RPC = (DOCS / "rpc.md").read_text(encoding="utf-8")
COMMON = {
    *("--json", "--profile", "--passphrase-fd", "-v", "--verbose", "-q", "--quiet"),
    *("--no-input", "--timeout"),
}


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


ALL = dict(commands(cli, "restante"))


def test_every_command_is_listed_where_it_is() -> None:
    for package, homes in (("client", HOMES), ("relay", RELAY_HOMES)):
        for home, names in homes.items():
            found = import_module(f"restante.{package}.verbs.{home}").verbs.commands
            assert set(found) == set(names)


def section_of(path: str) -> str:
    """Return the page's section of a command."""
    heading = path.split()[1]
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", CLI, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/cli.md has no section {heading}"
    return found[1]


DESTROYING = {
    *("delete", "device revoke", "contact block", "hook forget", "hook dead drop"),
    *("panic", "group leave", "group remove"),
    *("scheduled cancel", "account move", "account delete", "backup restore"),
    *("relay accounts block", "relay accounts delete", "relay restore", "relay down"),
    *("relay invite revoke", "relay drain", "relay upgrade"),
}
"""Commands after which something is gone, or others have been told."""


def test_every_command_has_help_and_the_common_options_and_what_destroys_can_be_tried() -> None:
    for path, command in ALL.items():
        assert command.help, path
        options = {option for parameter in command.params for option in parameter.opts}
        assert options >= COMMON, path
        assert ("--dry-run" in options) >= (path.removeprefix("restante ") in DESTROYING), path


def test_every_command_is_documented_with_its_options() -> None:
    for path, command in ALL.items():
        section = section_of(path)
        assert path in section
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                is_there = set(parameter.opts) <= COMMON or parameter.opts[0] in section
                assert is_there, (path, parameter.opts)


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", CLI, re.MULTILINE)}
    assert documented == {code.value for code in ExitCode}


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{MAX_TEXT_BYTES:,} bytes" in CLI
    assert f"At most {PAGE}" in CLI
    assert rpc.MAX_REQUEST_BYTES == 1024 * 1024
    for limit in (rpc.MAX_REQUESTS, rpc.MAX_SUBSCRIPTIONS, rpc.MAX_CONNECTIONS):
        assert f"| {limit} |" in RPC


def test_every_method_of_the_socket_is_documented() -> None:
    listed = re.search(r"Methods: `(.*?)`", RPC, re.DOTALL)
    assert listed is not None
    assert listed[1].split() == sorted(METHODS)
    for code in (
        rpc.PARSE_ERROR,
        rpc.INVALID_REQUEST,
        rpc.METHOD_NOT_FOUND,
        rpc.INVALID_PARAMS,
    ):
        assert str(code) in RPC


def test_no_list_of_commands_cuts_a_sentence_off() -> None:
    for path in {path.rpartition(" ")[0] for path in ALL}:
        group: click.Command = cli
        context = click.Context(cli, info_name="restante", terminal_width=80)
        for name in path.split()[1:]:
            assert isinstance(group, click.Group)
            found = group.get_command(context, name)
            assert found is not None
            group, context = found, click.Context(found, parent=context, terminal_width=80)
        assert not re.search(r"[\w,:;]\.\.\.$", group.get_help(context), re.MULTILINE)
