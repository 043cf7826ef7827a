"""Whatever goes wrong: one clear sentence, its exit code, nothing lost and nothing doubled."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from restante.client.commands import send as send_command
from restante.client.history import MAX_TEXT_BYTES
from tests.e2e.town import PROGRAM, Person, Relay, a_relay, settle

Friends = tuple[Person, Person]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """Listen on a port and answer everybody with the same bytes, whatever they say."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ends = threading.Event()

        def serve() -> None:
            while not ends.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(5)
                    try:
                        connection.recv(4096)
                        connection.sendall(reply)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ends.set()
            thread.join()


# ---- the relay ------------------------------------------------------------------------------


def test_an_unreachable_relay(stranger: Person) -> None:
    address = f"me@127.0.0.1:{free_port()}"
    sentence = stranger.run("init", "--no-input", "--address", address).failed(3)
    assert "Can't reach the relay" in sentence
    record = stranger.run("init", "--no-input", "--address", address, "--json").record
    assert record["type"] == "error"
    assert record["code"] == 3


def test_something_that_is_no_relay(stranger: Person) -> None:
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as port:
        sentence = stranger.run("init", "--address", f"me@127.0.0.1:{port}").failed(1)
        assert "no Restante relay" in sentence


def test_a_relay_with_another_key_than_the_pinned_one(stranger: Person, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    options = ("--open-registration", "--tls-cert", str(certificate), "--tls-key", str(key))
    with a_relay(tmp_path / "relay", *options) as relay:
        place, _, pin = relay.address.partition("#")
        assert pin, "a relay with a key of its own says its pin"
        wrong = ("b" if pin[0] == "a" else "a") + pin[1:]
        sentence = stranger.run("init", "--address", f"me@{place}#{wrong}").failed(4)
        assert "another key than the one pinned" in sentence
        unpinned = f"me@{place}"  # on loopback: plain, and the relay speaks TLS there
        stranger.run("init", "--address", unpinned).failed(1)
        stranger.run("init", "--address", f"me@{place}#{pin}").ok()


def make_certificate(place: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for loopback."""
    certificate, key = place / "cert.pem", place / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return certificate, key


def test_a_missing_wrong_or_used_up_invite(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay", "-q") as relay:
        uninvited, invited, late = (
            Person(name=name, home=tmp_path / name) for name in ("una", "ivan", "lars")
        )
        for wrong in ((), ("--invite", "restante:r" + "A" * 32 + relay.address)):
            command = ("init", "--no-input", "--address", uninvited.address(relay), *wrong)
            assert "invite" in uninvited.run(*command).failed(1)
        sentence = uninvited.run(
            "init", "--address", uninvited.address(relay), "--invite", "restante:zzz"
        ).failed(1)
        assert "kind" in sentence or "damaged" in sentence
        code = relay.invite()
        invited.run("init", "--address", invited.address(relay), "--invite", code).ok()
        sentence = late.run("init", "--address", late.address(relay), "--invite", code).failed(1)
        assert "used up" in sentence


def test_a_name_that_is_taken(relay: Relay, online: Friends, stranger: Person) -> None:
    address = online[0].address(relay)
    assert "taken" in stranger.run("init", "--address", address).failed(1)
    other = f"free.name@{relay.address}"
    assert stranger.run("init", "--address", other).ok().out.strip() == other


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300", "-1", "soon"])
def test_a_time_that_no_clock_counts_to_is_wrong_usage(stranger: Person, seconds: str) -> None:
    assert "--timeout" in stranger.run("send", "bob", "hi", "--timeout", seconds).failed(2)
    assert "--timeout" in stranger.run("doctor", "--timeout", seconds).failed(2)


@pytest.mark.parametrize("address", ["alice", "Alice@relay.example", "a@b:99999", "a@b#pin", "@"])
def test_an_address_that_is_none_creates_nothing(stranger: Person, address: str) -> None:
    stranger.run("init", "--address", address).failed(1)
    assert not stranger.home.exists()


def test_no_profile_yet(stranger: Person) -> None:
    for command in (("send", "bob", "hi"), ("tail",), ("contact", "ls"), ("daemon",)):
        assert "restante init" in stranger.run(*command).failed(1)
    assert not stranger.home.exists()


# ---- people -----------------------------------------------------------------------------------


def test_an_unknown_recipient(relay: Relay, online: Friends) -> None:
    alice, _ = online
    assert "nobody" in alice.run("send", f"nobody@{relay.address}", "hi").failed(1).lower()
    assert alice.run("send", "whoever", "hi").failed(1)
    assert alice.run("history", "whoever", "--json").code == 1
    assert alice.run("contact", "add", "restante:c" + "A" * 32 + "x@127.0.0.1:1").failed(3)
    alice.run("contact", "add", "restante:cut short").failed(1)


def test_a_name_that_two_contacts_share_lists_both(relay: Relay, tmp_path: Path) -> None:
    anna, ben, bea = settle(relay, tmp_path, "anna", "ben", "bea")
    for other, name in ((ben, "Bee One"), (bea, "Bee Two")):
        anna.run("contact", "add", other.address(relay), "--name", name).ok()
    sentence = anna.run("send", "Bee", "hi").failed(1)
    assert "Bee One" in sentence
    assert "Bee Two" in sentence


# ---- the text ---------------------------------------------------------------------------------


def test_texts_that_cannot_be_sent(online: Friends) -> None:
    alice, _ = online
    before = len(alice.run("history", "bob", "--json").ok().records)
    alice.run("send", "bob", "").failed(1)
    alice.run("send", "bob", "-", stdin=b"").failed(1)
    limit = str(send_command.MAX_TEXT_BYTES)
    too_long = b"x" * (send_command.MAX_TEXT_BYTES + 1)
    key = ("--idempotency-key", "k")
    assert limit in alice.run("send", "bob", "-", *key, stdin=too_long).failed(1)
    assert limit in alice.run("send", "bob", "-", "--at", "+1h", stdin=too_long).failed(1)
    assert "not UTF-8" in alice.run("send", "bob", "-", stdin=too_long + b"\xff").failed(1)
    sentence = alice.run("send", "bob", "-", stdin=b"good \xff bad").failed(1)
    assert "0xff" in sentence
    assert "offset 5" in sentence
    assert "offset 7" in alice.run("send", "bob", "-", stdin=b"cut off\xe2\x82").failed(1)
    assert len(alice.run("history", "bob", "--json").ok().records) == before


def test_the_limit_that_is_named_is_the_engines() -> None:
    assert send_command.MAX_TEXT_BYTES == MAX_TEXT_BYTES


def test_an_argument_that_is_no_text(online: Friends) -> None:
    alice, _ = online
    done = subprocess.run(
        [*PROGRAM, "send", "bob", b"\xff\xfe"],
        env=alice.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "character set" in done.stderr


def test_the_longest_text_arrives_whole(online: Friends) -> None:
    alice, bob = online
    text = "ü" * (send_command.MAX_TEXT_BYTES // 2)
    alice.run("send", "bob", "-", stdin=text.encode()).ok()
    bodies = [one["body"] for one in bob.run("tail", "--once", "--json").ok().records]
    assert bodies[-1] == text


# ---- the terminal -----------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("chat",)])
def test_the_chat_without_a_terminal(stranger: Person, arguments: tuple[str, ...]) -> None:
    assert "restante send" in stranger.run(*arguments).failed(1)
    assert not stranger.home.exists()


def test_the_chat_on_a_dumb_terminal(stranger: Person) -> None:
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            PROGRAM,
            env=stranger.environment() | {"TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 1
    assert "TERM is dumb" in done.stderr
    assert not stranger.home.exists()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_the_characters(online: Friends, encoding: str) -> None:
    alice, bob = online
    alice.run("send", "bob", "snow \N{SNOWMAN} and é").ok()
    bob.run("tail", "--once").ok()
    done = bob.run("history", "alice", "--last", "1", reads_as=encoding, PYTHONIOENCODING=encoding)
    # what the character set lacks is shown by its number, and nothing fails
    assert "\\u2603" in done.ok().out
    line = bob.run("history", "alice", "--last", "1", "--json", PYTHONIOENCODING=encoding)
    assert line.out.isascii()
    assert line.record["body"] == "snow \N{SNOWMAN} and é"


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "no_SUCH"}])
def test_a_locale_that_is_not_utf8(online: Friends, locale: dict[str, str]) -> None:
    alice, bob = online
    alice.run("send", "bob", "-", stdin="naïve ☃".encode(), **locale).ok()
    assert bob.run("tail", "--once", "--json", **locale).ok().records[-1]["body"] == "naïve ☃"


def test_usage_errors(online: Friends) -> None:
    alice, _ = online
    for wrong in (
        ("send",),
        ("send", "bob"),
        ("send", "bob", "hi", "--wait", "forever"),
        ("send", "bob", "hi", "--timeout", "soon"),
        ("nonsense",),
        ("--nonsense",),
        ("init", "--no-input"),
        ("verify", "bob", "--confirm", "--undo"),
        ("verify", "bob", "--confirm", "1" * 60, "--undo"),
        ("relay", "invite", "new"),
    ):
        alice.run(*wrong).failed(2)
        record = alice.run("--json", *wrong).record
        assert record["type"] == "error"
        assert record["code"] == 2
    assert "profile name" in alice.run("--profile", "../x", "contact", "ls").failed(1)


# ---- the profile's files ----------------------------------------------------------------------


def test_a_corrupted_database(relay: Relay, tmp_path: Path) -> None:
    (cora,) = settle(relay, tmp_path, "cora")
    database = cora.directory / "profile.db"
    good = database.read_bytes()
    database.write_bytes(good[:4096] + bytes(len(good) - 4096))
    sentence = cora.run("contact", "ls").failed(3)
    assert "damaged" in sentence or "restore" in sentence.lower()
    database.write_bytes(b"not a database at all" * 1000)
    cora.run("tail", "--once").failed(3)
    assert database.read_bytes().startswith(b"not a database")
    database.write_bytes(good)
    cora.run("contact", "ls").ok()


def test_a_key_file_of_another_profile_or_readable_by_others(relay: Relay, tmp_path: Path) -> None:
    (kim,) = settle(relay, tmp_path, "kim")
    key_file = kim.directory / "database.key"
    key = key_file.read_bytes()
    key_file.write_bytes(bytes(32))
    kim.run("contact", "ls").failed(3)
    key_file.write_bytes(key)
    key_file.chmod(0o644)
    assert "chmod 0600" in kim.run("contact", "ls").failed(1)
    key_file.chmod(0o600)
    kim.run("contact", "ls").ok()


def test_settings_with_a_typing_error(relay: Relay, tmp_path: Path) -> None:
    (sven,) = settle(relay, tmp_path, "sven")
    (sven.directory / "settings.toml").write_text("[network]\nporxy = 'socks5://127.0.0.1:1'\n")
    assert "porxy" in sven.run("tail", "--once").failed(1)


def test_a_proxy_that_does_not_run_is_named_and_not_gone_round(
    relay: Relay, tmp_path: Path
) -> None:
    (petra,) = settle(relay, tmp_path, "petra")
    proxy = f"socks5://127.0.0.1:{free_port()}"
    (petra.directory / "settings.toml").write_text(f"[network]\nproxy = '{proxy}'\n")
    assert "proxy" in petra.run("tail", "--once", "--timeout", "2").failed(3)


def test_a_bug_says_so_without_a_traceback(relay: Relay, tmp_path: Path) -> None:
    (bugsy,) = settle(relay, tmp_path, "bugsy")
    (tmp_path / "sitecustomize.py").write_text(
        "import restante.client.oneshot as o\n"
        "def broken(self):\n"
        "    secret = 'attack at dawn'\n"
        "    raise LookupError(secret)\n"
        "o.Caller.__enter__ = broken\n"
    )
    path = f"{tmp_path}{os.pathsep}{bugsy.environment()['PYTHONPATH']}"
    sentence = bugsy.run("contact", "ls", PYTHONPATH=path).failed(70)
    log = bugsy.directory / "restante.log"
    assert str(log) in sentence
    written = log.read_text()
    assert "builtins.LookupError" in written
    assert "sitecustomize.py" in written
    assert "dawn" not in written
