"""`restante backup`, from the shell: on one's own machine, and where there is but a file."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import fastjsonschema

from restante.client.archives.whatsapp import MEDIA
from restante.client.commands.importing import KNOWN, NOT_SAID
from tests.e2e.test_cli_json import SCHEMA, closed
from tests.e2e.town import BACKUPS, Person, introduce, settle

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.town import Relay


TEXTS = ["remember the milk", "<b>look there</b>"]
WHATSAPP = """\
31/12/2020, 21:41 - Carol: hello
31/12/2020, 21:42 - Dan: <Media omitted>
31/12/2020, 21:43 - Dan: hi
"""


def test_a_history_goes_through_a_file_to_an_empty_machine(relay: Relay, tmp_path: Path) -> None:
    check = fastjsonschema.compile(closed(copy.deepcopy(SCHEMA)))
    file = tmp_path / "alice.backup"
    (tmp_path / "disk").mkdir()
    (alice,) = settle(relay, tmp_path, "alice")
    alice.run("send", "self", "remember the milk").ok()
    alice.run("timer", "self", "1d").ok()
    secret = alice.run("send", "self", "the safe is behind the map", "--json").ok().record
    alice.run("timer", "self", "off").ok()
    alice.run("send", "self", "<b>look there</b>", "--reply", secret["id"]).ok()
    kit = alice.run("recovery", "kit", "--json").ok().record
    made = alice.run("backup", "create", str(file), "--json").ok().record
    shown = alice.run("backup", "create", str(tmp_path / "second"))
    assert str(tmp_path / "second") in shown.ok().out
    assert made["disappearing"] == 1
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
    notes = elsewhere.run("history", "self", "--json").ok().records
    assert [each["body"] for each in notes if each["kind"] == "text"] == TEXTS
    exported = alice.run("export", "--output", str(tmp_path / "out"), "--json").ok().record
    assert (exported["messages"], exported["disappearing"]) == (4, 1)
    lines = (tmp_path / "out").read_text("utf-8")
    page = alice.run("export", "self", "--format", "html")
    text = alice.run("export", "self", "--format", "markdown")
    for each in (lines, page.ok().out, text.ok().out):
        assert "remember the milk" in each
        assert "behind the map" not in each
    assert "&lt;b&gt;look there" in page.out
    take_in = ("import", str(tmp_path / "out"), "--json")
    known = alice.run(*take_in).ok().record
    assert (known["added"], sum(known["skipped"].values())) == (0, 4)
    (stranger,) = settle(relay, tmp_path, "carol")
    tried = stranger.run(*take_in, "--chat", "self", "--dry-run").ok().record
    assert tried["added"] == 2
    imported = stranger.run(*take_in, "--chat", "self").ok().record
    assert imported["skipped"] == {NOT_SAID: 2}
    assert stranger.run(*take_in, "--chat", "self").ok().record["added"] == 0
    (tmp_path / "wa").write_text(WHATSAPP, "utf-8")
    whatsapp = ("import", str(tmp_path / "wa"), "--chat", "self")
    assert "--me NAME" in stranger.run(*whatsapp).failed(1)
    taken = stranger.run(*whatsapp, "--me", "Carol", "--json").ok().record
    assert (taken["added"], taken["format"]) == (2, "whatsapp")
    listed_ones = stranger.run(*whatsapp, "--me", "Carol", "--list-left-out", "--json").ok()
    *left_out, again = listed_ones.records
    assert [(each["line"], each["reason"]) for each in left_out] == [
        *((2, MEDIA), (1, KNOWN), (3, KNOWN)),
    ]
    assert (again["added"], again["skipped"]) == (0, {MEDIA: 1, KNOWN: 2})
    tried_again = stranger.run(*whatsapp, "--me", "Carol", "--list-left-out", "--dry-run")
    assert f"Line 2: {MEDIA}.\n" in tried_again.ok().out
    shown = stranger.run("history", "self").ok().out
    assert "hello (imported)" in shown
    assert "Dan: hi" in shown
    assert "can't be read" in stranger.run("import", str(tmp_path / "gone")).failed(1)
    elsewhere.name = "alice"
    introduce(stranger, elsewhere)
    elsewhere.run("send", stranger.address(relay), "before").ok()
    stranger.run("tail", "--once").ok()
    relay.kill()
    sent = ("send", elsewhere.address(relay), "on a stick", "--timeout", "0")
    assert stranger.run(*sent).code == 7
    bundled = stranger.run("bundle", "export", str(tmp_path / "stick"), "--json").ok().record
    taken_in = elsewhere.run("bundle", "import", str(tmp_path / "stick"), "--json").ok().record
    assert taken_in["taken"] == bundled["envelopes"]
    assert "on a stick" in elsewhere.run("history", stranger.address(relay)).ok().out
    relay.start()
    for line in lines.splitlines():
        check(json.loads(line))
    seen = [
        made,
        checked,
        *listed,
        scheduled,
        timer,
        restored,
        exported,
        imported,
        *left_out,
        bundled,
        taken_in,
    ]
    for record in seen:
        check(record)
    assert {record["type"] for record in seen} == BACKUPS
