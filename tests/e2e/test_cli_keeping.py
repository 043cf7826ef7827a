"""Passphrases from the command line: given, asked for, changed; locked and unlocked."""

from __future__ import annotations

import json
import os
import pty
import select
from functools import partial
from pathlib import Path

import pytest

from restante.client.keeping.protection import draw_key, kept_by, key_file_of, open_key
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from tests.e2e.town import Person, Relay, end, read_line
from tests.processes import PATIENCE_S

OWLS = "three small owls"
CHEAP = Stretching(passes=1, memory_bytes=8192)
"""What the file says is what a guess costs; `init` itself takes the full price, once, below."""


def under_owls(relay: Relay, home: Path, name: str) -> Person:
    """Somebody with an account, under a passphrase that is stretched cheaply."""
    person = Person(name=name, home=home / name)
    make = partial(key_file_of, draw_key(), "passphrase", Passphrase(OWLS), stretching=CHEAP)
    profile_of(person).create(make)
    owls = ("--protect", "passphrase", "--passphrase-fd", "0")
    person.run("init", "--address", person.address(relay), *owls, stdin=b"three small owls\n").ok()
    return person


def profile_of(person: Person) -> Profile:
    return Profile(name="default", directory=person.directory)


def passphrase_file(person: Person, text: str = OWLS) -> str:
    path = person.home / "passphrase"
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def alice(relay: Relay, tmp_path: Path) -> Person:
    """Have somebody with a passphrase."""
    return under_owls(relay, tmp_path, f"alice-{os.urandom(3).hex()}")


def test_a_new_profile_is_under_its_passphrase_from_the_start(relay: Relay, tmp_path: Path) -> None:
    carol = Person(name="carol", home=tmp_path / "carol")
    init = ("init", "--address", carol.address(relay), "--protect", "passphrase")
    assert "--passphrase-fd" in carol.run(*init).failed(6)
    short = carol.run(*init, "--passphrase-fd", "0", stdin=b"short")
    assert "at least 8" in short.failed(1)
    assert not carol.directory.exists()
    carol.run(*init, "--passphrase-fd", "0", stdin=b"four-large-owls").ok()
    assert kept_by(profile_of(carol)) == "passphrase"


def test_commands_take_it_from_a_descriptor_or_a_file_and_else_end_with_6(alice: Person) -> None:
    sentence = alice.run("contact", "ls").failed(6)
    assert "RESTANTE_PASSPHRASE_FILE" in sentence
    assert alice.run("contact", "ls", "--passphrase-fd", "0", stdin=OWLS.encode()).ok().out == ""
    variable = {"RESTANTE_PASSPHRASE_FILE": passphrase_file(alice)}
    assert alice.run("contact", "code", **variable).ok().out.startswith("restante:c")
    wrong = alice.run("contact", "ls", "--passphrase-fd", "0", stdin=b"three large owls")
    assert wrong.failed(6).startswith("This is not the passphrase.")
    failed = alice.run("contact", "ls", "--json", "--passphrase-fd", "0", stdin=b"x")
    assert failed.record["code"] == 6


def test_it_is_set_changed_and_removed(alice: Person) -> None:
    key = open_key(profile_of(alice), Passphrase(OWLS))
    variable = {"RESTANTE_PASSPHRASE_FILE": passphrase_file(alice)}
    assert "already" in alice.run("passphrase", "set").failed(1)
    change = ("passphrase", "change", "--new-passphrase-fd", "0")
    alice.run(*change, stdin=b"four large owls", **variable).ok()
    assert "in a file" in alice.run("passphrase", "remove", "--dry-run").ok().out
    removed = alice.run("passphrase", "remove", "--passphrase-fd", "0", stdin=b"four large owls")
    assert "in a file" in removed.ok().err
    assert open_key(profile_of(alice)) != key
    alice.run("contact", "ls").ok()
    assert "passphrase set" in alice.run("passphrase", "remove").failed(1)
    assert "passphrase set" in alice.run("lock").failed(1)
    assert "passphrase set" in alice.run("daemon", "--lock-after", "30m").failed(1)
    done = alice.run("passphrase", "set", "--passphrase-fd", "0", "--json", stdin=OWLS.encode())
    assert done.ok().record["kept_by"] == "passphrase"
    assert kept_by(profile_of(alice)) == "passphrase"


