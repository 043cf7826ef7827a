"""docs/self-hosting.md can be followed: its commands are there, and do what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import trio

from restante.cli import cli, run_cli
from restante.relay.hosting import service
from restante.relay.hosting.texts import OPS_LISTEN, PROXIED_LISTEN, SERVICE
from restante.relay.settings import read_settings
from tests.relay.wire import relay_at

ROOT = Path(__file__).resolve().parents[2]
CONTAINER = ROOT / "deploy" / "container"
PAGE = (ROOT / "docs" / "self-hosting.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
RESTANTE = [line for line in LINES if line.startswith("restante ")]
SYSTEMS = {
    *("apt-get", "python3", "git", "/opt/restante/bin/pip", "ln", "curl", "systemctl"),
    *("journalctl", "docker", "cat"),
}
"""Programs of the system, which the page uses and nobody here tries."""
ONION = "v" * 56 + ".onion"


def words_of(line: str) -> list[str]:
    """Split a line as a shell would, which has put in what it is told to."""
    line = line.replace('"$invite"', "restante:rabc")
    return shlex.split(re.sub(r'"\$\(cat [^)]*\)"', ONION, line))


def test_every_command_is_of_a_known_program() -> None:
    assert len(LINES) > 25
    assert {words_of(line)[0] for line in LINES} <= SYSTEMS | {"restante"}


@pytest.mark.parametrize("line", RESTANTE)
def test_every_restante_command_is_one_with_these_options(line: str) -> None:
    command: click.Command = cli
    words = words_of(line)[1:]
    context = click.Context(cli, info_name="restante")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, words[0]
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    command.make_context("restante", words)  # raises UsageError for what isn't allowed


@pytest.fixture
def machine() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="restante-machine-"))
    folder.chmod(0o755)
    (folder / "etc").mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.needs("systemd-analyze")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a system user")
def test_up_and_down_of_the_page_do_what_it_says(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = machine / service.SETTINGS_PATH.lstrip("/")
    unit = machine / service.UNIT_PATH.lstrip("/")
    ways = 0
    for line in RESTANTE:
        words = words_of(line)[1:]
        if words[:2] not in (["relay", "up"], ["relay", "down"]):
            continue
        assert run_cli([*words, "--root", str(machine)]) == 0, capsys.readouterr().err
        if words[1] == "up" and "--dry-run" not in words:
            read = read_settings(settings, environment={})
            assert read.uses_tls is ("--behind-proxy" not in words)
            assert bool(read.tls_cert) is ("--tls-cert" in words)
            may_bind = "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n" in unit.read_text()
            assert may_bind is (read.listen_port < 1024)
            assert read.is_loopback is ("--behind-proxy" in words or ONION in words)
            ways += 1
        if "--purge" in words:
            left = {str(path.relative_to(machine)) for path in machine.rglob("*restante*")}
            assert left == {"etc/restante"}
    assert ways == 4


async def test_what_the_page_asks_of_the_ops_listener_is_answered(tmp_path: Path) -> None:
    asked = [words_of(line)[-1] for line in LINES if line.startswith("curl ")]
    assert len(asked) == 2
    async with relay_at(tmp_path, ops_listen="127.0.0.1:0") as relay:
        for url in asked:
            place, path = re.fullmatch(r"http://([^/]+)(/\w+)", url).groups()  # type: ignore[union-attr]
            assert place == OPS_LISTEN
            stream = await trio.open_tcp_stream("127.0.0.1", relay.ops_port)
            async with stream:
                await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: r\r\n\r\n".encode())
                assert (await stream.receive_some()).startswith(b"HTTP/1.1 200 ")


def test_the_places_of_the_page_are_those_of_the_service() -> None:
    for place in (service.DATA_PATH, service.SETTINGS_PATH, service.UNIT_PATH, SERVICE):
        assert f"`{place}`" in PAGE
    assert f"reverse_proxy {PROXIED_LISTEN}" in PAGE


def test_the_files_of_the_page_are_there() -> None:
    named = set(re.findall(r"deploy/[\w./-]+", PAGE))
    assert len(named) >= 3
    assert [path for path in named if not (ROOT / path).exists()] == []


# ---- the container ----------------------------------------------------------------------------


def test_the_image_runs_without_rights_and_with_settings_that_there_are() -> None:
    text = (CONTAINER / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE)[-1] == "7441:7441"
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    environment = dict(re.findall(r"(RESTANTE_\w+)=(\S+)", text)) | {
        "RESTANTE_RELAY_NAMES": "relay.example"
    }
    settings = read_settings(environment=environment)
    assert settings.uses_tls
    assert (settings.data, settings.ops_listen) == ("/data", OPS_LISTEN)
    for file in ("compose.yaml", "compose.caddy.yaml"):
        compose = (CONTAINER / file).read_text(encoding="utf-8")
        for line in ('user: "7441:7441"', "read_only: true", "cap_drop: [ALL]"):
            assert line in compose
        more = dict(re.findall(r"(RESTANTE_\w+): ([^$\s]\S*)$", compose, re.MULTILINE))
        behind = read_settings(environment=environment | more)
        assert behind.uses_tls is (file == "compose.yaml")
        assert behind.is_proxied_only is (file != "compose.yaml")


def test_the_pins_of_the_image_are_all_that_a_relay_needs() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = {
        name.lower() for name in re.findall(r"^([A-Za-z0-9._-]*)==[^ ;]*", lock, re.MULTILINE)
    }
    wanted = re.findall(
        r'^  "([a-z0-9-]+)(?:\[\w+\])?[<>=]', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert {"trio", "sqlalchemy", "msgpack"} <= set(wanted)
    assert set(wanted) <= pinned
