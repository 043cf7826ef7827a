"""A verified contact whose address shows another key, and a farewell: by commands alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.town import Person, Relay, introduce, settle


def test_what_is_sent_to_a_changed_key_waits_with_exit_code_4(relay: Relay, tmp_path: Path) -> None:
    alice, bob = settle(relay, tmp_path, "alice", "bob")
    introduce(alice, bob)
    old = alice.run("verify", "bob", "--json").ok().record["payload"]
    relay.kill()
    with closing(sqlite3.connect(relay.data / "relay.sqlite3")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM accounts WHERE name = 'bob'")
    relay.start()
    other = Person(name="bob", home=tmp_path / "other")
    other.run("init", "--no-input", "--address", bob.address(relay)).ok()

    waiting = alice.run("send", "bob", "for your eyes only", "--json")
    assert "changed" in waiting.err
    assert (waiting.code, waiting.records[0]["state"]) == (4, "queued")
    assert "changed" in alice.run("send", "bob", "and this").failed(4)
    number = alice.run("verify", "bob", "--json")
    assert (number.code, number.records[0]["trust"]) == (4, "changed")
    assert "not the number" in alice.run("verify", "bob", "--scanned", "1" * 60).failed(4)
    assert "another number" in alice.run("verify", "bob", "--confirm", old).failed(4)
    went_on = alice.run("contact", "accept-key", "bob", "--json").ok().record
    assert (went_on["trust"], went_on["name"]) == ("unverified", "bob")
    arrived = other.run("tail", "--once", "--json").ok().records
    assert [(one["type"], one["body"]) for one in arrived] == [("request", "for your eyes only")]

    address = alice.address(relay)
    alice.run("account", "delete").failed(2)
    assert "Name that address" in alice.run("account", "delete", "--confirm", "x@y.example").failed(
        1
    )
    gone = alice.run("account", "delete", "--confirm", address, "--json").ok().record
    assert (gone["address"], gone["told"]) == (address, 1)
    assert not alice.directory.exists()
    assert "taken" in alice.run("init", "--no-input", "--address", address).failed(1)
