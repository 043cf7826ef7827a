"""A script that sends without a profile, by a capability key in a file; and what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.town import Person, a_relay, introduce, settle

if TYPE_CHECKING:
    from pathlib import Path


def test_a_script_sends_by_a_key_in_a_file_until_it_is_revoked(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay", "-q", "--open-registration") as relay:
        alice, bob = settle(relay, tmp_path, "alice", "bob")
        introduce(alice, bob)
        wanted = ("--to", "bob", "--messages", "2", "--until", "+1d", "--name", "build server")
        with alice.daemon(), bob.daemon():
            secret = alice.run("device", "grant", "new", *wanted).ok().out
            script = Person(name="script", home=tmp_path / "script")
            script.environ["RESTANTE_GRANT_FILE"] = str(tmp_path / "key")
            assert "can't be read" in script.run("send", "bob", "x").failed(1)
            (tmp_path / "key").write_text("restante-grant:AAAA")
            assert "no secret" in script.run("send", "bob", "x").failed(1)
            (tmp_path / "key").write_text(secret)
            for text in ("red", "green"):
                script.run("send", "bob", "-", stdin=text.encode()).ok()
            script.run("send", "bob", "green", "--idempotency-key", "7").ok()
            assert "writes to bob" in script.run("send", "carol", "x").failed(1)
            assert "empty" in script.run("send", "bob", " ").failed(1)
            for wrong in (("--wait", "read"), ("--reply", "00" * 16), ("--to", "carol")):
                script.run("send", "bob", "x", *wrong).failed(2)
            assert not script.home.exists(), "a script needs no profile, and gets none"
            bob.run("tail", "--once").ok()
            said = bob.run("history", "alice").ok().out
            assert ("red" in said, "green" in said) == (True, True)
            assert "may" in said, "the third one is one too many, and Bob is told so"
            listed = alice.run("device", "grant", "ls").ok().out
            assert "2 of 2 to bob" in listed
            alice.run("device", "revoke", "build server", "--yes").ok()
            assert "revoked" in script.run("send", "bob", "x").failed(4)
