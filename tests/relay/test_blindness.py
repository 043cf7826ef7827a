"""What a relay keeps and says after real traffic: no plaintext, no token, nobody who deposited."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import trio

from restante.client.link import Link
from restante.crypto.codes import CodeSecret, seal_token
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.codec import encode
from restante.protocol.connection import Connection, Role
from restante.protocol.ids import BlobCapability, Token, blob_id, token_hash
from restante.protocol.limits import BUCKETS
from restante.relay.settings import DATABASE_NAME
from restante.store.relay_tables import metadata
from tests.crypto.people import RANDOM, begin, make_person, meet, seal
from tests.relay.raw_socket import BINARY, HOSTILE_SOURCE, a_frame, a_raw_socket
from tests.relay.relay_process import a_relay_process, log_of
from tests.relay.residents import Resident, a_link, drain, make_resident, register

TEXT = "Meet me at the Kröller fountain at noon, and bring the green umbrella."
SENDER = "cassandra-of-troy"
SENDERS_RELAY = "priam.example"
MAX_PLAIN_WORD = 15
"""No run of hexadecimal or base64 digits in a log is longer: ids have 16 bytes."""


class Depositor:
    """Somebody who deposits from a network address of their own."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._connection = Connection(Role.CLIENT)
        self._request = 0

    async def greet(self) -> None:
        await self._socket.open()
        await self._next()
        await self._socket.send(a_frame(self._connection.send(f.Anonymous(version=f.VERSION))))
        await self._next()

    async def _next(self) -> Any:
        opcode, message = await self._socket.message()
        assert opcode == BINARY
        return self._connection.receive(message)

    async def ask(self, kind: type[Any], **fields: Any) -> Any:
        """Send a request and return its answer."""
        self._request += 1
        frame = kind(request=self._request, **fields)
        await self._socket.send(a_frame(self._connection.send(frame)))
        return await self._next()

    async def deposit(
        self,
        payload: bytes,
        *targets: tuple[Resident, bytes | None],
        ephemeral: bool = False,
        envelope: bytes | None = None,
    ) -> list[int]:
        """Leave an envelope, as a retry if its id is given; return each target's outcome."""
        item = f.DepositItem(
            id=RANDOM.random(16) if envelope is None else envelope,
            ttl_s=0,
            ephemeral=ephemeral,
            payload=payload,
            targets=[f.Target(mailbox=who.mailbox, token=token) for who, token in targets],
        )
        answer = await self.ask(f.Deposit, is_retry=envelope is not None, items=[item])
        if isinstance(answer, f.Close):
            return [-answer.code]
        assert isinstance(answer, f.Deposited)
        return [result.outcome for result in answer.results[0]]


@asynccontextmanager
async def a_depositor(relay: RelayAddress) -> AsyncIterator[Depositor]:
    async with a_raw_socket(relay) as socket:
        depositor = Depositor(socket)
        await depositor.greet()
        yield depositor


def sealed_texts() -> list[bytes]:
    """Seal the text at many lengths, from one person to another: hellos and messages."""
    sender, recipient = make_person(SENDER), make_person("paris")
    hello, (confirmed, _) = begin(sender, recipient), meet(sender, recipient)
    contents = [encode([SENDER, SENDERS_RELAY, TEXT * times]) for times in (1, 9, 70, 700)]
    return [
        seal(session, content).envelope for session in (hello, confirmed) for content in contents
    ]


async def publish(link: Link, resident: Resident, retired: list[bytes]) -> bytes:
    """Retire some tokens, and publish a code; return the code's secret."""
    secret = CodeSecret(RANDOM.random(8))
    sealed = seal_token(secret, resident.tokens[0], randomness=RANDOM)
    await link.ask(
        f.Done, lambda n: f.PublishCode(request=n, lookup_id=RANDOM.random(16), sealed=sealed)
    )
    await link.ask(
        f.Done,
        lambda n: f.PublishTokens(
            request=n,
            live=[token_hash(token) for token in resident.tokens],
            retired=[token_hash(Token(token)) for token in retired],
        ),
    )
    return secret.raw


