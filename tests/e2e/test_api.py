"""The Python API, in trio and in asyncio, and the bot of the examples."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from restante.client import api, api_asyncio
from restante.errors import ExitCode, UserError
from tests.e2e.town import Person, end, read_line
from tests.processes import ROOT, clean_environment

Friends = tuple[Person, Person]


@pytest.fixture
def as_alice(online: Friends, monkeypatch: pytest.MonkeyPatch) -> Friends:
    """This process's programs are alice's."""
    monkeypatch.setenv("RESTANTE_HOME", str(online[0].home))
    return online


def said(person: Person, other: str) -> list[str]:
    return [each["body"] for each in person.run("history", other, "--json").ok().records]


def test_a_trio_program_sends_and_listens_and_goes_on_where_it_was(as_alice: Friends) -> None:
    _, bob = as_alice

    async def program() -> list[str]:
        heard: list[str] = []
        async with api.open_account() as account:
            first = await account.send("bob", "from trio", idempotency_key="trio-1")
            again = await account.send("bob", "from trio", idempotency_key="trio-1")
            assert first.id == again.id
            with trio.fail_after(60):
                async with account.incoming("trio") as things:
                    async for received in things:
                        if received.type != "message":
                            continue
                        heard.append(received.message.body)
                        if len(heard) == 2:
                            return heard
        return heard

    for text in ("one", "two"):
        bob.run("send", "alice", text).ok()
    assert trio.run(program) == ["one", "two"]
    # What it was in the middle of comes again; what came before doesn't.
    bob.run("send", "alice", "three").ok()
    assert trio.run(program) == ["two", "three"]
    bob.run("tail", "--once").ok()
    assert said(bob, "alice").count("from trio") == 1


def test_an_asyncio_program_does_the_same_and_is_not_blocked(as_alice: Friends) -> None:
    _, bob = as_alice

    async def program() -> list[str]:
        turns = 0

        async def other_work() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        work = asyncio.create_task(other_work())
        async with api_asyncio.open_account() as account:
            await account.send("bob", "from asyncio")
            assert (await account.call("status")).address.startswith("alice@")
            with pytest.raises(UserError, match="no contact"):
                await account.send("nobody", "x")
            heard = []
            async with (
                asyncio.timeout(60),
                account.incoming("asyncio", conversation="bob") as things,
            ):
                async for received in things:
                    heard.append(received.message.body)
                    if received.message.body == "for asyncio":
                        break
            work.cancel()
        assert turns > 100
        return heard

    bob.run("send", "alice", "for asyncio").ok()
    found = asyncio.run(program())  # noqa: TID251  (a program of asyncio is what this is for)
    assert found[-1] == "for asyncio"
    bob.run("tail", "--once").ok()
    assert "from asyncio" in said(bob, "alice")


def test_without_a_profile_both_say_how_to_begin(
    stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTANTE_HOME", str(stranger.home))

    async def in_trio() -> None:
        async with api.open_account():
            raise AssertionError

    async def in_asyncio() -> None:
        async with api_asyncio.open_account():
            raise AssertionError

    with pytest.raises(UserError, match="restante init"):
        trio.run(in_trio)
    with pytest.raises(UserError, match="restante init"):
        asyncio.run(in_asyncio())  # noqa: TID251  (the same)


def test_a_program_sends_by_a_capability_key_and_has_no_profile(
    online: Friends, stranger: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = online
    wanted = ("--to", "bob", "--messages", "9", "--until", "+1d", "--name", "script")
    secret = alice.run("device", "grant", "new", *wanted).ok().out
    monkeypatch.setenv("RESTANTE_HOME", str(stranger.home))
    with pytest.raises(UserError, match="RESTANTE_GRANT_FILE=FILE"):
        api.open_key()
    with pytest.raises(UserError, match="no secret"):
        api.open_key("restante-grant:AAAA")
    monkeypatch.setenv("RESTANTE_GRANT_FILE", str(tmp_path / "key"))
    with pytest.raises(UserError, match="can't be read"):
        api.open_key()
    (tmp_path / "key").write_text(secret)

    async def in_trio() -> list[str]:
        key = api.open_key()
        assert (key.label, repr(key).count("restante-grant")) == ("bob", 0)
        with pytest.raises(UserError, match="empty"):
            await key.send(" ")
        with pytest.raises(UserError, match="within 0 s") as late:
            await key.send("too late", timeout_s=0)
        assert late.value.exit_code is ExitCode.UNAVAILABLE
        sent = [await key.send("by a key, in trio", idempotency_key="1") for _ in range(2)]
        return [each.message_id.hex() for each in sent]

    async def in_asyncio() -> str:
        key = api_asyncio.open_key(secret)
        unwanted = asyncio.create_task(key.send("cancelled", timeout_s=600))
        await asyncio.sleep(0)
        unwanted.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unwanted
        return (await key.send("by a key, in asyncio")).message_id.hex()

    first, again = trio.run(in_trio)
    assert first == again
    last = asyncio.run(in_asyncio())  # noqa: TID251  (a program of asyncio is what this is for)
    listening = bob.start("tail", "--consumer", "keys", "--json")
    while json.loads(read_line(listening.stdout))["id"] != last:
        continue
    end(listening)
    assert said(bob, "alice").count("by a key, in trio") == 1
    assert "too late" not in said(bob, "alice")
    assert not stranger.home.exists()


def test_the_bot_of_the_examples_answers_each_question_once(as_alice: Friends) -> None:
    alice, bob = as_alice
    for question, answer in (("time", "It is "), ("what?", "I understand: ")):
        asked = bob.run("send", "alice", question, "--json").ok().record["id"]
        bot = subprocess.Popen(
            [sys.executable, "examples/echo_bot.py"],
            cwd=ROOT,
            env=clean_environment(RESTANTE_HOME=str(alice.home)),
        )
        try:
            heard = bob.start("tail", "--consumer", question, "--json")
            while True:
                said_now = json.loads(read_line(heard.stdout))
                if said_now["quote"] and said_now["quote"]["message"] == asked:
                    break
            end(heard)
            assert said_now["body"].startswith(answer)
        finally:
            bot.terminate()
            bot.wait()
    # Started a second time, it gave no answer a second time.
    assert sum(each.startswith("It is ") for each in said(bob, "alice")) == 1
