"""`restante backup`, from the shell: on one's own machine, and where there is but a file."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import fastjsonschema

from tests.e2e.test_cli_json import SCHEMA, closed
from tests.e2e.town import BACKUPS, Person, settle

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.town import Relay


def test_a_history_goes_through_a_file_to_an_empty_machine(relay: Relay, tmp_path: Path) -> None:
    check = fastjsonschema.compile(closed(copy.deepcopy(SCHEMA)))
    file = tmp_path / "alice.backup"
    (tmp_path / "disk").mkdir()
    (alice,) = settle(relay, tmp_path, "alice")
    alice.run("send", "self", "remember the milk").ok()
    kit = alice.run("recovery", "kit", "--json").ok().record
    made = alice.run("backup", "create", str(file), "--json").ok().record
    shown = alice.run("backup", "create", str(tmp_path / "second"))
    assert str(tmp_path / "second") in shown.ok().out
    assert "milk" not in file.read_bytes().decode("latin-1")
    assert "exists already" in alice.run("backup", "create", str(file)).err
    checked = alice.run("backup", "verify", str(file), "--json").ok().record
    assert (checked["number"], checked["newest"]) == (1, 2)
    listed = alice.run("backup", "ls", "--json").ok().records
    assert [each["state"] for each in listed] == ["there", "there"]
    assert "name a file" in alice.run("backup", "create").failed(1)
    schedule = ("backup", "schedule", str(tmp_path / "disk"), "--every", "6h", "--json")
    scheduled = alice.run(*schedule).ok().record
    assert scheduled["every_s"] == 6 * 3600
    timer = alice.run("backup", "schedule", "--print", "cron", "--json").ok().record
    assert timer["text"].startswith("17 3 * * * ")
    alice.run("backup", "schedule", "--off").ok()
    words = " ".join(made["words"]).encode()
    elsewhere = Person(name="nobody", home=tmp_path / "elsewhere")
    verify = ("backup", "verify", str(file), "--json")
    assert elsewhere.run(*verify, stdin=words).ok().record["newest"] is None
    assert "Word 1" in elsewhere.run("backup", "verify", str(file), stdin=b"no").failed(1)
    with file.open("r+b") as raw:
        raw.seek(-1, 2)
        last = raw.read(1)
        raw.seek(-1, 2)
        raw.write(bytes([last[0] ^ 1]))
        raw.flush()
        assert "is damaged" in elsewhere.run("backup", "verify", str(file), stdin=words).failed(1)
        raw.seek(-1, 2)
        raw.write(last)
    both = words + b"\n" + " ".join(kit["words"]).encode()
    restore = ("backup", "restore", str(file))
    assert "recovery kit's 24" in elsewhere.run(*restore, stdin=words).failed(1)
    assert not elsewhere.directory.exists()
    restored = elsewhere.run(*restore, "--json", stdin=both).ok().record
    assert restored["address"] == alice.address(relay)
    (note,) = elsewhere.run("history", "self", "--json").ok().records
    assert note["body"] == "remember the milk"
    seen = [made, checked, *listed, scheduled, timer, restored]
    for record in seen:
        check(record)
    assert {record["type"] for record in seen} == BACKUPS
