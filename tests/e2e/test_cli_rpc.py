"""`restante rpc` and `restante why`: the engine for scripts, with and without one that runs."""

from __future__ import annotations

import json

from tests.e2e.town import Person

Friends = tuple[Person, Person]


def test_a_method_is_called_and_its_result_is_one_line_of_json(friends: Friends) -> None:
    alice, bob = friends
    status = json.loads(alice.run("rpc", "status").ok().out)
    assert status["profile"] == "default"
    key = json.loads(alice.run("rpc", "resolve", '{"text": "bob"}').ok().out)
    sent = json.loads(
        alice.run("rpc", "send", json.dumps({"conversation": key, "text": "by rpc"})).ok().out
    )
    alice.run("tail", "--once").ok()
    assert "queued" in alice.run("why", sent["id"]).ok().out
    assert bob.run("tail", "--once", "--json").ok().records[-1]["body"] == "by rpc"
    assert "JSON object" in alice.run("rpc", "status", "[1]").failed(2)
    assert "no JSON" in alice.run("rpc", "status", "{").failed(2)
    assert "nonsense" in alice.run("rpc", "nonsense").failed(2)
    assert "`x`" in alice.run("rpc", "status", '{"x": 1}').failed(2)
    assert alice.run("rpc", "resolve", '{"text": "nobody"}').failed(1)


def test_lines_are_passed_on_until_all_are_answered(friends: Friends) -> None:
    alice, _ = friends
    asked = [
        {"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {}},
        {"jsonrpc": "2.0", "method": "retry_now", "params": {}},
        {"jsonrpc": "2.0", "id": 2, "method": "status", "params": {}},
        {"jsonrpc": "2.0", "id": 3, "method": "nonsense", "params": {}},
    ]
    typed = "\n".join([*map(json.dumps, asked), "no json"]).encode()
    with alice.daemon():
        attached = alice.run("rpc", stdin=typed).ok()
    alone = alice.run("rpc", stdin=typed).ok()
    for done in (attached, alone):
        answers = [json.loads(line) for line in done.out.splitlines()]
        by_id = {answer["id"]: answer for answer in answers if "id" in answer}
        assert set(by_id) == {1, 2, 3, None}
        assert by_id[2]["result"]["profile"] == "default"
        assert by_id[3]["error"]["code"] == -32601
        assert by_id[None]["error"]["code"] == -32700
