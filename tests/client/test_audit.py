"""What a relay says it holds of an account: all of it is known, and what is wrong is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.context import Tuning
from restante.client.lifecycle.auditing import KNOWN
from restante.store.relay_tables import metadata
from tests.client.world import QUICK, World, a_world, connected, introduce, reaches

if TYPE_CHECKING:
    from pathlib import Path


def test_every_table_and_column_about_an_account_is_known() -> None:
    tied = {
        table.name: frozenset(table.c.keys())
        for table in metadata.sorted_tables
        if table.name == "accounts" or {"account", "device"} & set(table.c.keys())
    }
    assert tied.items() <= KNOWN.items()


async def test_a_relay_holds_what_it_should_and_shows_each_row(tmp_path: Path) -> None:
    many = replace(QUICK, one_time_prekeys=Tuning().one_time_prekeys)  # more than a page shows
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob", tuning=many) as bob:
            to_bob, _ = await introduce(alice, bob)
        waits = await alice.send(to_bob, "hello")
        await reaches(alice, waits, "relayed")
        async with world.online("bob") as bob:
            await connected(bob)
            found = await bob.account_audit()
        assert found.findings == []
        assert found.address == world.address("bob")
        tables = {held.table: held for held in found.tables}
        assert tables["accounts"].rows == 1
        assert "bob" in tables["accounts"].sample[0]
        assert tables["tokens"].rows >= 16
        assert tables["prekeys"].rows > len(tables["prekeys"].sample) == 64
        assert not any("alice" in text for held in found.tables for text in _texts(held.sample))


def _texts(sample: list[list[str]]) -> list[str]:
    return [text for row in sample for text in row]


WRONGS = {
    "UPDATE accounts SET sequence = sequence + 1": "sequence",
    "UPDATE accounts SET head = zeroblob(32)": "head",
    "UPDATE devices SET mailbox = zeroblob(16)": "another mailbox",
    "INSERT INTO devices SELECT 99, account, x'01', x'02', NULL FROM devices": "not the account",
    "UPDATE tokens SET hash = zeroblob(32) WHERE hash = (SELECT max(hash) FROM tokens)": "tokens",
    "DELETE FROM codes": "contact code",
    "UPDATE manifests SET manifest = zeroblob(300)": "newest list",
}


async def test_what_is_not_as_it_should_be_is_said(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await alice.contact_code()
        said_before = 0
        for statement, said in WRONGS.items():
            _tamper(world, statement)
            found = (await alice.account_audit()).findings
            assert said in " ".join(found), statement
            assert len(found) >= said_before
            said_before = len(found)


def _tamper(world: World, statement: str) -> None:
    with world.relay.file() as database:
        database.execute(statement)
