"""The objects of `--json`: a committed schema, held against what the commands really print."""

from __future__ import annotations

import copy
import json
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from restante.client.commands.records import message_record
from restante.client.interface import ContactState, MessageState, Trust
from restante.client.keeping.protection import draw_key, key_file_of
from restante.client.profile import Profile
from restante.crypto.passphrase import Passphrase, Stretching
from restante.errors import ExitCode
from tests.client.made_pictures import a_picture, encoded
from tests.e2e.town import (
    BACKUPS,
    IN_EXPORTS,
    OPERATIONS,
    Person,
    Relay,
    a_relay,
    end,
    read_line,
    settle,
)
from tests.processes import ROOT

SCHEMA = json.loads((ROOT / "docs" / "cli-json.schema.json").read_text("utf-8"))

Check = Callable[[dict[str, Any]], None]


def closed(node: Any) -> Any:
    """Forbid what the schema doesn't name: readers must ignore it, we must document it."""
    if isinstance(node, dict):
        node = {key: closed(value) for key, value in node.items()}
        if "properties" in node:
            node["additionalProperties"] = False
        return node
    return [closed(value) for value in node] if isinstance(node, list) else node


@pytest.fixture(scope="module")
def check() -> Check:
    """Return what fails for an object that is not exactly as the schema says."""
    validate = fastjsonschema.compile(closed(copy.deepcopy(SCHEMA)))

    def check(record: dict[str, Any]) -> None:
        validate(record)

    return check


