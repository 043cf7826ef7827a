"""Two people, a relay, and nothing but commands: what first light is for."""

from __future__ import annotations

import json
import signal
import unicodedata
from pathlib import Path

from tests.e2e.town import Person, Relay, end, introduce, read_line, settle

UNICODE = (
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n"
    "Любя, съешь щипцы, — вздохнёт мэр, — кайф жгуч.\n"
    "いろはにほへと ちりぬるを\n"
    "combining: e\N{COMBINING ACUTE ACCENT}, family: \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\n"
    "spaces,  \\backslashes, \"quotes\", {braces} and 'more' of <them>\n"
)


def test_three_messages_wait_for_bob_and_his_answer_comes_back(
    relay: Relay, tmp_path: Path
) -> None:
    alice, bob = settle(relay, tmp_path, "ada", "bert")
    introduce(alice, bob)
    text = unicodedata.normalize("NFC", UNICODE) * 20
    assert 4096 < len(text.encode()) < 16_000

    sent = [
        alice.run("send", "bert", "--json", "first").ok().record,
        alice.run("send", "bert", "-", "--json", stdin=text.encode()).ok().record,
        alice.run("send", bob.address(relay), "third", "--json").ok().record,
    ]
    assert [message["state"] for message in sent] == ["relayed"] * 3
    assert len({message["id"] for message in sent}) == 3

    arrived = bob.run("tail", "--once", "--json").ok().records
    assert [message["body"] for message in arrived] == ["first", text, "third"]
    assert [message["id"] for message in arrived] == [message["id"] for message in sent]
    assert {message["from"]["address"] for message in arrived} == {alice.address(relay)}
    assert all(message["from"]["verified"] for message in arrived)
    assert all(message["type"] == "message" for message in arrived)
    assert bob.run("tail", "--once", "--json").ok().out == ""

    bob.run("send", "ada", "got all three").ok()
    heard = alice.run("tail", "--once", "--json").ok().records
    assert [one["body"] for one in heard if one["type"] == "message"] == ["got all three"]
    delivered = {one["id"] for one in heard if one["type"] == "receipt"}
    assert delivered <= {message["id"] for message in sent}

    for person in (alice, bob):
        other = "bert" if person is alice else "ada"
        lines = person.run("history", other, "--json").ok().records
        bodies = [line["body"] for line in lines if line["kind"] == "text"]
        assert bodies == ["first", text, "third", "got all three"]


def test_both_compare_the_same_safety_number(online: tuple[Person, Person]) -> None:
    alice, bob = online
    numbers = [
        alice.run("verify", "bob", "--json").ok().record,
        bob.run("verify", "alice", "--json").ok().record,
    ]
    assert numbers[0]["digits"] == numbers[1]["digits"]
    assert alice.run("verify", "bob").ok().out.strip() == numbers[0]["digits"]
    assert alice.run("verify", "bob", "--undo", "--json").ok().record["trust"] == "unverified"
    assert "Compare" in alice.run("verify", "bob").ok().err
    confirmed = alice.run("verify", "bob", "--confirm", "--json").ok()
    assert confirmed.record["trust"] == "verified"
    assert alice.run("verify", "bob", "-q").ok().err == ""


def test_a_stranger_waits_until_accepted(relay: Relay, tmp_path: Path) -> None:
    carol, dave = settle(relay, tmp_path, "carol", "dave")
    first = carol.run("send", dave.address(relay), "may I?", "--json").ok().record
    assert first["state"] == "relayed"

    asked = dave.run("tail", "--once", "--json").ok().record
    assert asked["type"] == "request"
    assert asked["body"] == "may I?"
    assert asked["from"]["verified"] is False
    (contact,) = dave.run("contact", "ls", "--json").ok().records
    assert contact["state"] == "request"

    answered = dave.run("contact", "accept", asked["conversation"], "--json").ok().record
    assert answered["state"] == "accepted"
    dave.run("send", carol.address(relay), "welcome").ok()
    bodies = [one["body"] for one in carol.run("tail", "--once", "--json").ok().records]
    assert "welcome" in bodies


