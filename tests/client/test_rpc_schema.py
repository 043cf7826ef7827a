"""docs/rpc.openrpc.json says what the socket understands, and what it answers is as that says.

`python -m tests.client.test_rpc_schema` writes it anew. Fields are only ever added.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import fastjsonschema
import msgspec

from restante import __version__
from restante.client.methods import METHODS
from restante.client.rpc_schema import open_rpc
from tests.client.world import a_world, introduce, reaches
from tests.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = ROOT / "docs" / "rpc.openrpc.json"


def as_committed() -> str:
    return json.dumps(open_rpc(__version__), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def test_the_committed_document_is_that_of_the_code() -> None:
    assert DOCUMENT.read_text("utf-8") == as_committed()


def test_every_method_is_in_it_with_a_sentence_and_its_parameters() -> None:
    methods = {each["name"]: each for each in open_rpc("0")["methods"]}
    assert set(methods) == {*METHODS, "subscribe", "unsubscribe"}
    for name, method in METHODS.items():
        assert methods[name]["summary"]
        named = [each["name"] for each in methods[name]["params"]]
        assert named == list(method.parameters.__struct_fields__)


def checker(document: dict[str, Any], method: str) -> Callable[[object], object]:
    found = next(each for each in document["methods"] if each["name"] == method)
    schema = {**found["result"]["schema"], "components": document["components"]}
    return fastjsonschema.compile({"$schema": "http://json-schema.org/draft-07/schema#", **schema})


async def test_what_methods_answer_is_as_it_says(tmp_path: Path) -> None:
    document = open_rpc("0")
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        sent = await reaches(alice, await alice.send(to_bob, "hello"), "delivered")
        calls: list[tuple[str, dict[str, Any]]] = [
            ("status", {}),
            ("conversations", {}),
            ("contacts", {}),
            ("devices", {}),
            ("messages", {"conversation": to_bob, "start": 0, "count": 9}),
            ("message", {"message_id": sent.id}),
            ("why", {"message_id": sent.id}),
            ("edit", {"message_id": sent.id, "text": "hello!"}),
            ("safety_number", {"conversation": to_bob}),
            ("link_state", {}),
            ("consume", {"consumer": "bot"}),
        ]
        for method, parameters in calls:
            answer = msgspec.to_builtins(await getattr(alice, method)(**parameters))
            checker(document, method)(answer)


if __name__ == "__main__":
    DOCUMENT.write_text(as_committed(), encoding="utf-8")
