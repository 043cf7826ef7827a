"""A bouncer: chat from any IRC client on this machine; what comes while it is away waits.

    IRC_PASSWORD=... python examples/irc_bouncer.py        # then: /connect 127.0.0.1 6667 PASSWORD

Each contact is a nick, to be queried: /msg bob hello. IRC has no line breaks: a message of several
lines comes as several. A message is acknowledged once the next one has been handed over, so that
nothing is lost when the client goes away, and the last one may come twice.
"""

from __future__ import annotations

import hmac
import os
import re

import trio

from restante.client.api import Account, open_account
from restante.errors import UserError

CONSUMER = "irc"
PORT = 6667
MAX_LINE_BYTES = 8192
_NO_NICK = re.compile(r"[^A-Za-z0-9_\-\[\]\\`^{}|]")


def nick_of(name: str) -> str:
    """Return a contact's name as a nick: without what a nick can't have."""
    return _NO_NICK.sub("_", name.partition("@")[0])[:30] or "_"


class Lines:
    """What a client says, a command at a time, until it leaves or says too much at once."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._buffer = b""

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> tuple[str, str]:
        """Return a command in upper case, and what follows it."""
        while b"\n" not in self._buffer:
            data = await self._stream.receive_some(4096)
            if not data or len(self._buffer) > MAX_LINE_BYTES:
                raise StopAsyncIteration
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        command, _, rest = line.decode(errors="replace").strip("\r").partition(" ")
        return command.upper(), rest


class Client:
    """One IRC client, for as long as it is connected."""

    def __init__(self, account: Account, stream: trio.SocketStream, password: str) -> None:
        self._account = account
        self._stream = stream
        self._password = password
        self._sending = trio.Lock()
        self._nick = "me"

    async def run(self) -> None:
        """Let it in, then hand over what comes both ways until it leaves."""
        lines = Lines(self._stream)
        if not await self._let_in(lines):
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hand_over)
            async for command, rest in lines:
                await self._take(command, rest)
                if command == "QUIT":
                    break
            nursery.cancel_scope.cancel()

    async def _let_in(self, lines: Lines) -> bool:
        """Wait for NICK and USER, and for the password before them."""
        is_known, said = False, set()
        with trio.move_on_after(30):
            async for command, rest in lines:
                said.add(command)
                if command == "PASS":
                    given = rest.removeprefix(":").encode()
                    is_known = hmac.compare_digest(given, self._password.encode())
                elif command == "NICK":
                    self._nick = nick_of(rest.removeprefix(":"))
                if {"NICK", "USER"} <= said:
                    break
        if not is_known:
            await self._say("464", "The password is wrong.")
            return False
        await self._say("001", "Your contacts are nicks here: /msg NICK TEXT")
        await self._say("422", "No message of the day")
        return True

    async def _take(self, command: str, rest: str) -> None:
        if command == "PING":
            await self._send(f"PONG {rest}")
        elif command == "PRIVMSG":
            to, _, text = rest.partition(" ")
            try:
                await self._account.send(await self._conversation(to), text.removeprefix(":"))
            except UserError as error:
                await self._send(f":restante NOTICE {self._nick} :{to}: {error}")

    async def _conversation(self, nick: str) -> str:
        for contact in await self._account.engine.contacts():
            if nick_of(contact.petname or contact.address).casefold() == nick.casefold():
                return contact.key
        raise UserError("There is no such contact.")

    async def _hand_over(self) -> None:
        async with self._account.incoming(CONSUMER) as things:
            async for received in things:
                message = received.message
                if received.type == "message":
                    nick = nick_of(message.sender.name)
                    for line in message.body.splitlines():
                        await self._send(f":{nick}!{nick}@restante PRIVMSG {self._nick} :{line}")

    async def _say(self, number: str, text: str) -> None:
        await self._send(f":restante {number} {self._nick} :{text}")

    async def _send(self, line: str) -> None:
        with trio.fail_after(30):
            async with self._sending:
                await self._stream.send_all(line.encode() + b"\r\n")


async def bounce(
    account: Account,
    password: str,
    port: int,
    *,
    task_status: trio.TaskStatus[list[trio.SocketListener]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve one IRC client after the other, for ever; a newer one takes the older one's place."""
    present = trio.CancelScope()

    async def talk(stream: trio.SocketStream) -> None:
        nonlocal present
        present.cancel()
        with trio.CancelScope() as present:
            try:
                await Client(account, stream, password).run()
            except* (trio.BrokenResourceError, trio.TooSlowError):
                pass  # it is gone; what it wasn't told waits

    await trio.serve_tcp(talk, port, host="127.0.0.1", task_status=task_status)


async def main() -> None:
    """Run the bouncer on the profile that the environment names."""
    async with open_account() as account:
        await bounce(account, os.environ["IRC_PASSWORD"], PORT)


if __name__ == "__main__":
    trio.run(main)