def spelled(secret: bytes) -> list[bytes]:
    """Return the ways in which a program might write something down."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    found += [repr(secret)[2:-1].encode()]
    # Base64 of it in the middle of something: three alignments, without the ends that vary.
    for shift in range(3):
        found.append(base64.b64encode(bytes(shift) + secret)[4:-4])
        found.append(base64.urlsafe_b64encode(bytes(shift) + secret)[4:-4])
    return [form for form in found if len(form) >= 4]


async def leave_a_blob(relay: RelayAddress, resident: Resident, data: bytes) -> BlobCapability:
    """Let a resident put a blob and two others read it; return its capability."""
    capability = BlobCapability(RANDOM.random(32))
    blob = blob_id(capability)
    async with a_link(relay, resident) as link:
        await link.ask(
            f.BlobState,
            lambda n: f.OpenBlob(request=n, blob=blob, size_bytes=len(data), ttl_s=0),
        )
        await link.ask(f.BlobState, lambda n: f.PutBlob(request=n, blob=blob, offset=0, data=data))
    async with a_raw_socket(relay) as socket:
        reader = Depositor(socket)
        await reader.greet()
        for length in (1, len(data)):
            part = await reader.ask(f.FetchBlob, capability=capability, offset=0, length=length)
            assert part.data == data[:length]
    return capability


async def leave_in_a_slot(relay: RelayAddress, sealed: bytes) -> bytes:
    """Put a slot and look at it, as two strangers; return its id."""
    slot = RANDOM.random(16)
    async with a_depositor(relay) as putter, a_depositor(relay) as waiter:
        assert isinstance(await putter.ask(f.PutSlot, slot=slot, sealed=sealed), f.Done)
        assert (await waiter.ask(f.FetchSlot, slot=slot)).sealed == sealed
    return slot


def where(secrets: Iterable[bytes], held: dict[str, bytes]) -> list[str]:
    """Return in which of the files a secret is found."""
    forms = [form for secret in secrets for form in spelled(secret)]
    return [name for name, data in held.items() if any(form in data for form in forms)]


def held_in(directory: Path) -> dict[str, bytes]:
    """Return the contents of all of a relay's files."""
    places = (path for path in (directory / "data").rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in places}


