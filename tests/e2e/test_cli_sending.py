"""What scripts send: to several, once under a key, in lines, live, later, a command's end."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.town import Person, Relay, communicate, end, introduce, read_line, settle

Friends = tuple[Person, Person]


def said(person: Person, other: str) -> list[str]:
    """What a conversation says, oldest first."""
    return [each["body"] for each in person.run("history", other, "--json").ok().records]


def test_several_recipients_get_it_or_nobody_does(relay: Relay, tmp_path: Path) -> None:
    ann, ben, cat = settle(relay, tmp_path, "ann", "ben", "cat")
    introduce(ann, ben)
    introduce(ann, cat)
    sent = ann.run("send", "ben", "to both", "--to", "cat", "--json").ok().records
    assert [each["state"] for each in sent] == ["relayed"] * 2
    assert len({each["conversation"] for each in sent}) == 2
    assert "nobody" in ann.run("send", "ben", "to none", "--to", "nobody").failed(1)
    ann.run("contact", "block", "cat").ok()
    some = ann.run("send", "ben", "to one", "--to", "cat", "--json")
    assert some.code == 9
    assert {each["type"] for each in some.records} == {"message", "error"}
    assert said(ann, "ben") == ["to both", "to one"]
    for command, code in (("true", 125), ("false", 1)):  # run, and then nobody could be told
        assert ann.run("run", "cat", "--", command).code == code
    later = ann.run("send", "ben", "in an hour", "--at", "+1h").ok()
    assert "restante daemon" in later.err, "no engine runs here that could send it then"


def test_a_key_and_a_time_are_the_engines(online: Friends) -> None:
    alice, _ = online
    sent = [
        alice.run("send", "bob", "once", "--idempotency-key", "k", "--json").ok().record["id"]
        for _ in range(2)
    ]
    assert sent[0] == sent[1]
    alice.run("send", "bob", "twice", "--idempotency-key", "k").failed(1)
    kept = alice.run("send", "bob", "later", "--at", "+1h", "--json").ok().record
    assert alice.run("scheduled", "ls", "--json").ok().records == [kept]
    assert "bob: later" in alice.run("scheduled", "ls").ok().out
    alice.run("scheduled", "cancel", kept["id"]).ok()
    assert alice.run("scheduled", "ls").ok().out == ""
    assert "no time" in alice.run("send", "bob", "x", "--at", "someday").failed(1)
    assert "later" not in said(alice, "bob")
    for wrong in (("--at", "+1h", "--live"), ("--jsonl", "--reply", "ab" * 16)):
        alice.run("send", "bob", "x", *wrong).failed(2)


def test_a_daemon_sends_what_was_kept_when_it_is_time(online: Friends) -> None:
    alice, bob = online
    kept = alice.run("send", "bob", "soon enough", "--at", "+1s", "--json").ok()
    assert kept.err == "", "with a daemon there is nothing to say"
    listening = bob.start("tail", "--consumer", "soon", "--json")
    while json.loads(read_line(listening.stdout))["body"] != "soon enough":
        continue
    end(listening)
    assert alice.run("scheduled", "ls").ok().out == ""
    assert said(alice, "bob").count("soon enough") == 1


def test_a_line_is_answered_by_a_line_and_a_bad_one_costs_itself(online: Friends) -> None:
    alice, _ = online
    lines: list[Any] = [
        {"to": "bob", "text": "line 1"},
        "",
        {"to": "bob"},
        {"to": "bob", "text": "x", "colour": "red"},
        {"to": "who?", "text": "x"},
        {"to": "bob", "location": "1,2", "text": "here"},
        {"to": "bob", "text": 7},
        {"to": "bob", "text": "line 8", "key": "line-8"},
        {"to": "bob", "text": "line 8", "key": "line-8"},
    ]
    given = b"\n".join(json.dumps(each).encode() if each else b"" for each in lines)
    given += b"\nno json\n\xff\xfe\n" + b'{"to":"bob","text":"' + b"x" * 500_000 + b'"}\n'
    given += b'{"to":"bob","text":"last, without an end of line"}'
    done = alice.run("send", "--jsonl", stdin=given)
    assert done.code == 9
    told = {each["line"]: each for each in done.records}
    assert [each["line"] for each in done.records] == sorted(told) == [1, *range(3, 14)]
    good = {number for number, each in told.items() if each["type"] == "message"}
    assert good == {1, 6, 8, 9, 13}
    assert told[8]["id"] == told[9]["id"]
    assert all(told[number]["code"] == 1 for number in set(told) - good)
    assert said(alice, "bob")[-3:] == ["geo:1,2 here", "line 8", "last, without an end of line"]


def test_a_last_line_without_an_end_is_sent_though_all_before_it_is_settled(
    online: Friends,
) -> None:
    alice, _ = online
    only = alice.run("send", "--jsonl", stdin=b'{"to":"bob","text":"alone, without an end"}')
    assert only.ok().record["line"] == 1
    process = alice.start("send", "--jsonl", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b'{"to":"bob","text":"settled"}\n{"to":"bob","text":"and the')
    process.stdin.flush()
    assert json.loads(read_line(process.stdout))["line"] == 1
    out, _ = communicate(process, b' last"}')
    assert process.wait() == 0
    assert json.loads(out)["line"] == 2
    assert said(alice, "bob")[-3:] == ["alone, without an end", "settled", "and the last"]


def test_lines_are_settled_as_they_come_and_more_than_the_window_fit(online: Friends) -> None:
    alice, _ = online
    process = alice.start("send", "--jsonl", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b'{"to":"bob","text":"first"}\n')
    process.stdin.flush()
    assert json.loads(read_line(process.stdout))["line"] == 1  # though stdin goes on
    many = b"".join(b'{"to":"bob","text":"%d"}\n' % number for number in range(100))
    out, _ = communicate(process, many)
    assert process.wait() == 0
    assert [json.loads(line)["line"] for line in out.splitlines()] == list(range(2, 102))
    assert said(alice, "bob")[-100:] == [str(number) for number in range(100)]


def test_a_live_message_grows_and_ends_as_stdin_did(online: Friends) -> None:
    alice, bob = online
    before = len(said(alice, "bob"))
    process = alice.start("send", "bob", "-", "--live", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"compiling\n\x1b[32m10%\r")
    process.stdin.flush()
    first = json.loads(read_line(process.stdout))
    assert first["body"].startswith("compiling")
    communicate(process, b"100%\x1b[0m\ndone\n")
    assert process.wait() == 0
    assert said(alice, "bob")[before:] == ["compiling\n100%\ndone"], "one message, edited"
    bob.run("tail", "--once").ok()
    assert said(bob, "alice")[-1] == "compiling\n100%\ndone"
    assert "nothing on stdin" in alice.run("send", "bob", "-", "--live", stdin=b"").failed(1)


def test_a_command_runs_as_if_alone_and_how_it_ended_is_told(online: Friends) -> None:
    alice, _ = online
    script = "cat; echo out; echo err >&2; exit 3"
    done = alice.run("run", "bob", "--", "sh", "-c", script, stdin=b"in\n")
    assert (done.code, done.out, done.err) == (3, "in\nout\n", "err\n")
    head, how, _, *tail = said(alice, "bob")[-1].split("\n")
    assert head.startswith("✘ sh -c ")
    assert how.startswith("exit 3, ")
    assert sorted(tail) == ["err", "in", "out"]

    alice.run("run", "bob", "--label", "nightly", "--lines", "0", "--", "echo", "secret").ok()
    assert said(alice, "bob")[-1].startswith("✔ nightly\nexit 0, ")
    assert "secret" not in said(alice, "bob")[-1]
    before = said(alice, "bob")
    alice.run("run", "bob", "--only-failures", "--", "true").ok()
    assert said(alice, "bob") == before


def test_what_restante_itself_fails_at_has_a_code_of_its_own(
    online: Friends, tmp_path: Path
) -> None:
    alice, _ = online
    mark = tmp_path / "was-run"
    assert "was not run" in alice.run("run", "who?", "--", "touch", str(mark)).failed(125)
    assert not mark.exists()
    alice.run("run", "bob", "--", "no-such-program").failed(127)
    assert "can't be run" in said(alice, "bob")[-1]
    mark.write_text("not a program")
    alice.run("run", "bob", "--", str(mark)).failed(126)
    alice.run("run", "bob").failed(2)


def test_a_signal_reaches_the_command_and_its_end_is_told(online: Friends) -> None:
    alice, _ = online
    process = alice.start("run", "bob", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert read_line(process.stdout) == "ready\n"
    assert end(process, signal.SIGTERM) == 128 + signal.SIGTERM
    assert said(alice, "bob")[-1].split("\n")[1].startswith("killed by SIGTERM, ")


def test_files_folders_and_what_is_on_stdin_arrive_as_they_were(
    online: Friends, tmp_path: Path
) -> None:
    alice, bob = online
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "one.txt").write_bytes(b"one")
    dump, long_text = bytes(range(256)) * 2000, "a long story " * 5000
    sent = [
        alice.run("send", "bob", "--file", "-", "--name", "dump.sql", "--json", stdin=dump).ok(),
        alice.run("send", "bob", "--file", str(folder), "the notes", "--json").ok(),
        alice.run("send", "bob", "-", "--json", stdin=long_text.encode()).ok(),
    ]
    ids = [each.record["id"] for each in sent]
    bob.run("tail", "--once").ok()
    into = tmp_path / "into"
    into.mkdir()
    paths = [
        Path(bob.run("file", "get", each, "--output", str(into), "--json").ok().record["path"])
        for each in ids
    ]
    assert [path.name for path in paths] == ["dump.sql", "notes", "message.txt"]
    assert paths[0].read_bytes() == dump
    assert (paths[1] / "one.txt").read_bytes() == b"one"
    assert paths[2].read_text(encoding="utf-8") == long_text
    listed = bob.run("file", "ls", "alice").ok().out
    assert "dump.sql (512.0 kB, here)" in listed
    for wrong in (("--name", "x"), ("--original",), ("--file", "-", "--at", "+1h")):
        alice.run("send", "bob", "x", *wrong).failed(2)
    assert "is no directory" in bob.run("file", "get", ids[0], "--output", "/nowhere").failed(1)
    assert "no such file" in alice.run("send", "bob", "--file", "/nowhere/x").failed(1)
    here = {line.split()[0] for line in bob.run("file", "ls", "alice").ok().out.splitlines()}
    assert "no size" in bob.run("file", "drop", "--larger-than", "huge").failed(1)
    bob.run("file", "drop").failed(2)
    assert "Would remove 0 files" in bob.run(
        *("file", "drop", "--chat", "alice", "--older-than", "1d", "--dry-run")
    ).ok().out  # fmt: skip
    tried = bob.run("file", "drop", "--chat", "alice", "--larger-than", "0B", "--dry-run").ok().out
    assert here <= set(tried.split())
    assert "here" in bob.run("file", "ls", "alice").ok().out
    bob.run("file", "drop", "--chat", "alice", "--larger-than", "0B").ok()
    left = bob.run("file", "ls", "alice").ok().out
    assert (left.count(", here"), left.count("at the relay")) == (0, len(here))
