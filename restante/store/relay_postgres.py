"""The relays over one PostgreSQL database: what they tell each other, and who was first.

Words go by NOTIFY, in a transaction of their own after the commit that they are about, all that
gathered meanwhile in one. Rule: a word is a hint. Whoever has lost the connection that listens
hears LOST, and looks for itself. Spec: docs/scaling.md.
"""

from __future__ import annotations

import os
from base64 import b85decode, b85encode
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import trio
from asyncpg.connection import Connection

from restante.errors import StoreError
from restante.store.postgres import RECONNECT_S, Postgres, open_postgres
from restante.store.relay_postgres_mailboxes import PostgresMailboxes
from restante.store.relay_postgres_schema import bring_up_to_date
from restante.store.relay_store import Notice, NoticeKind, RelayStore

CHANNEL: Final = "restante"
MAX_WORD_CHARS: Final = 7_900
"""PostgreSQL takes 8,000 bytes; past them the word is SWEEP."""

MAX_HEARD: Final = 1_024
"""Words that wait to be acted upon; past them they are LOST."""

MAX_TOLD: Final = 1_024
LISTEN_CHECK_S: Final = 5.0
"""How soon a connection is missed that broke without a word."""

_PRESENCE: Final = 0x52535452_00000002
_HOLD: Final = """
INSERT INTO subscriptions (device, number) VALUES ($1, nextval('subscriptions_number'))
ON CONFLICT (device) DO UPDATE SET number = excluded.number RETURNING number"""
_HELD: Final = "SELECT device, number FROM subscriptions WHERE device = ANY ($1::int8[])"
_WITH_MAIL: Final = """
SELECT device FROM unnest($1::int8[]) AS online(device)
WHERE EXISTS (SELECT FROM waiting WHERE waiting.device = online.device)"""


