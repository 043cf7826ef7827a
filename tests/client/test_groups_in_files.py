"""Groups in files that people carry: bundles, exports, and what is imported again."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
import trio

from restante.client.commands.exporting import export
from restante.client.commands.importing import import_
from restante.client.commands.output import Output
from restante.client.interface import ImportedText
from restante.errors import UserError
from restante.store.client_sender_keys import drop_chain
from tests.client.large_party import a_large_party, chains_of
from tests.client.party import a_party, hears, said
from tests.client.world import connected, eventually, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.oneshot import Caller


class Within:
    """Calls an engine from a thread, as a command does through its socket."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine

    def call(self, method: str, **params: Any) -> Any:
        if "texts" in params:
            params["texts"] = msgspec.convert(params["texts"], list[ImportedText])
        text = [params.pop("text")] if "text" in params else []
        result = trio.from_thread.run(partial(getattr(self._engine, method), *text, **params))
        return msgspec.to_builtins(result)


async def exported(engine: LocalEngine, key: str, file: Path, *, form: str = "jsonl") -> str:
    """Export a conversation to a file, and return what is in it."""
    caller = cast("Caller", Within(engine))
    await trio.to_thread.run_sync(
        partial(export, Output(verbosity=-1), caller, (key,), form=form, output=str(file))
    )
    return await trio.Path(file).read_text()


async def imported(engine: LocalEngine, file: Path) -> dict[str, Any]:
    """Import a file, and return what was said of it."""
    told: list[dict[str, Any]] = []

    class Kept(Output):
        def data(self, record: dict[str, Any], text: str | None) -> None:
            told.append(record)

    await trio.to_thread.run_sync(
        partial(
            import_,
            Kept(verbosity=-1),
            cast("Caller", Within(engine)),
            str(file),
            chat=None,
            form=None,
            me=None,
            order=None,
            lists=False,
            dry_run=False,
        )
    )
    return told[0]


async def test_a_group_is_exported_with_who_said_what_and_imported_again(tmp_path: Path) -> None:
    file, changed = tmp_path / "group.jsonl", tmp_path / "changed.jsonl"
    async with a_party(tmp_path) as party:
        key = await party.group()
        for engine, text in ((party.alice, "mine"), (party.bob, "Bob's"), (party.carol, "Carol's")):
            await engine.send(key, text)
            await eventually(party.alice, partial(says, party.alice, key, text))
        asked = await party.bob.send_poll(key, question="Which day?", options=["Monday", "Friday"])
        await eventually(party.alice, partial(says, party.alice, key, "[poll]"))
        await party.alice.vote(asked.id, [2])
        lines = [json.loads(line) for line in (await exported(party.alice, key, file)).splitlines()]
        (head,) = [each for each in lines if each["type"] == "export_conversation"]
        assert (head["key"], head["title"], head["address"]) == (key, "Walkers", "")
        spoken = {each["body"]: each["from"] for each in lines if each.get("kind") == "text"}
        assert spoken["mine"]["is_me"]
        assert spoken["Bob's"]["address"] == party.world.address("bob")
        assert spoken["Carol's"]["address"] == party.world.address("carol")
        (poll,) = [each for each in lines if each.get("kind") == "poll"]
        options = [(each["text"], each["count"]) for each in poll["poll"]["options"]]
        assert (poll["poll"]["question"], options) == ("Which day?", [("Monday", 0), ("Friday", 1)])
        for form in ("markdown", "html"):
            page = await exported(party.alice, key, tmp_path / form, form=form)
            assert "## Walkers" in page or ">Walkers</h2>" in page
            for text in ("mine", "Bob", "Carol", "Which day?", "Friday"):
                assert text in page
        # All of it is here.
        again = await imported(party.alice, file)
        assert (again["added"], sum(again["skipped"].values())) == (0, len(lines) - 3)
        # From another life: other ids, somebody whom nobody knows, and a group that is nowhere.
        for each in lines:
            if each.get("kind") in {"text", "poll"}:
                each["id"] = each["id"][::-1]
        nobodys = {**lines[-2], "id": "ab" * 16, "body": "?"}
        nobodys["from"] = {**nobodys["from"], "is_me": False, "address": "eve@nowhere.example"}
        nowhere = [{**head, "key": "00" * 32}, {**nobodys, "conversation": "00" * 32}]
        written = [*lines[:-1], nobodys, *nowhere]
        changed.write_text("".join(json.dumps(each) + "\n" for each in written))
        taken = await imported(party.alice, changed)
        assert taken["added"] == 4
        assert taken["skipped"]["texts in groups, of people who aren't known here"] == 1
        assert taken["skipped"]["of groups that aren't here"] == 1
        found = await party.alice.messages(key, start=0, count=99)
        names = {each.body: each.sender.address for each in found if each.imported}
        assert names == {
            **{body: each["address"] for body, each in spoken.items()},
            poll["body"]: party.world.address("bob"),  # as a text: nobody votes in it any more
        }
        assert all(each.poll is None for each in found if each.imported)
        assert (await imported(party.alice, changed))["added"] == 0
        # Nobody is known by the names in another messenger's file.
        chat = tmp_path / "chat.txt"
        chat.write_text("31/12/2020, 21:41 - Ann: text\n")
        with pytest.raises(UserError, match="with one person"):
            await trio.to_thread.run_sync(
                partial(
                    import_,
                    Output(verbosity=-1),
                    cast("Caller", Within(party.alice)),
                    str(chat),
                    chat=key,
                    form=None,
                    me="Ann",
                    order="dmy",
                    lists=False,
                    dry_run=False,
                )
            )