def test_a_daemon_begins_locked_and_is_unlocked_and_locked_again(alice: Person) -> None:
    daemon = alice.start("daemon", "--json")
    try:
        assert json.loads(read_line(daemon.stdout))["is_locked"] is True
        assert "restante unlock" in alice.run("contact", "ls").failed(6)
        wrong = alice.run("unlock", "--passphrase-fd", "0", stdin=b"three large owls")
        assert wrong.failed(6).startswith("This is not the passphrase.")
        unlocked = alice.run("unlock", "--passphrase-fd", "0", "--json", stdin=OWLS.encode())
        assert unlocked.ok().record["is_locked"] is False
        assert json.loads(read_line(daemon.stdout))["type"] == "ready"
        alice.run("contact", "ls").ok()
        variable = {"RESTANTE_PASSPHRASE_FILE": passphrase_file(alice)}
        change = ("passphrase", "change", "--new-passphrase-fd", "0")
        alice.run(*change, stdin=b"four large owls", **variable).ok()
        alice.run("contact", "ls").ok()  # while it runs, it is the engine that changes it
        tail = alice.start("tail", "--json")
        try:
            assert alice.run("lock", "--json").ok().record["is_locked"] is True
            assert tail.wait(PATIENCE_S) == 6
        finally:
            end(tail)
        assert "restante unlock" in alice.run("send", "self", "hello").failed(6)
    finally:
        assert end(daemon) == 0
    assert alice.run("lock", "--json").ok().record["is_locked"] is True
    assert "restante daemon" in alice.run("unlock").failed(1)


def test_the_doctor_says_what_protects_too_little(relay: Relay, alice: Person) -> None:
    locked = alice.run("doctor", "--json").ok()
    found = {each["check"]: each["state"] for each in locked.records}
    assert found["keys"] == "ok"
    assert found["database"] == "skipped"
    opened = alice.run("doctor", "--json", "--passphrase-fd", "0", stdin=OWLS.encode()).ok()
    found = {each["check"]: each["state"] for each in opened.records}
    assert found["database"] == found["relay"] == found["clock"] == "ok"
    (alice.directory / "profile.db").chmod(0o644)
    open_to_others = alice.run("doctor")
    assert open_to_others.code == 1
    assert "do: Run: chmod -R go=" in open_to_others.out


def test_panic_destroys_what_is_named_and_a_daemon_forgets_it(alice: Person) -> None:
    daemon = alice.start(
        "daemon",
        "--json",
        env=alice.environment() | {"RESTANTE_PASSPHRASE_FILE": passphrase_file(alice)},
    )
    try:
        assert json.loads(read_line(daemon.stdout))["type"] == "ready"
        assert "Nothing was done" in alice.run("panic", "--dry-run").ok().err
        assert "the profile's name is default" in alice.run("panic", "--confirm", "work").failed(1)
        alice.run("contact", "ls").ok()
        gone = alice.run("panic", "--confirm", "default", "--json").ok().record
        assert (gone["is_dry"], gone["is_engine_closed"], gone["left"]) == (False, True, [])
        assert not alice.directory.exists()
        assert "no profile" in alice.run("contact", "ls").failed(1)
    finally:
        end(daemon)
    assert not alice.directory.exists()


def test_a_person_is_asked_and_what_they_type_is_not_shown(alice: Person) -> None:
    ours, theirs = pty.openpty()
    process = alice.start("contact", "code", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while b"Passphrase" not in shown:
            shown += _read(ours)
        os.write(ours, b"three small owls\n")
        while b"restante:c" not in shown:
            shown += _read(ours)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        os.close(ours)
    assert b"owls" not in shown


def _read(descriptor: int) -> bytes:
    assert select.select([descriptor], [], [], PATIENCE_S)[0], "the program said nothing"
    return os.read(descriptor, 4096)