def test_every_type_of_object_that_the_commands_print(tmp_path: Path, check: Check) -> None:
    seen: dict[str, int] = {}

    def take(*records: dict[str, Any]) -> None:
        assert records
        for record in records:
            check(record)
            seen[record["type"]] = seen.get(record["type"], 0) + 1

    with a_relay(tmp_path / "relay", "-q") as relay:
        take(relay.listening)
        alice, bob = (Person(name=name, home=tmp_path / name) for name in ("alice", "bob"))
        invites = [json.loads(relay.invite("--json", "--uses", "1")) for _ in range(2)]
        take(*invites)
        for person, invite in zip((alice, bob), invites, strict=True):
            options = ("--address", person.address(relay), "--invite", invite["code"])
            take(person.run("init", *options, "--json").ok().record)
        # Beside a daemon a command costs a fifth.
        with alice.daemon(), bob.daemon():
            take(alice.ready)
            take(alice.run("contact", "code", "--json").ok().record)
            take(alice.run("send", bob.address(relay), "hello", "--json").ok().record)
            take(*bob.run("tail", "--once", "--json").ok().records)
            take(*bob.run("contact", "ls", "--json").ok().records)
            take(bob.run("contact", "accept", alice.address(relay), "--json").ok().record)
            number = bob.run("verify", alice.address(relay), "--json").ok().record
            take(number)
            confirm = ("--confirm", number["payload"])
            take(bob.run("verify", alice.address(relay), *confirm, "--json").ok().record)
            take(bob.run("send", alice.address(relay), "hi", "--json").ok().record)
            bob.run("tail", "--once").ok()
            take(*alice.run("tail", "--once", "--json").ok().records)
            sent = alice.run("history", bob.address(relay), "--last", "1", "--json").ok().record
            take(alice.run("why", sent["id"], "--json").ok().record)
            take(bob.run("react", sent["id"], "👍", "--json").ok().record)
            (reacted,) = alice.run("tail", "--once", "--json").ok().records
            assert [each["emoji"] for each in reacted["reactions"]] == ["👍"]
            take(reacted)
            asked = (
                alice.run("poll", "new", bob.address(relay), "Which?", "a", "b", "--json")
                .ok()
                .record
            )
            take(asked)
            bob.run("tail", "--once").ok()
            voted = bob.run("poll", "vote", asked["id"], "2", "--json").ok().record
            assert [each["is_mine"] for each in voted["poll"]["options"]] == [False, True]
            take(voted, alice.run("poll", "close", asked["id"], "--dry-run", "--json").ok().record)
            alice.run("tail", "--once").ok()
            take(alice.run("group", "new", "Walkers", bob.address(relay), "--json").ok().record)
            alice.run("send", "walkers", "up the hill").ok()
            (said,) = [
                each
                for each in bob.run("tail", "--once", "--json").ok().records
                if each["type"] == "message"
            ]
            assert said["body"] == "up the hill"
            take(said, *bob.run("group", "ls", "--json").ok().records)
            sea = tmp_path / "sea.png"
            sea.write_bytes(encoded(a_picture(40, 20), "PNG"))
            assert "--none" in alice.run("group", "picture", "walkers").failed(1)
            take(alice.run("group", "picture", "walkers", str(sea), "--json").ok().record)
            bob.run("tail", "--once").ok()
            shown = bob.run("group", "show", "walkers", "--json").ok().record
            take(shown)
            assert len(shown["picture"]["colours"]) == 6 * 25 * 12
            assert "has a picture" in bob.run("group", "show", "walkers").ok().out
            assert (
                alice.run("group", "picture", "walkers", "--none", "--json").ok().record["picture"]
                is None
            )
            take(bob.run("group", "leave", "Walkers", "--json").ok().record)
            take(alice.run("space", "new", "Club", "--json").ok().record)
            link = alice.run("group", "invite", "walkers", "--json").ok().record
            take(link, bob.run("group", "join", link["link"], "--wait", "0", "--json").ok().record)
            alice.run("tail", "--once").ok()
            take(bob.run("timer", alice.address(relay), "1d", "--json").ok().record)
            take(bob.run("setting", "typing", "on", "--json").ok().record)
            assert "typing" in bob.run("setting", "colour").failed(1)
            answer = alice.run("send", bob.address(relay), "hi!", "--reply", sent["id"], "--json")
            assert answer.ok().record["quote"]["excerpt"] == "hi"
            take(answer.record)
            place = ("--location", "-34.9,-56.17", "the port")
            shared = alice.run("send", bob.address(relay), *place, "--json").ok().record
            assert shared["location"]["label"] == "the port"
            take(shared)
            take(alice.run("delete", shared["id"], "--dry-run", "--json").ok().record)
            take(alice.run("delete", shared["id"], "--for-everyone", "--json").ok().record)
            (tmp_path / "notes.txt").write_text("read me", encoding="utf-8")
            send_notes = ("send", bob.address(relay), "--file", str(tmp_path / "notes.txt"))
            carried = alice.run(*send_notes, "--json").ok().record
            assert carried["file"]["name"] == "notes.txt"
            take(carried, *alice.run("file", "ls", "--json").ok().records)
            get = ("file", "get", carried["id"], "--output", str(tmp_path))
            take(alice.run(*get, "--json").ok().record)
            take(*alice.run("file", "usage", "--json").ok().records)
            take(*alice.run("history", bob.address(relay), "--json").ok().records)
            take(*alice.run("send", bob.address(relay), "", "--json").records)
            take(*alice.run("device", "ls", "--json").ok().records)
            here = ("--root", str(tmp_path), "--dry-run")
            take(*alice.run("relay", "down", *here, "--json").ok().records)
            take(alice.run("relay", "config", "--json").ok().record)
            take(alice.run("device", "history", "--json").ok().record)
            take(alice.run("mark", bob.address(relay), "--unread", "--json").ok().record)
            alice.run("tail", "--consumer", "hooks", "--once", "--ack").ok()
            bob.run("send", alice.address(relay), "to a program").ok()
            refuse = ("tail", "--consumer", "hooks", "--once", "--tries", "1", "--exec", "false")
            assert alice.run(*refuse).code == 9
            take(*alice.run("hook", "ls", "--json").ok().records)
            (letter,) = alice.run("hook", "dead", "ls", "--json").ok().records
            drop = ("hook", "dead", "drop", "hooks", str(letter["cursor"]))
            take(letter, alice.run(*drop, "--json").ok().record)
            take(alice.run("hook", "forget", "hooks", "--json").ok().record)
            waiting = (
                alice.run("send", bob.address(relay), "x", "--at", "+1h", "--json").ok().record
            )
            take(waiting, alice.run("scheduled", "cancel", waiting["id"], "--json").ok().record)
            take(alice.run("edit", answer.record["id"], "hi again", "--json").ok().record)
            take(*alice.run("history", bob.address(relay), "--versions", "--json").ok().records)
        key = ("--to", bob.address(relay), "--messages", "3", "--until", "+1d", "--json")
        made = alice.run("device", "grant", "new", *key).ok().record
        script = Person(name="script", home=tmp_path / "script")
        by_key = script.run("send", "-", "built", "--json", RESTANTE_GRANT=made["secret"])
        take(made, by_key.ok().record, alice.run("device", "grant", "ls", "--json").ok().record)
        laptop = Person(name="alice", home=tmp_path / "laptop")
        linking = laptop.start("device", "link", alice.address(relay), "--json")
        take(json.loads(read_line(linking.stdout)))
        assert end(linking, signal.SIGINT) == 130
        served = alice.start("serve-web", "--json")
        take(json.loads(read_line(served.stdout)))
        assert end(served) == 0
        take(bob.run("recovery", "kit", "--json").ok().record)
        take(bob.run("account", "delete", "--confirm", bob.address(relay), "--json").ok().record)
        carol = under_passphrase(tmp_path)
        take(carol.run("lock", "--json").ok().record)
        take(carol.run("panic", "--dry-run", "--json").ok().record)
        relay.kill()
        done = alice.run("send", bob.address(relay), "later", "--json", "--timeout", "0")
        assert done.code == 7
        take(*done.records)
    # A gap takes a loss, a notice somebody who changes, and the confirming of a kit one to ask.
    # What operators ask a relay for has a test of its own, and so have backups.
    assert (
        set(seen)
        == set(names()) - {"gap", "notice", "recovery"} - OPERATIONS - BACKUPS - IN_EXPORTS
    )


def under_passphrase(place: Path) -> Person:
    """Somebody who has no more than a profile under a passphrase."""
    person = Person(name="carol", home=place / "carol")
    cheap, owls = Stretching(passes=1, memory_bytes=8192), Passphrase("three small owls")
    make = partial(key_file_of, draw_key(), "passphrase", owls, stretching=cheap)
    Profile(name="default", directory=person.directory).create(make)
    return person


