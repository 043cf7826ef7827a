"""The Python API, in trio and in asyncio, and the bot of the examples."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
import trio

from restante.client import api, api_asyncio
from restante.errors import UserError
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