async def test_files_and_log_hold_no_plaintext_no_token_and_no_depositor(tmp_path: Path) -> None:
    with trio.fail_after(120):
        async with a_relay_process(tmp_path, listen="localhost:0") as relay:
            bob, eve = (make_resident(name, relay.address) for name in ("bob", "evelyn"))
            for resident in (bob, eve):
                await register(relay.address, resident)
            retired = [RANDOM.random(16) for _ in range(4)]
            async with a_link(relay.address, bob) as link:
                code = await publish(link, bob, retired)
            payloads = sealed_texts()
            stranger = make_resident("nobody", relay.address)
            envelope = RANDOM.random(16)
            async with a_depositor(relay.address) as depositor:
                for payload in payloads:
                    assert await depositor.deposit(payload, (bob, bob.tokens[3])) == [0]
                fan_out = ((bob, bob.tokens[1]), (eve, eve.tokens[2]), (stranger, bob.tokens[1]))
                assert await depositor.deposit(payloads[0], *fan_out) == [0, 0, 1]
                for _ in range(2):
                    assert await depositor.deposit(
                        payloads[1], (eve, eve.tokens[0]), envelope=envelope
                    ) == [0]
                assert await depositor.deposit(payloads[0], (bob, None)) == [0]
                assert await depositor.deposit(payloads[0], (bob, retired[0])) == [0]
                live = (eve, eve.tokens[5])
                assert await depositor.deposit(payloads[0], live, ephemeral=True) == [0]
            async with a_depositor(relay.address) as depositor:
                # No bucket: refused, and the connection with it.
                outcome = await depositor.deposit(payloads[0] + b"\0", (bob, bob.tokens[0]))
                assert outcome[0] < 0
            async with a_link(relay.address, eve) as link:
                assert len(await drain(link)) == 2
            capability = await leave_a_blob(relay.address, bob, payloads[2])
            slot = await leave_in_a_slot(relay.address, payloads[3][:400])
            kept = held_in(tmp_path)
            assert await relay.stop() == 0
        stopped = held_in(tmp_path)

    secrets = [part.encode() for part in (TEXT[:24], TEXT[-24:], SENDER, SENDERS_RELAY)]
    secrets += [TEXT[:24].encode("utf-16-le"), code, *retired, *bob.tokens, *eve.tokens, capability]
    network = b"".join(int(part).to_bytes(1, "big") for part in HOSTILE_SOURCE.split("."))
    secrets += [HOSTILE_SOURCE.encode(), network]
    files = {**kept, **{f"{name}, stopped": data for name, data in stopped.items()}}
    files["log"] = log_of(tmp_path).encode()
    assert where(secrets, files) == []
    # The search finds what is there: hashes of tokens, a name, the outside of an envelope.
    for known in (token_hash(bob.tokens[3]), b"evelyn", payloads[3][:200], slot):
        assert DATABASE_NAME in " ".join(where([known], files))
    assert blob_id(capability).hex() in where([payloads[2][:200]], files)

    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as database:
        sizes = {size for (size,) in database.execute("SELECT size_bytes FROM waiting")}
        lengths = {
            size
            for table in ("waiting", "payloads")
            for (size,) in database.execute(
                f"SELECT length(payload) FROM {table} WHERE payload IS NOT NULL"  # noqa: S608
            )
        }
        hours = database.execute("SELECT expires_hour, size_bytes FROM waiting").fetchall()
    assert sizes == lengths == set(BUCKETS)
    assert all(hour < 10_000_000 for hour, _ in hours), "an expiry is kept by the hour"


async def say(relay: RelayAddress, message: bytes) -> None:
    """Say something to a relay, and wait until it hangs up."""
    async with a_raw_socket(relay) as socket:
        await socket.open()
        await socket.send(a_frame(message))
        await socket.read_to_the_end()


async def test_a_log_names_nobody_whatever_goes_wrong(tmp_path: Path) -> None:
    with trio.fail_after(120):
        async with a_relay_process(tmp_path, listen="localhost:0") as relay:
            bob = make_resident("bartholomew", relay.address)
            await register(relay.address, bob)
            async with trio.open_nursery() as nursery:
                for nonsense in (b"", b"\xc1", b"\x91" * 500, encode([33, 1, bytes(32), "x"])):
                    nursery.start_soon(say, relay.address, nonsense)
            async with a_link(relay.address, bob) as older, a_link(relay.address, bob) as newer:
                await drain(older)
                await drain(newer)
                await older.lost.wait()
            assert await relay.stop() == 0
    lines = [json.loads(line) for line in log_of(tmp_path).splitlines()]
    assert [line["event"] for line in lines] == ["listening", "stopped"]
    log = log_of(tmp_path)
    secrets = [bob.mailbox, bob.device.device_id, bob.device.key.raw, b"bartholomew", b"localhost"]
    assert where([*secrets, HOSTILE_SOURCE.encode(), b"127.0.0.1"], {"log": log.encode()}) == []
    for line in lines:
        del line["timestamp"]
        words = re.findall(r"[0-9A-Za-z+/=_-]+", json.dumps(line))
        assert max(map(len, words)) <= MAX_PLAIN_WORD


def test_no_table_ties_a_slot_a_reader_or_a_deleted_name_to_anybody() -> None:
    columns = {name: set(metadata.tables[name].columns.keys()) for name in metadata.tables}
    assert columns["slots"] == {"slot", "expires_minute", "sealed"}
    assert columns["gone_names"] == {"hash"}
    assert columns["blobs"] == {"id", "account", "size_bytes", "received_bytes", "expires_hour"}
    ties = {
        (name, key.target_fullname)
        for name in ("slots", "gone_names", "blobs")
        for key in metadata.tables[name].foreign_keys
    }
    assert ties == {("blobs", "accounts.number")}