class PostgresNeighbours:
    """One relay's ear and mouth."""

    are_possible = True

    def __init__(self, db: Postgres) -> None:
        self._db = db
        self._own = os.urandom(6).hex()
        self._arrived: set[int] = set()
        self._to_tell: list[Notice] = []
        self._has_words = trio.Event()
        self._ear: Connection | None = None
        self._has_missed = False
        self._heard, self.notices = trio.open_memory_channel[Notice](MAX_HEARD)

    # ---- the start ------------------------------------------------------------------------

    async def is_alone(self) -> bool:
        """As `Neighbours.is_alone`. Listens from now on."""
        await self._listen()
        return bool(await self._ask("SELECT pg_try_advisory_lock($1)", _PRESENCE))

    async def settled(self) -> None:
        """As `Neighbours.settled`."""
        await self._ask("SELECT pg_advisory_lock_shared($1)", _PRESENCE)
        await self._ask("SELECT pg_advisory_unlock_all()")
        await self._ask("SELECT pg_advisory_lock_shared($1)", _PRESENCE)

    async def _listen(self) -> None:
        async def listen() -> Connection:
            ear = await self._db.connect()
            await ear.add_listener(CHANNEL, self._hear)
            return ear

        self._ear = await self._db.aio(listen)

    async def _ask(self, sql: str, *args: Any) -> Any:
        ear = self._ear
        if ear is None:
            return None
        return await self._db.aio(lambda: ear.fetchval(sql, *args))

    # ---- listening --------------------------------------------------------------------------

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        teller, _, word = payload.partition(" ")
        if teller == self._own:
            return
        self._pass_on(_unpacked(word))

    def _pass_on(self, notice: Notice) -> None:
        try:
            self._heard.send_nowait(notice)
        except trio.WouldBlock:
            self._has_missed = True

    async def _keep_listening(self) -> None:
        """Look after the connection that listens, for ever."""
        while True:
            await trio.sleep(LISTEN_CHECK_S if self._ear is not None else RECONNECT_S)
            try:
                if self._ear is None:
                    await self._listen()
                    await self._ask("SELECT pg_advisory_lock_shared($1)", _PRESENCE)
                    self._has_missed = True
                else:
                    await self._ask("SELECT 1")
            except StoreError:
                self._forget_ear()
            if self._has_missed:
                self._has_missed = False
                self._pass_on(Notice(kind=NoticeKind.LOST))

    def _forget_ear(self) -> None:
        if self._ear is not None:
            self._ear.terminate()
            self._ear = None

    def lost(self) -> None:
        """Note that something may have happened that nobody here knows of."""
        self._has_missed = True

    # ---- telling ----------------------------------------------------------------------------

    def arrived(self, devices: Iterable[int]) -> None:
        """As `Neighbours.arrived`."""
        self._arrived.update(devices)
        self._has_words.set()

    def tell(self, notice: Notice) -> None:
        """As `Neighbours.tell`."""
        if len(self._to_tell) < MAX_TOLD:
            self._to_tell.append(notice)
        self._has_words.set()

    async def _keep_telling(self) -> None:
        """Tell what has gathered, for ever; what was said while the server was away is lost."""
        while True:
            await self._has_words.wait()
            self._has_words = trio.Event()
            notices, self._to_tell = self._to_tell, []
            if self._arrived:
                arrived, self._arrived = sorted(self._arrived), set()
                notices.append(Notice(kind=NoticeKind.ARRIVED, numbers=arrived))
            words = [f"{self._own} {_packed(notice)}" for notice in notices]

            async def notify(raw: Connection, words: list[str] = words) -> None:
                await raw.execute(
                    "SELECT pg_notify($1, word) FROM unnest($2::text[]) AS word", CHANNEL, words
                )

            try:
                await self._db.read_hot(notify)
            except StoreError:
                self.lost()

    async def run(self) -> None:
        """As `Neighbours.run`."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._keep_listening)
                nursery.start_soon(self._keep_telling)
        finally:
            self._forget_ear()

    # ---- who is where -------------------------------------------------------------------------

    async def hold(self, device: int) -> int:
        """As `Neighbours.hold`."""
        number: int = await self._db.read_hot(lambda raw: raw.fetchval(_HOLD, device))
        self.tell(Notice(kind=NoticeKind.HELD, numbers=[device, number]))
        return number

    async def held(self, devices: Sequence[int]) -> dict[int, int]:
        """As `Neighbours.held`."""
        rows = await self._db.read_hot(lambda raw: raw.fetch(_HELD, list(devices)))
        return {row["device"]: row["number"] for row in rows}

    async def with_mail(self, devices: Sequence[int]) -> list[int]:
        """As `Neighbours.with_mail`."""
        rows = await self._db.read_hot(lambda raw: raw.fetch(_WITH_MAIL, list(devices)))
        return [row["device"] for row in rows]


def _packed(notice: Notice) -> str:
    word = f"{notice.kind.value}{','.join(map(str, notice.numbers))}"
    if notice.data:
        word += f" {b85encode(notice.data).decode('ascii')}"
    return word if len(word) <= MAX_WORD_CHARS else NoticeKind.SWEEP.value


def _unpacked(word: str) -> Notice:
    numbers, _, data = word[1:].partition(" ")
    return Notice(
        kind=NoticeKind(word[0]),
        numbers=[int(number) for number in numbers.split(",") if number],
        data=b85decode(data),
    )


@asynccontextmanager
async def open_relay_postgres(url: str) -> AsyncIterator[RelayStore]:
    """Open the store on a server for the length of the block, inside `open_loop`.

    Raises Unreachable, DiskFailed, SchemaTooNew, Corrupted.
    """
    async with open_postgres(url) as db:
        await bring_up_to_date(db)
        neighbours = PostgresNeighbours(db)
        mailboxes = PostgresMailboxes(db, on_lost=neighbours.lost)
        try:
            yield RelayStore(db=db, mailboxes=mailboxes, neighbours=neighbours)
        finally:
            neighbours._forget_ear()  # noqa: SLF001  # same module