def names() -> list[str]:
    named = (node["$ref"].rpartition("/")[2] for node in SCHEMA["oneOf"])
    return [SCHEMA["definitions"][each]["properties"]["type"]["const"] for each in named]


def a_view(kind: str) -> dict[str, Any]:
    return {
        "id": "ab" * 16,
        "conversation": "cd" * 16,
        "position": 3,
        "sender": {
            "address": "bob@relay.example",
            "device": "ef" * 16,
            "verified": True,
            "name": "Bob",
            "is_me": False,
        },
        "sent_at": "2024-06-04T14:36:00.000Z",
        "received_at": None,
        "body": "x",
        "kind": kind,
        "state": "delivered",
        "quote": {"message": "ab" * 16, "excerpt": "what it answers"},
        "error": None,
        "edited": True,
        "reactions": [{"emoji": "👍", "count": 2, "names": ["Bob"], "is_mine": True}],
        "pinned": False,
        "mentions": [{"start": 0, "length": 4, "name": "Bob", "is_me": False}],
        "mentions_me": ["name", "all", "answer"],
        "answers": 2,
        "location": {
            "latitude": -34.9,
            "longitude": -56.2,
            "accuracy_m": 10,
            "label": "",
            "at": "2024-06-04T14:36:00.000Z",
            "live_until": None,
        },
        "file": {
            "name": "a.jpg",
            "media_type": "image/jpeg",
            "role": "image",
            "size_bytes": 1000,
            "caption": "",
            "state": "here",
            "error": None,
            "relay": "relay.example",
            "expires_at": "2026-02-03T04:05:06.789Z",
            "width": 2,
            "height": 1,
            "duration_s": None,
            "waveform": [],
            "preview": {"columns": 1, "rows": 1, "colours": "aabbcc"},
        },
        "card": {"name": "eve", "address": "eve@relay.example", "conversation": None},
        "poll": {
            "question": "which?",
            "options": [
                {"text": "a", "count": 2, "names": ["bob"], "is_mine": True},
                {"text": "b", "count": 0, "names": [], "is_mine": False},
            ],
            "multiple": False,
            "voters": 2,
            "closes_at": "2026-11-22T10:30:01.000Z",
            "closed_at": None,
        },
        "timer_s": 60,
        "gone_at": None,
        "sets_timer_s": None,
        "imported": False,
    }


@pytest.mark.parametrize(
    ("received", "kind"),
    [
        ("message", "text"),
        ("message", "unknown"),
        ("request", "text"),
        ("receipt", "text"),
        ("change", "deleted"),
        ("gap", "gap"),
        ("notice", "notice"),
        ("error", "undecryptable"),
    ],
)
def test_everything_that_tail_can_receive_has_its_object(
    check: Check, received: str, kind: str
) -> None:
    check({"v": 1, **message_record(a_view(kind), received)})


def test_the_schemas_words_are_the_codes(check: Check) -> None:
    definitions = SCHEMA["definitions"]
    assert definitions["state"]["enum"] == [state.value for state in MessageState]
    assert definitions["trust"]["enum"] == [trust.value for trust in Trust]
    states = definitions["contact"]["properties"]["state"]["enum"]
    hidden = {ContactState.SELF, ContactState.MEMBER}
    shown = (state for state in ContactState if state not in hidden)
    assert states == [state.value for state in shown]
    assert definitions["exit_code"]["enum"] == [code.value for code in ExitCode if code]


def test_the_schema_refuses_what_is_not_in_it(check: Check) -> None:
    good = {"v": 1, "type": "error", "code": 1, "message": "no"}
    check(good)
    for change in ({"v": 2}, {"code": 99}, {"message": ""}, {"type": "else"}, {"more": 1}):
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            check(good | change)


def test_what_was_once_in_an_object_stays_in_it() -> None:
    """The fields that scripts may rely on: this list only ever grows."""
    message = "body conversation error from id kind quote received_at sent_at state type v"
    required = {
        "message": message,
        "request": message,
        "receipt": message,
        "gap": message,
        "error": "code message type v",
        "contact": "address conversation name state trust type v",
        "code": "code type v",
        "safety_number": "conversation digits peer trust type v",
        "account": "address device profile type v",
        "ready": "address pid profile socket type v",
        "invite": "code days type uses v",
        "listening": "address tls type v",
    }
    for name, fields in required.items():
        assert set(fields.split()) <= set(SCHEMA["definitions"][name]["required"]), name


def test_one_line_is_one_object_whatever_the_text(relay: Relay, tmp_path: Path) -> None:
    (olga,) = settle(relay, tmp_path, "olga")
    (pavel,) = settle(relay, tmp_path, "pavel")
    text = 'quotes " and \\ and\nlines\n\n{"v":1,"type":"message"}\n\ttab\tlast'
    olga.run("send", pavel.address(relay), "-", stdin=text.encode()).ok()
    (record,) = pavel.run("tail", "--once", "--json").ok().records
    assert record["body"] == text
