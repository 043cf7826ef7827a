"""People are kept whole, and found by what the user types."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from restante.store import client_contacts
from restante.store.client_contacts import ContactRow
from tests.store.made_rows import BOB, made_contact
from tests.store.profiles import Profile, profile


async def _add(db: Profile, *rows: ContactRow) -> None:
    for row in rows:
        await db.write(client_contacts.upsert_contact, row)


async def _found(db: Profile, text: str) -> list[str]:
    rows = await db.read(client_contacts.find, text)
    return [row.address for row in rows]


def _person(number: int, address: str, petname: str | None = None) -> ContactRow:
    return made_contact(bytes([number]) * 16, address=address, petname=petname)


async def test_a_contact_survives_reopening_and_is_replaced_whole(tmp_path: Path) -> None:
    bob = made_contact()
    async with profile(tmp_path) as db:
        await _add(db, bob)
    changed = replace(
        bob, petname="Bob", token=None, token_given=None, manifest=None, manifest_hash=None,
        is_stale=True,
    )  # fmt: skip
    async with profile(tmp_path) as db:
        assert await db.read(client_contacts.contact, BOB) == bob
        await _add(db, changed)
        assert await db.read(client_contacts.contact, BOB) == changed
        assert await db.read(client_contacts.contacts) == [changed]
        await db.write(client_contacts.delete_contact, BOB)
        assert await db.read(client_contacts.contacts) == []


async def test_contacts_are_listed_by_petname_else_address(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await _add(
            db, _person(1, "zoe@a"), _person(2, "yan@a", "Ärmel"), _person(3, "bea@a", "anna")
        )
        listed = await db.read(client_contacts.contacts)
        assert [row.address for row in listed] == ["bea@a", "zoe@a", "yan@a"]


async def test_an_address_goes_before_petnames_and_these_before_beginnings(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await _add(
            db,
            _person(1, "bob@relay.example", "bobby"),
            _person(2, "bo@relay.example", "Bob"),
            _person(3, "carl@relay.example", "bob@relay.example"),
        )
        assert await _found(db, "bob@relay.example") == ["bob@relay.example"]
        assert await _found(db, " BOB ") == ["bo@relay.example"]
        assert await _found(db, "bobb") == ["bob@relay.example"]
        assert await _found(db, "car") == ["carl@relay.example"]
        assert await _found(db, "bo@") == ["bo@relay.example"]
        assert await _found(db, "nobody") == []
        assert await _found(db, "  ") == []


async def test_an_ambiguous_text_finds_all_whom_it_may_mean(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await _add(db, _person(1, "b@x", "Émile"), _person(2, "a@x", "e\u0301mile"))
        assert sorted(await _found(db, "émile")) == ["a@x", "b@x"]
        assert await _found(db, "émi") == ["a@x", "b@x"]
        by_petname = await db.read(client_contacts.contact_by_petname, "émile")
        assert by_petname is None


async def test_what_the_user_types_is_no_pattern(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await _add(db, _person(1, "anna@x"), _person(2, "a%na@x"), _person(3, "a_na@x"))
        for pattern in ("%", "_", "a%n", "a_n", "an*", "' OR 1=1 --"):
            assert len(await _found(db, pattern)) == (1 if pattern in ("a%n", "a_n") else 0)


async def test_a_name_that_went_to_another_account_means_the_newer(tmp_path: Path) -> None:
    old = replace(_person(1, "bob@x"), created_at_s=10)
    new = replace(_person(2, "bob@x"), created_at_s=20)
    async with profile(tmp_path) as db:
        await _add(db, new, old)
        assert await db.read(client_contacts.contact_by_address, "bob@x") == new
        assert len(await _found(db, "bob@x")) == 2
