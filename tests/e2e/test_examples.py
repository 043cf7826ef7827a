"""The integrations in examples/, each doing what it says, through real engines and one relay."""

from __future__ import annotations

import asyncio
import hmac
import http.client
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from restante.client import api, api_asyncio
from restante.errors import UserError
from tests.e2e.town import PATIENCE_S, Person, end, read_line
from tests.processes import ROOT, clean_environment

EXAMPLES = ROOT / "examples"

Friends = tuple[Person, Person]


@pytest.fixture
def examples(online: Friends, monkeypatch: pytest.MonkeyPatch) -> Friends:
    """This process's programs are alice's, and find what they share."""
    monkeypatch.setenv("RESTANTE_HOME", str(online[0].home))
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return online


@pytest.fixture(scope="module")
def scripts(friends: Friends, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of alice's scripts: `restante` is on their path."""
    place = tmp_path_factory.mktemp("bin")
    program = place / "restante"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m restante "$@"\n')
    program.chmod(0o755)
    return clean_environment(
        RESTANTE_HOME=str(friends[0].home), PATH=f"{place}:{os.environ['PATH']}", TO="bob"
    )


def heard(bob: Person) -> list[str]:
    return [each["body"] for each in bob.run("history", "alice", "--json").ok().records]


def hears(bob: Person, text: str) -> str:
    """Wait until Bob has a message with that text in it, the only one, and return it."""
    listening = bob.start("tail", "--consumer", "test", "--json")
    while text not in json.loads(read_line(listening.stdout))["body"]:
        pass
    end(listening)
    (only,) = [body for body in heard(bob) if text in body]
    return only


def post(port: int, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", body, {k.replace("_", "-"): v for k, v in headers.items()})
    status = connection.getresponse().status
    connection.close()
    return status


# ---- scripts --------------------------------------------------------------------------------


def test_the_crontab_tells_of_a_backup_that_failed_and_of_the_disks_once(
    online: Friends, scripts: dict[str, str]
) -> None:
    lines = (EXAMPLES / "cron" / "crontab").read_text(encoding="utf-8").splitlines()
    commands = [line.split(None, 5)[5] for line in lines if line[:1].isdigit()]
    assert len(commands) == 2
    backup, disks = (each.replace("\\%", "%") for each in commands)  # as cron reads them
    for program, code in (("true", 0), ("false", 1)):
        ended = subprocess.run(
            ["/bin/sh", "-c", backup], env={**scripts, "BACKUP": program}, check=False
        )
        assert ended.returncode == code
    for _ in range(2):
        subprocess.run(["/bin/sh", "-c", disks], env=scripts, check=False)
    assert "exit" in hears(online[1], "nightly backup"), "only the one that failed is told"
    assert "Filesystem" in hears(online[1], "Use%")


@pytest.mark.needs("git")
def test_the_git_hook_tells_what_was_pushed_and_never_fails_a_push(
    online: Friends, scripts: dict[str, str], tmp_path: Path
) -> None:
    def git(*arguments: str, **environ: str) -> str:
        given = {**scripts, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", **environ}
        who = ("-c", "user.name=Alice", "-c", "user.email=alice@relay.example")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, env=given, capture_output=True, check=True
        )
        return done.stderr.decode()

    git("init", "-q", "--bare", "depot.git")
    hook = tmp_path / "depot.git" / "hooks" / "post-receive"
    hook.write_bytes((EXAMPLES / "git-hooks" / "post-receive").read_bytes())
    hook.chmod(0o755)
    git("--git-dir=depot.git", "config", "restante.to", "bob")
    git("init", "-q", "-b", "main", "work")
    for title in ("one", "two"):
        git("-C", "work", "commit", "-q", "--allow-empty", "-m", title)
        git("-C", "work", "push", "-q", "../depot.git", "main")
    assert "Alice: one" in hears(online[1], "depot: main is new")
    assert hears(online[1], "Alice: two").startswith("depot: main\n")
    git("-C", "work", "commit", "-q", "--allow-empty", "-m", "three")
    said = git("-C", "work", "push", "-q", "../depot.git", "main", RESTANTE_PROFILE="none")
    assert "not told" in said


def test_the_failure_notifier_says_which_unit_has_failed(
    online: Friends, scripts: dict[str, str]
) -> None:
    unit = (EXAMPLES / "systemd" / "restante-failed@.service").read_text(encoding="utf-8")
    assert "ExecStart=/usr/local/lib/restante/restante-failed %i" in unit
    program = EXAMPLES / "systemd" / "restante-failed"
    subprocess.run([str(program), "backup.service"], env=scripts, check=True)
    hears(online[1], "backup.service has failed")


# ---- bridges --------------------------------------------------------------------------------

ALERT: dict[str, Any] = {
    "status": "firing",
    "groupKey": "{}:{alertname='DiskFull'}",
    "commonLabels": {"alertname": "DiskFull"},
    "alerts": [
        {
            "status": "firing",
            "fingerprint": "f00d",
            "startsAt": "2026-11-21T08:00:00Z",
            "labels": {"alertname": "DiskFull", "instance": "db1"},
            "annotations": {"summary": "98 % of / is used"},
        }
    ],
}


def test_the_alertmanager_bridge_sends_each_notification_once(examples: Friends) -> None:
    alertmanager = importlib.import_module("alertmanager")
    over = {**ALERT, "status": "resolved"}
    over["alerts"] = [{**ALERT["alerts"][0], "status": "resolved"}]

    async def program() -> list[int]:
        async with api.open_account() as account, trio.open_nursery() as nursery:
            port = await nursery.start(alertmanager.bridge, account, "bob", 0)
            bodies = [json.dumps(each).encode() for each in (ALERT, ALERT, over)]
            bodies += [b"{}", b"[", b'{"alerts": 3, "status": "x"}']
            answers = [await trio.to_thread.run_sync(post, port, body) for body in bodies]
            nursery.cancel_scope.cancel()
        return answers

    assert trio.run(program) == [202, 202, 202, 400, 400, 400]
    assert hears(examples[1], "FIRING") == "FIRING: DiskFull (1)\n- db1 98 % of / is used"
    hears(examples[1], "RESOLVED: DiskFull")


def test_the_forge_bridge_takes_only_what_is_signed(examples: Friends) -> None:
    forge = importlib.import_module("forge_bridge")
    said = {
        "sender": {"login": "alice"},
        "repository": {"full_name": "alice/depot"},
        "ref": "refs/heads/main",
        "commits": [{"message": "fix it\n\nIt was broken."}],
    }
    body = json.dumps(said).encode()

    def signed(secret: bytes, event: str = "push", content: bytes = body) -> dict[str, str]:
        digest = hmac.new(secret, content, "sha256").hexdigest()
        return {
            "X_Hub_Signature_256": f"sha256={digest}",
            "X_GitHub_Event": event,
            "X_GitHub_Delivery": "d-1",
        }

    async def program() -> list[int]:
        async with api.open_account() as account, trio.open_nursery() as nursery:
            port = await nursery.start(forge.bridge, account, "bob", b"secret", 0)

            async def posted(content: bytes, headers: dict[str, str]) -> int:
                return await trio.to_thread.run_sync(lambda: post(port, content, **headers))

            answers = [
                await posted(body, {}),
                await posted(body, signed(b"guessed")),
                await posted(body + b" ", signed(b"secret")),
                await posted(body, signed(b"secret")),
                await posted(body, signed(b"secret")),
                await posted(body, signed(b"secret", "ping")),
                await posted(b"{}", signed(b"secret", content=b"{}")),
            ]
            nursery.cancel_scope.cancel()
        return answers

    assert trio.run(program) == [403, 403, 403, 202, 202, 202, 400]
    assert hears(examples[1], "pushed") == "alice pushed to alice/depot main:\n- fix it"


def test_the_bouncer_keeps_what_comes_while_no_client_is_there(examples: Friends) -> None:
    bouncer = importlib.import_module("irc_bouncer")
    _, bob = examples

    async def until(stream: trio.SocketStream, wanted: str) -> str:
        said = b""
        with trio.fail_after(PATIENCE_S):
            async for data in stream:
                said += data
                if wanted.encode() in said:
                    return said.decode()
        raise AssertionError(f"{said!r} without {wanted!r}")

    async def program() -> None:
        async with api.open_account() as account, trio.open_nursery() as nursery:
            (listener,) = await nursery.start(bouncer.bounce, account, "open sesame", 0)
            port = listener.socket.getsockname()[1]

            async def client(password: str) -> trio.SocketStream:
                stream = await trio.open_tcp_stream("127.0.0.1", port)
                login = f"PASS {password}\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n"
                await stream.send_all(login.encode())
                return stream

            async with await client("guessed") as stream:
                await until(stream, " 464 ")
            async with await client("open sesame") as stream:
                await until(stream, " 001 ")
                await stream.send_all(b"PING 1\r\nPRIVMSG bob :hello by IRC\r\nPRIVMSG eve :x\r\n")
                assert "PONG 1" in await until(stream, "no such contact")
            await trio.to_thread.run_sync(lambda: bob.run("send", "alice", "two\nlines").ok())
            async with await client("open sesame") as stream:
                said = await until(stream, ":lines")
                assert ":bob!bob@restante PRIVMSG alice :two" in said
            nursery.cancel_scope.cancel()

    trio.run(program)
    assert hears(bob, "by IRC") == "hello by IRC"


# ---- without a profile ----------------------------------------------------------------------


def test_a_script_sends_by_a_key_in_a_file_until_it_is_revoked(
    online: Friends, tmp_path: Path
) -> None:
    alice, bob = online
    wanted = ("--to", "bob", "--messages", "3", "--until", "+1d", "--name", "build server")
    secret = alice.run("device", "grant", "new", *wanted).ok().out
    script = Person(name="script", home=tmp_path / "script")
    script.environ["RESTANTE_GRANT_FILE"] = str(tmp_path / "key")
    assert "can't be read" in script.run("send", "bob", "x").failed(1)
    (tmp_path / "key").write_text("restante-grant:AAAA")
    assert "no secret" in script.run("send", "bob", "x").failed(1)
    (tmp_path / "key").write_text(secret)
    for text in ("red", "amber"):
        script.run("send", "bob", "-", stdin=f"it is {text}".encode()).ok()
    assert script.run("run", "-", "--label", "it is built", "--", "false").code == 1
    script.run("send", "bob", "it is green", "--idempotency-key", "7").ok()
    assert "writes to bob" in script.run("send", "carol", "x").failed(1)
    assert "empty" in script.run("send", "bob", " ").failed(1)
    for wrong in (("--wait", "read"), ("--reply", "00" * 16), ("--to", "carol")):
        script.run("send", "bob", "x", *wrong).failed(2)
    assert not script.home.exists(), "a script needs no profile, and gets none"
    hears(bob, "it is red")
    hears(bob, "it is amber")
    assert "exit 1" in hears(bob, "it is built")
    bob.run("tail", "--once").ok()
    record = bob.run("history", "alice", "--json").ok().records[-1]
    assert (record["kind"], "more messages than it may" in record["error"]) == ("notice", True)
    assert "3 of 3 to bob" in alice.run("device", "grant", "ls").ok().out
    alice.run("device", "revoke", "build server", "--yes").ok()
    assert "revoked" in script.run("send", "bob", "x").failed(4)


def test_the_watcher_tells_of_each_change_once_and_again_what_was_not_taken(
    online: Friends, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = online
    monkeypatch.syspath_prepend(str(EXAMPLES))
    port_watch = importlib.import_module("port_watch")
    wanted = ("--to", "bob", "--messages", "9", "--until", "+1d", "--name", "port-watch")
    key = api_asyncio.open_key(alice.run("device", "grant", "new", *wanted).ok().out)
    sent: list[str] = []
    heard: asyncio.Queue[str] = asyncio.Queue()

    class Unsteady:
        """The key, on a network that fails the first time, when the text is there already."""

        async def send(self, text: str, *, idempotency_key: str) -> None:
            sent.append(text)
            await key.send(text, idempotency_key=idempotency_key)
            heard.put_nowait(text)
            if len(sent) == 1:
                raise UserError("The relay can't be reached.")

    async def until_sent(count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(count):
                assert await heard.get(), "it has ended"

    async def program() -> int:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        watching = asyncio.create_task(
            port_watch.watch(Unsteady(), "127.0.0.1", port, every_s=0.01)
        )
        watching.add_done_callback(lambda _: heard.put_nowait(""))
        server.close()
        await until_sent(2)
        server = await asyncio.start_server(greet, "127.0.0.1", port)
        await until_sent(1)
        watching.cancel()
        server.close()
        return port

    port = asyncio.run(program())  # noqa: TID251  (the example is a program of asyncio)
    assert sent[0] == sent[1]
    assert hears(bob, "does not answer").startswith(f"127.0.0.1:{port} does not answer (")
    hears(bob, f"{port} answers again")