async def says(engine: LocalEngine, key: str, text: str) -> bool:
    return text in await said(engine, key)


async def test_a_bundle_carries_what_is_said_in_a_group_and_its_log(tmp_path: Path) -> None:
    file = tmp_path / "bundle"
    async with a_party(tmp_path) as party:
        key = await party.group()
        to_alice = await party.bob.resolve(party.world.address("alice"))
        await party.alice.send(party.to_bob, "between us")
        await shows(party.bob, to_alice, ["between us"])
        texts: list[str] = []
        everybody = (party.alice, party.bob, party.carol)
        for number, engine in enumerate(everybody):  # so that each has a session with each
            await engine.send(key, f"{number}")
            texts.append(f"{number}")
            for each in everybody:
                await hears(each, key, texts)
        await party.world.relay.stop()
        await party.alice.send(key, "in the hut")
        await party.alice.group_set(key, description="Snowed in")
        asked = await party.alice.send_poll(key, question="And then?", options=["Up", "Down"])
        await party.alice.vote(asked.id, [1])
        await party.alice.send(party.to_bob, "not in it")
        made = await party.alice.bundle_export(str(file), conversation=key)
        assert (made.messages, made.without_session) == (3, [])
        texts += ["in the hut", "[poll]"]
        for each in (party.bob, party.carol):
            taken = await each.bundle_import(str(file))
            assert (taken.known, taken.unopened, taken.is_whole) == (0, 0, True)
            assert 0 < taken.taken < made.envelopes
            await hears(each, key, texts)
            poll = (await each.message(asked.id)).poll
            assert poll is not None
            assert [option.count for option in poll.options] == [1, 0]
            assert (await each.bundle_import(str(file))).taken == 0
        assert "not in it" not in await said(party.bob, to_alice)
        lengths = {(await each.group(key)).entries for each in everybody}
        assert len(lengths) == 1  # the change of the log came along
        await party.world.relay.start()
        for each in everybody:
            await each.retry_now()
            await connected(each)
        await shows(party.bob, to_alice, ["between us", "not in it"])
        await party.carol.send(key, "and on")
        for each in everybody:
            await hears(each, key, [*texts, "and on"])


async def test_a_bundle_carries_what_is_sealed_once_for_a_large_group_and_its_key(
    tmp_path: Path,
) -> None:
    for_all, for_bob = tmp_path / "for all", tmp_path / "for Bob"
    async with a_large_party(tmp_path) as party:
        key = await party.group()
        everybody = (party.alice, party.bob, party.carol)
        await party.world.relay.stop()
        for chain in await chains_of(party.alice, party.alice, key):  # so that nobody has the key
            await party.alice._context.write(partial(drop_chain, chain_id=chain))
        await party.alice.send(key, "in the hut")
        made = await party.alice.bundle_export(str(for_all), conversation=key)
        assert (made.messages, made.without_session) == (1, [])
        await party.alice.bundle_export(str(for_bob), conversation=party.to_bob)
        assert (await party.carol.bundle_import(str(for_bob))).taken == 0
        for each, file in ((party.bob, for_bob), (party.carol, for_all)):
            taken = await each.bundle_import(str(file))
            assert (taken.known, taken.unopened, taken.is_whole) == (0, 0, True)
            assert taken.taken >= 2  # the key, and what it opens
            await hears(each, key, ["in the hut"])
            assert (await each.bundle_import(str(file))).taken == 0
        await party.world.relay.start()
        for each in everybody:
            await each.retry_now()
            await connected(each)
        await party.alice.send(key, "and on")
        for each in everybody:
            await hears(each, key, ["in the hut", "and on"])