def test_what_a_stranger_has_too_much_of_waits_in_the_outbox(relay: Relay, tmp_path: Path) -> None:
    erin, frank = settle(relay, tmp_path, "erin", "frank")
    text = "x" * 40_000
    codes = []
    for _ in range(4):
        done = erin.run("send", frank.address(relay), "-", "--json", stdin=text.encode())
        codes.append(done.code)
        if done.code:
            assert done.records[0]["state"] == "awaiting acceptance"
            assert done.records[1]["code"] == 7
            assert "Do not send it again" in done.err
    assert set(codes) == {0, 7}
    assert codes == sorted(codes)

    (request, *_) = frank.run("tail", "--once", "--json").ok().records
    frank.run("contact", "accept", request["conversation"]).ok()
    frank.run("tail", "--once").ok()
    for _ in range(2):
        erin.run("tail", "--once")
    bodies = [one["body"] for one in frank.run("tail", "--once", "--json").ok().records]
    history = frank.run("history", erin.address(relay), "--json").ok().records
    assert bodies == [text] * bodies.count(text)
    assert [one["body"] for one in history] == [text] * 4


def test_contacts_are_renamed_blocked_and_found_by_any_of_their_names(
    relay: Relay, tmp_path: Path
) -> None:
    gina, hugo = settle(relay, tmp_path, "gina", "hugo")
    introduce(gina, hugo)
    gina.run("contact", "rename", "hugo", "Hugo the Loud").ok()
    (contact,) = gina.run("contact", "ls", "--json").ok().records
    assert contact["name"] == "Hugo the Loud"
    for name in ("Hugo the Loud", hugo.address(relay), contact["conversation"]):
        gina.run("send", name, "hello").ok()
    blocked = gina.run("contact", "block", "Hugo the Loud", "--json").ok().record
    assert blocked["state"] == "blocked"
    hugo.run("send", "gina", "can you hear me?").ok()
    assert gina.run("tail", "--once").ok().out == ""


def test_named_consumers_have_their_own_place_and_acknowledge_when_told(
    online: tuple[Person, Person],
) -> None:
    alice, bob = online
    alice.run("tail", "--once").ok()
    bob.run("tail", "--once").ok()
    alice.run("tail", "--once", "--consumer", "bot", "--ack").ok()
    bob.run("send", "alice", "for whoever asks").ok()

    def bodies(*options: str) -> list[str]:
        records = alice.run("tail", "--once", "--json", *options).ok().records
        return [record["body"] for record in records if record["type"] == "message"]

    assert bodies("--consumer", "bot") == ["for whoever asks"]
    assert bodies("--consumer", "bot") == ["for whoever asks"]
    assert bodies() == ["for whoever asks"]
    assert bodies() == []
    assert bodies("--consumer", "bot", "--ack") == ["for whoever asks"]
    assert bodies("--consumer", "bot") == []
    bob.run("send", "alice", "printed to nobody").ok()
    killed = alice.start("tail", "--consumer", "bot", "--json")
    assert "printed to nobody" in read_line(killed.stdout)
    assert end(killed, signal.SIGKILL) == -signal.SIGKILL
    assert bodies("--consumer", "bot") == ["printed to nobody"]
    consumed = json.loads(alice.run("rpc", "consume", '{"consumer": "bot"}').ok().out)
    done = {"consumer": "bot", "cursor": consumed[-1]["cursor"]}
    alice.run("rpc", "acknowledge", json.dumps(done)).ok()
    assert bodies("--consumer", "bot") == []


def test_history_streams_pages_in_order_and_knows_the_last(
    online: tuple[Person, Person],
) -> None:
    alice, bob = online
    for number in range(70):
        alice.run("send", "bob", f"line {number}", "--wait", "queued").ok()
    alice.run("send", "bob", "last one", "--wait", "delivered").ok()
    texts = [one["body"] for one in alice.run("history", "bob", "--json").ok().records]
    assert texts[-71:] == [f"line {number}" for number in range(70)] + ["last one"]
    last = alice.run("history", "bob", "--json", "--last", "2").ok().records
    assert [one["body"] for one in last] == ["line 69", "last one"]
    assert alice.run("history", "bob", "--last", "0").ok().out == ""
    heard = [one["body"] for one in bob.run("tail", "--once", "--json").ok().records]
    assert [body for body in heard if body.startswith("line")] == texts[-71:-1]


def test_a_contact_code_is_printed_and_drawn(online: tuple[Person, Person]) -> None:
    alice, _ = online
    code = alice.run("contact", "code").ok().out
    assert code.startswith("restante:c")
    assert len(code.strip()) <= 78
    drawn = alice.run("contact", "code", "--qr").ok().out.splitlines()
    assert drawn[0] == code.strip()
    assert len(drawn) == 22
    assert all(set(line) <= set(" ▀▄█") for line in drawn[1:])
    plain = alice.run("contact", "code", "--qr", PYTHONIOENCODING="ascii").ok().out
    assert plain.isascii()
    assert "##" in plain
