"""Sessions are found by their tags; envelopes that nothing opens wait, within bounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from restante.store import client_aside, client_sessions
from restante.store.client_aside import MAX_ASIDE, MAX_ASIDE_BYTES, AsideRow
from tests.store.made_rows import PHONE, made_session
from tests.store.profiles import Profile, profile

ONE, TWO = b"1" * 16, b"2" * 16


def _tag(number: int) -> bytes:
    return number.to_bytes(16, "big")


async def _by_tag(db: Profile, number: int) -> bytes | None:
    found = await db.read(client_sessions.session_by_tag, _tag(number))
    return None if found is None else found.session_id


async def test_a_session_survives_reopening_with_state_and_tags(tmp_path: Path) -> None:
    row = made_session(ONE)
    async with profile(tmp_path) as db:
        await db.write(client_sessions.save_session, row, [_tag(1), _tag(2)], [])
    stepped = replace(row, state=b"next", is_confirmed=True, last_used_ms=7)
    async with profile(tmp_path) as db:
        assert await db.read(client_sessions.session_by_tag, _tag(2)) == row
        await db.write(client_sessions.save_session, stepped, [_tag(3)], [_tag(1)])
        assert await db.read(client_sessions.session, ONE) == stepped
        assert await db.read(client_sessions.tags_of, ONE) == {_tag(2), _tag(3)}
        assert [await _by_tag(db, number) for number in (1, 2, 3)] == [None, ONE, ONE]


async def test_a_session_takes_only_its_own_tags_away(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        for session_id, number in ((ONE, 1), (TWO, 2)):
            row = made_session(session_id)
            await db.write(client_sessions.save_session, row, [_tag(number)])
        one = made_session(ONE)
        await db.write(client_sessions.save_session, one, [], [_tag(2)])
        assert await _by_tag(db, 2) == TWO
        listed = await db.read(client_sessions.sessions_of, PHONE)
        assert [row.session_id for row in listed] == [ONE, TWO]


async def test_an_erased_session_leaves_no_tag(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        row = made_session(ONE)
        await db.write(client_sessions.save_session, row, [_tag(1)])
        await db.write(client_sessions.delete_session, ONE)
        assert await _by_tag(db, 1) is None
        assert await db.read(client_sessions.tags_of, ONE) == set()


async def test_the_sessions_of_an_account_are_found_over_all_its_devices(tmp_path: Path) -> None:
    tablet, stranger = b"t" * 16, b"s" * 16
    async with profile(tmp_path) as db:
        one = made_session(ONE)
        two = replace(made_session(TWO), device_id=tablet)
        other = replace(made_session(b"3" * 16), account_id=stranger, device_id=stranger)
        for row in (one, two, other):
            await db.write(client_sessions.save_session, row)
        assert await db.read(client_sessions.sessions_with, one.account_id) == [one, two]
        assert await db.read(client_sessions.accounts_with_sessions) == {one.account_id, stranger}


def _envelope(number: int, size_bytes: int = 4096) -> AsideRow:
    return AsideRow(
        envelope_id=_tag(1000 + number),
        lane=1,
        payload=_tag(number) + bytes(size_bytes - 16),
        arrived_ms=number,
    )


async def _put(db: Profile, row: AsideRow) -> list[bytes]:
    return await db.write(
        client_aside.put_aside, row.envelope_id, row.lane, row.payload, row.arrived_ms
    )


async def test_an_envelope_put_aside_is_found_by_its_tag_until_removed(tmp_path: Path) -> None:
    first, second = _envelope(1), replace(_envelope(1), envelope_id=b"again" + bytes(11))
    async with profile(tmp_path) as db:
        assert await _put(db, first) == []
        assert await _put(db, first) == []
        assert await _put(db, second) == []
        assert await _put(db, _envelope(2)) == []

        async def found(*numbers: int) -> list[AsideRow]:
            tags = [_tag(number) for number in numbers]
            return await db.read(client_aside.aside_by_tags, tags)

        assert await found(1, 9) == [first, second]
        assert await found(2, 1) == [_envelope(2), first, second]
        await db.write(client_aside.remove_aside, [first.envelope_id])
        assert await found(1) == [second]


async def test_more_envelopes_than_allowed_push_the_oldest_out(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        for number in range(MAX_ASIDE):
            assert await _put(db, _envelope(number)) == []
        assert await _put(db, _envelope(MAX_ASIDE)) == [_envelope(0).envelope_id]


async def test_more_bytes_than_allowed_push_the_oldest_out(tmp_path: Path) -> None:
    fits = MAX_ASIDE_BYTES // 65536
    async with profile(tmp_path) as db:
        for number in range(fits):
            assert await _put(db, _envelope(number, 65536)) == []
        dropped = await _put(db, _envelope(fits, 4096))
        assert dropped == [_envelope(0).envelope_id]
        assert await _put(db, _envelope(fits + 1, 16384)) == []
