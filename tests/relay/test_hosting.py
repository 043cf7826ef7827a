"""`relay up` and `down` below a root of their own, with real files and users."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from restante.client.verbs.invocation import Invocation
from restante.errors import ExitCode, UserError
from restante.relay.hosting import service, system
from restante.relay.hosting.texts import SERVICE
from restante.relay.settings import read_settings
from tests.relay.hosting import (
    DATA,
    ONION,
    SETTINGS,
    UNIT,
    as_root,
    files,
    needs_systemd,
    relay,
    up,
)

# ---- up and down ----------------------------------------------------------------------------


@as_root
@needs_systemd
def test_up_makes_the_whole_service_and_nothing_again(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(capsys, root, "--domain", "relay.example") == ["made"] * 6
    ids = system.Machine(root).ids(SERVICE)
    assert ids is not None
    assert 0 < ids.uid < 1000, "a system user"
    assert (root / DATA).stat().st_mode & 0o777 == 0o700
    assert ((root / DATA).stat().st_uid, (root / DATA).stat().st_gid) == (ids.uid, ids.gid)
    settings = (root / SETTINGS).stat()
    assert (settings.st_mode & 0o777, settings.st_uid, settings.st_gid) == (0o640, 0, ids.gid)
    assert (root / service.WANTED_PATH.lstrip("/")).is_symlink()
    before = files(root)
    assert up(capsys, root, "--domain", "relay.example") == ["kept"] * 6
    assert files(root) == before


@as_root
@needs_systemd
def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(root)
    asked = ("up", "--root", str(root), "--domain", "relay.example", "--dry-run")
    code, objects, _ = relay(capsys, *asked)
    assert code == ExitCode.OK
    assert {one["state"] for one in objects} == {"would be made"}
    assert len(objects) == 6
    assert files(root) == before
    up(capsys, root, "--domain", "relay.example")
    before = files(root)
    code, objects, _ = relay(capsys, "down", "--root", str(root), "--purge", "--dry-run")
    assert code == ExitCode.OK
    assert {one["state"] for one in objects} == {"would be removed"}
    assert files(root) == before


@as_root
@needs_systemd
def test_down_leaves_the_data_and_purge_leaves_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example")
    (root / DATA / "relay.sqlite3").write_bytes(b"people's letters")
    code, _, said = relay(capsys, "down", "--root", str(root), "--yes")
    assert code == ExitCode.OK
    assert "The data is still in" in said
    assert not (root / UNIT).exists()
    assert not (root / service.WANTED_PATH.lstrip("/")).is_symlink()
    assert (root / DATA / "relay.sqlite3").read_bytes() == b"people's letters"
    assert up(capsys, root, "--domain", "relay.example") == ["kept"] * 4 + ["made"] * 2
    assert (root / DATA / "relay.sqlite3").exists()
    assert relay(capsys, "down", "--root", str(root), "--yes", "--purge")[0] == ExitCode.OK
    assert system.Machine(root).ids(SERVICE) is None
    assert [path for path in files(root) if "restante" in path and path != "etc/restante"] == []
    code, objects, _ = relay(capsys, "down", "--root", str(root), "--purge")
    assert (code, {one["state"] for one in objects}) == (ExitCode.OK, {"not there"})


@as_root
@needs_systemd
def test_up_mends_the_unit_and_never_touches_the_settings(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example")
    unit = (root / UNIT).read_text()
    (root / UNIT).write_text(unit + "# meddled with\n")
    settings = (root / SETTINGS).read_text().replace("open_registration = false", "# mine")
    (root / SETTINGS).write_text(settings)
    assert up(capsys, root, "--domain", "relay.example").count("made") == 1
    assert (root / UNIT).read_text() == unit
    assert (root / SETTINGS).read_text() == settings
    before = files(root)
    for more, sentence in (
        (["--domain", "other.example"], "doesn't name other.example; nothing was changed"),
        (
            ["--domain", "relay.example", "--behind-proxy"],
            'Write into it: listen = "127.0.0.1:7441"; trusted_proxies = ["127.0.0.1", "::1"].',
        ),
        (
            ["--domain", "relay.example", "--tls-cert", "/c.pem", "--tls-key", "/k.pem"],
            'Write into it: tls_cert = "/c.pem"; tls_key = "/k.pem"; certified = true.',
        ),
    ):
        code, _, said = relay(capsys, "up", "--root", str(root), "--yes", *more)
        assert code == ExitCode.FIXABLE
        assert sentence in said
        assert files(root) == before, "also the unit"


@as_root
@needs_systemd
def test_up_in_another_way_writes_its_own_settings_anew(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ways: list[list[str]] = [
        [],
        ["--behind-proxy"],
        ["--tls-cert", "/c.pem", "--tls-key", "/k.pem"],
        [],
    ]
    for number, way in enumerate(ways):
        made = up(capsys, root, "--domain", "relay.example", *way).count("made")
        assert made == (1 + (number < 3) if number else 6)
        settings = read_settings(root / SETTINGS, environment={})
        assert settings.uses_tls is ("--behind-proxy" not in way)
        assert bool(settings.tls_cert) is ("--tls-cert" in way)
        may_bind = "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n" in (root / UNIT).read_text()
        assert may_bind is (settings.listen_port < 1024)


@as_root
@needs_systemd
def test_where_else_it_listens_is_the_operators(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example:7443")
    written = (root / SETTINGS).read_text()
    mine = written.replace("[::]:7443", "0.0.0.0:8443")
    assert mine != written
    (root / SETTINGS).write_text(mine)
    assert up(capsys, root, "--domain", "relay.example:7443") == ["kept"] * 6
    (root / SETTINGS).write_text(written.replace("[::]:7443", "[::]:443"))
    asked = ("up", "--root", str(root), "--domain", "relay.example:7443", "--yes")
    code, _, said = relay(capsys, *asked)
    assert (code, 'listen = "[::]:7443"' in said) == (ExitCode.FIXABLE, True), (
        "the unit may not take 443"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--domain", "Relay Example"], "is no host"),
        (["--domain", "relay.example:443"], "Leave out :443"),
        (["--domain", "r.example", "--tls-cert", "c.pem"], "belong together"),
        (
            ["--domain", "r.example", "--behind-proxy", "--tls-cert", "c", "--tls-key", "k"],
            "Behind a proxy the proxy has the certificate",
        ),
        (["--domain", ONION, "--behind-proxy"], "speak TLS with the relay itself"),
        (["--domain", "r.example", "--root", "/no/such/root"], "There is no directory"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    code, objects, said = relay(capsys, "up", "--root", str(root), "--yes", *arguments)
    assert code == ExitCode.FIXABLE
    assert sentence in said
    assert [one["type"] for one in objects] == ["error"]
    assert files(root) == {"etc": "/"}


def test_without_a_terminal_it_asks_for_yes_and_does_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, _, said = relay(capsys, "up", "--root", str(root), "--domain", "relay.example")
    assert code == ExitCode.USAGE
    assert "Missing option '--yes'" in said
    assert files(root) == {"etc": "/"}


def test_a_program_that_the_service_could_not_reach_is_refused(tmp_path: Path) -> None:
    for place in ("/root/venv/bin/restante", "/home/anna/.local/bin/restante"):
        with pytest.raises(UserError, match="/opt/restante"):
            system.check_program(place)
    hidden = tmp_path / "private" / "bin"
    hidden.mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    with pytest.raises(UserError, match="/opt/restante"):
        system.check_program(str(hidden / "restante"))


@as_root
@needs_systemd
def test_a_certificate_that_its_user_may_not_read_is_refused_with_what_to_do(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up(capsys, root, "--domain", "relay.example")
    machine = system.Machine(root)
    ids = machine.ids(SERVICE)
    assert ids is not None
    cert, key = root / "etc" / "c.pem", root / "etc" / "k.pem"
    wish = service.checked_wish("relay.example", tls_cert="/etc/c.pem", tls_key="/etc/k.pem")
    for file in (cert, key):
        with pytest.raises(UserError, match=f"install -g restante-relay -m 640 /etc/{file.name}"):
            service.check_certificate(machine, wish)
        file.write_text("PEM")
        file.chmod(0o640)
        with pytest.raises(UserError, match=f"can't read .*{file.name}"):
            service.check_certificate(machine, wish)
        os.chown(file, 0, ids.gid)
    service.check_certificate(machine, wish)
    (root / "etc").chmod(0o700)
    with pytest.raises(UserError, match="can't read"):
        service.check_certificate(machine, wish)


class Terminal(io.StringIO):
    """Stdout as a person sees it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_the_first_invite_is_drawn_for_people_and_not_for_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "restante:r2zIj--ikAB1rH9zHP_yFa3QV_M7C1aEVrelay.example#"
    run = Invocation()
    assert run.qr(code) == [], "this is no terminal"
    monkeypatch.setattr(sys, "stdout", Terminal())
    lines = run.qr(code)
    assert len({len(line) for line in lines}) == 1
    assert len(lines) > 15
    assert Invocation.qr(_for_a_program(), code) == []


def _for_a_program() -> Invocation:
    run = Invocation()
    run.is_json = True
    return run
