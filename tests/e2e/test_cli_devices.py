"""`restante device` as people use it: two machines, a code, six digits; and what goes wrong."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from restante.client.commands.device import fits
from restante.client.qr import qr_lines_for_terminal
from restante.protocol.address import Address
from restante.protocol.code import CodeType, make_code
from tests.e2e.town import (
    PATIENCE_S,
    PROGRAM,
    Person,
    a_relay,
    end,
    read_line,
    settle,
)
from tests.processes import Process


def begin(person: Person, address: str, *options: str) -> Process:
    """Have a new device show its code."""
    return person.start("device", "link", address, "--json", *options)


def said(process: Process) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(read_line(process.stdout))
    return record


def test_a_device_is_linked_named_and_revoked_from_the_command_line(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay", "-q", "--open-registration") as relay:
        (bob,) = settle(relay, tmp_path, "bob")
        bob.run("send", bob.address(relay), "from before").ok()
        laptop = Person(name="bob", home=tmp_path / "laptop")
        linking = begin(laptop, bob.address(relay), "--name", "laptop")
        code = said(linking)["code"]
        digits = type_digits(bob, code, linking)
        assert len(digits) == 6
        linked = said(linking)
        assert (linked["state"], linked["digits"]) == ("linked", None)
        account = said(linking)
        assert account["address"] == bob.address(relay)
        assert linking.wait(PATIENCE_S) == 0
        end(linking)
        assert "from before" in laptop.run("history", "self").ok().out

        assert bob.run("device", "rename", "laptop", "Old laptop").ok().out.startswith("Old laptop")
        bob.run("send", "self", "on both").ok()
        laptop.run("tail", "--once").ok()
        assert "on both" in laptop.run("history", "self").ok().out
        devices = laptop.run("device", "ls", "--json").ok().records
        assert [each["name"] for each in devices][1] == "Old laptop"
        assert [each["is_this"] for each in devices] == [False, True]
        assert devices[1]["id"] == account["device"]

        assert "--yes" in bob.run("device", "revoke", "old laptop").failed(2)
        left = bob.run("device", "revoke", "old laptop", "--yes", "--json").ok().records
        assert [each["id"] for each in left] == [devices[0]["id"]]
        assert "revoked" in laptop.run("tail", "--once", "--timeout", "10").failed(1)
        assert "on both" in laptop.run("history", "self").ok().out


def test_a_device_that_only_commands_use_gets_its_history(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay", "-q", "--open-registration") as relay:
        (bob,) = settle(relay, tmp_path, "bob")
        laptop = Person(name="bob", home=tmp_path / "laptop")
        with bob.daemon():
            bob.run("send", "self", "from before").ok()
            linking = begin(laptop, bob.address(relay))
            code = said(linking)["code"]
            bob.run("device", "approve", code, "--no-input").failed(1)
            digits = said(linking)["digits"]
            bob.run("device", "approve", code, "--digits", digits).ok()
            assert said(linking)["state"] == "linked"
            linking.kill()
            end(linking)
            deadline = time.monotonic() + PATIENCE_S
            while "from before" not in laptop.run("history", "self").ok().out:
                assert time.monotonic() < deadline
                laptop.run("tail", "--once").ok()
            stands = laptop.run("device", "history", "--json").ok().record
            assert (stands["type"], stands["state"]) == ("history", "whole")
            laptop.run("device", "history", "--again", "--dismiss").failed(2)
            again = laptop.run("device", "history", "--again", "--json").ok().record
            assert (again["state"], again["error"]) == ("whole", None)


def type_digits(old: Person, code: str, linking: Process) -> str:
    """Approve on a terminal: the digits are asked for, and typed."""
    ours, theirs = pty.openpty()
    approving = subprocess.Popen(
        [*PROGRAM, "device", "approve", code],
        env=old.environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    compare = said(linking)
    assert compare["state"] == "compare"
    os.write(ours, compare["digits"].encode() + b"\n")
    out, err = approving.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert approving.returncode == 0, err
    assert b"six digits that laptop shows" in err
    assert out.startswith(b"laptop ")
    digits: str = compare["digits"]
    return digits


def test_without_a_terminal_the_digits_come_with_a_second_command(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay", "-q", "--open-registration") as relay:
        (bob,) = settle(relay, tmp_path, "bob")
        laptop = Person(name="bob", home=tmp_path / "laptop")
        with bob.daemon():
            linking = begin(laptop, bob.address(relay))
            code = said(linking)["code"]
            assert "--digits" in bob.run("device", "approve", code, "--no-input").failed(1)
            digits = said(linking)["digits"]
            wrong = f"{(int(digits) + 1) % 1_000_000:06}"
            assert "somebody" in bob.run("device", "approve", code, "--digits", wrong).failed(4)
            assert linking.wait(PATIENCE_S) == 1
            end(linking)

            linking = begin(laptop, bob.address(relay))
            code = said(linking)["code"]
            opened = bob.run("device", "approve", code, "--no-input", "--json")
            assert opened.code == 1
            assert [each["type"] for each in opened.records] == ["device_link", "error"]
            digits = said(linking)["digits"]
            done = bob.run("device", "approve", code, "--digits", digits, "--json").ok()
            assert done.records[0]["is_first"] is False
            assert said(linking)["state"] == "linked"
            end(linking)
        linking = begin(Person(name="bob", home=tmp_path / "tablet"), bob.address(relay))
        code = said(linking)["code"]
        assert "restante daemon" in bob.run("device", "approve", code, "--no-input").failed(1)
        assert linking.wait(PATIENCE_S) == 1  # it is told
        end(linking)


@pytest.mark.parametrize(("host_chars", "is_drawn"), [(4, True), (30, True), (60, False)])
def test_what_is_shown_fits_a_terminal_of_80_by_24(host_chars: int, is_drawn: bool) -> None:
    host = ("a" * host_chars)[: host_chars - 2] + ".a"
    address = Address.parse(f"bob@{host}")
    relay = address.relay
    code = make_code(
        CodeType.DEVICE_LINK, pin=bytes(16), secret=bytes(8), name=address.name, relay=relay
    )
    picture = qr_lines_for_terminal(str(code), is_ascii=False)
    assert fits(picture, os.terminal_size((80, 24))) is is_drawn
    if is_drawn:
        assert len(picture) + 3 <= 24
        assert all(len(line) <= 80 for line in (*picture, str(code)))
