"""What is chosen for a conversation, and what else is done to messages, from the command line."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.town import PATIENCE_S, Person, Relay, end

Friends = tuple[Person, Person]


def one(person: Person, *arguments: str) -> dict[str, Any]:
    return person.run(*arguments, "--json").ok().record


def test_a_chat_is_muted_pinned_archived_and_marked(online: Friends) -> None:
    alice, _ = online
    muted = one(alice, "contact", "mute", "bob", "8h")
    assert muted["muted_until"] is not None
    assert muted["muted_until"][:4] != "9999"
    assert one(alice, "contact", "mute", "bob")["muted_until"][:4] == "9999"
    assert alice.run("contact", "pin", "bob").ok().out == "bob: muted, pinned\n"
    (line,) = alice.run("ls").ok().out.splitlines()
    assert line.startswith("bob: ")
    chosen = one(alice, "contact", "archive", "bob")
    assert alice.run("ls").ok().out == ""
    assert one(alice, "ls", "--all")["archived"] is True
    assert alice.run("ls", "--all", "--unread").ok().out == ""
    assert (chosen["pinned"], chosen["archived"]) == (True, True)
    assert one(alice, "mark", "bob", "--unread")["marked_unread"] is True
    for undone in (
        ("contact", "unmute", "bob"),
        ("contact", "pin", "bob", "--undo"),
        ("contact", "archive", "bob", "--undo"),
        ("mark", "bob", "--read"),
    ):
        chosen = one(alice, *undone)
    named = ("muted_until", "pinned", "archived", "marked_unread")
    assert [chosen[name] for name in named] == [None, False, False, False]
    alice.run("contact", "mute", "bob", "soon").failed(1)
    alice.run("mark", "bob").failed(2)
    alice.run("mark", "bob", "--unread", "--up-to", "ab" * 16).failed(2)


def test_printing_is_not_reading_and_marking_is(online: Friends) -> None:
    alice, bob = online
    first, second = (one(alice, "send", "bob", text) for text in "ab")
    bob.run("tail", "--once").ok()
    assert one(bob, "contact", "pin", "alice", "--undo")["unread_count"] == 2
    bob.run("history", "alice").ok()
    assert one(bob, "contact", "pin", "alice", "--undo")["unread_count"] == 2
    assert one(bob, "mark", "alice", "--read", "--up-to", first["id"])["unread_count"] == 1
    alice.run("tail", "--once").ok()
    said = alice.run("history", "bob", "--json").ok().records
    assert {each["id"]: each["state"] for each in said} == {
        first["id"]: "read",
        second["id"]: "delivered",
    }
    third = one(alice, "send", "bob", "c")
    bob.run("tail", "--once", "--mark-read").ok()
    assert one(bob, "mark", "alice", "--read")["unread_count"] == 0
    alice.run("tail", "--once").ok()
    last = alice.run("history", "bob", "--last", "1", "--json").ok().record
    assert (last["id"], last["state"]) == (third["id"], "read")
    bob.run("mark", "alice", "--read", "--up-to", "ab" * 16).failed(1)


def test_versions_pins_cards_and_live_places(online: Friends) -> None:
    alice, bob = online
    sent = one(alice, "send", "bob", "teh text")
    alice.run("edit", sent["id"], "the text").ok()
    alice.run("pin", sent["id"]).ok()
    told = alice.run("history", "bob", "--versions", "--json").ok().records
    at = next(number for number, each in enumerate(told) if each.get("id") == sent["id"])
    assert told[at]["body"] == "the text"
    assert (told[at + 1]["type"], told[at + 1]["body"]) == ("version", "teh text")
    pinned = alice.run("history", "bob", "--pinned", "--json").ok().records
    assert [each["id"] for each in pinned] == [sent["id"]]

    card = one(alice, "send", "bob", "--contact", "bob")
    assert card["card"]["address"].startswith("bob@")
    live = one(alice, "send", "bob", "--location", "1,2", "--for", "1h")
    assert live["location"]["live_until"] is not None
    moved = one(alice, "edit", live["id"], "--location", "3,4")
    assert (moved["location"]["latitude"], moved["location"]["longitude"]) == (3, 4)
    alice.run("edit", live["id"], "--location", "3,4", "--end").ok()
    alice.run("edit", live["id"], "--location", "5,6").failed(1)
    alice.run("send", "bob", "--location", "1,2", "--for", "9h").failed(1)
    alice.run("edit", live["id"]).failed(2)

    bob.run("tail", "--once").ok()
    added = bob.run("contact", "add", "--card", card["id"])
    assert added.failed(1)  # a card of oneself
    bob.run("contact", "add", "--card", card["id"], "someone@relay.example").failed(2)


def test_polls_are_asked_answered_and_closed(online: Friends) -> None:
    alice, bob = online
    days = ("Monday", "Tuesday", "Friday")
    asked = one(alice, "poll", "new", "bob", "Which days?", *days, "--multiple", "--until", "+1d")
    assert (asked["kind"], asked["poll"]["multiple"]) == ("poll", True)
    bob.run("tail", "--once").ok()
    voted = bob.run("poll", "vote", asked["id"], "1", "3").ok().out.splitlines()
    assert voted[0].startswith("Which days? (1 has voted, until ")
    assert voted[1:] == ["1. Monday: 1 (me)", "2. Tuesday: 0", "3. Friday: 1 (me)"]
    changed = alice.run("tail", "--once", "--json").ok().records
    assert [each["poll"]["voters"] for each in changed if each["type"] == "change"] == [1]
    bob.run("poll", "vote", asked["id"], "--undo").ok()
    bob.run("poll", "vote", asked["id"]).failed(2)
    bob.run("poll", "vote", asked["id"], "4").failed(1)
    bob.run("poll", "close", asked["id"]).failed(1)
    alice.run("tail", "--once").ok()
    alice.run("poll", "vote", asked["id"], "2").ok()
    alice.run("poll", "close", asked["id"]).ok()
    alice.run("poll", "vote", asked["id"], "1").failed(1)
    bob.run("tail", "--once").ok()
    shown = one(bob, "poll", "show", asked["id"])["poll"]
    assert [each["count"] for each in shown["options"]] == [0, 1, 0]
    assert shown["closed_at"] is not None
    said = bob.run("history", "alice", "--last", "1").ok().out
    assert "Which days? (1 has voted, over, several can be chosen)" in said
    bob.run("poll", "new", "alice", "Why?", "because").failed(1)
    bob.run("poll", "new", "alice", "Why?", "a", "b", "--until", "-1d").failed(1)


def test_a_message_is_forwarded_as_ones_own(online: Friends) -> None:
    alice, bob = online
    sent = one(bob, "send", "alice", "the harbour at nine")
    alice.run("tail", "--once").ok()
    again = one(alice, "forward", sent["id"], "bob")
    assert (again["body"], again["from"]["is_me"], again["quote"]) == (sent["body"], True, None)
    assert again["id"] != sent["id"]
    alice.run("timer", "bob", "1d").ok()
    short = one(alice, "send", "bob", "for a day")
    refused = alice.run("forward", short["id"], "bob", "--no-input").failed(1)
    assert "disappears 1 day" in refused
    alice.run("forward", short["id"], "bob", "--disappearing").ok()
    alice.run("timer", "bob", "off").ok()
    alice.run("forward", "ab" * 16, "bob").failed(1)
    alice.run("forward", sent["id"]).failed(2)


def test_a_refused_init_leaves_no_profile_behind(relay: Relay, tmp_path: Path) -> None:
    first, second = (Person(name="carol", home=tmp_path / name) for name in ("one", "two"))
    first.run("init", "--no-input", "--address", first.address(relay)).ok()
    second.run("init", "--no-input", "--address", second.address(relay)).failed(1)
    assert not second.directory.exists()
    first.run("init", "--no-input", "--address", first.address(relay)).failed(1)
    assert first.run("device", "ls").ok().out


def test_what_was_said_is_found(online: Friends) -> None:
    alice, bob = online
    for text in ("Crème by the lighthouse", "https://example.org/lighthouse", "nothing"):
        alice.run("send", "bob", text).ok()
    found = alice.run("search", "LIGHTHOUSE", "creme", "--json").ok().record
    assert found["body"] == "Crème by the lighthouse"
    links = alice.run("search", "--type", "link", "--chat", "bob", "--from", "me", "--since", "-1h")
    (line,) = links.ok().out.splitlines()
    assert line.endswith("https://example.org/lighthouse")
    named = alice.run("search", "lighthouse", "--limit", "1").ok().out
    assert named.startswith("[bob] ")
    for none in (("lighthouse", "--from", "bob"), ("lighthouse", "--before", "2001-01-01")):
        assert alice.run("search", *none).ok().out == ""
    bob.run("tail", "--once").ok()
    assert bob.run("search", "--from", "alice", "lighth", "--limit", "3", "--json").ok().records
    assert "Say what to look for" in alice.run("search").failed(1)
    assert "no time gone by" in alice.run("search", "x", "--since", "tomorrow").failed(1)
    assert "There are: text" in alice.run("search", "--type", "colour").failed(1)


def test_what_is_only_tried_is_not_done_and_fails_for_what_is_wrong(online: Friends) -> None:
    alice, _ = online
    sent = alice.run("send", "bob", "to stay", "--json").ok().record["id"]
    later = alice.run("send", "bob", "x", "--at", "+1h", "--json").ok().record["id"]
    alice.run("group", "new", "crew", "bob").ok()
    alice.run("tail", "--consumer", "tried", "--once", "--ack").ok()
    for command in (
        ("delete", sent, "--for-everyone"),
        ("contact", "block", "bob"),
        ("scheduled", "cancel", later),
        ("hook", "forget", "tried"),
        ("group", "leave", "crew"),
        ("group", "remove", "crew", "bob"),
        ("account", "move", "alice@elsewhere.example"),
    ):
        assert alice.run(*command, "--dry-run").ok().out.startswith("Would ")
    assert "to stay" in alice.run("history", "bob").ok().out
    assert "accepted" in alice.run("contact", "ls").ok().out
    assert later in alice.run("scheduled", "ls").ok().out
    assert "tried" in alice.run("hook", "ls").ok().out
    assert len(alice.run("group", "show", "crew", "--json").ok().record["members"]) == 2
    for command in (
        ("delete", "00" * 16),
        ("contact", "block", "nobody"),
        ("scheduled", "cancel", "00" * 16),
        ("hook", "forget", "nobody"),
        ("group", "remove", "crew", "eve"),
        ("hook", "dead", "drop", "nobody", "1"),
        ("device", "revoke", "nothing"),
        ("account", "delete", "--confirm", "eve@elsewhere.example"),
    ):
        alice.run(*command, "--dry-run").failed(1)
    alice.run("scheduled", "cancel", later).ok()


def test_a_command_ends_when_its_time_is_over(online: Friends) -> None:
    waiting = online[0].start("rpc", "--timeout", "0.3", stdin=subprocess.PIPE)
    assert waiting.wait(PATIENCE_S) == 8
    assert waiting.stdin is not None
    assert waiting.stderr is not None
    waiting.stdin.close()
    assert b"--timeout" in waiting.stderr.read()
    end(waiting)


def test_what_mentions_one_and_the_answers_to_a_message_are_printed(online: Friends) -> None:
    alice, bob = online
    first = one(alice, "send", "bob", "@bob, lunch? @nobody")
    assert [each["name"] for each in first["mentions"]] == ["bob"]
    bob.run("tail", "--once").ok()
    named = one(bob, "ls", "--mentions")
    assert (named["id"], named["mentions_me"]) == (first["id"], ["name"])
    assert one(bob, "contact", "pin", "alice", "--undo")["unread_mentions"] == 1
    second = one(bob, "send", "alice", "where?", "--reply", first["id"])
    alice.run("tail", "--once").ok()
    answer = alice.run("ls", "--mentions").ok().out
    assert answer.startswith("* [bob] ")
    assert answer.endswith("where?\n")
    alice.run("send", "bob", "something else").ok()
    thread = alice.run("history", "bob", "--thread", second["id"], "--json").ok().records
    assert [(each["body"], each["answers"]) for each in thread] == [
        ("@bob, lunch? @nobody", 1),
        ("where?", 0),
    ]
    bob.run("mark", "alice", "--read").ok()
    assert bob.run("ls", "--mentions", "--unread").ok().out == ""
    assert bob.run("ls", "--mentions").ok().out.startswith("  [alice] ")
    alice.run("history", "self", "--thread", second["id"]).failed(1)
    alice.run("history", "bob", "--thread", "ab" * 16).failed(1)
    alice.run("history", "bob", "--thread", second["id"], "--last", "1").failed(2)
