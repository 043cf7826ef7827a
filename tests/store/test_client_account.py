"""What a device keeps of itself: account, settings, tokens, codes, prekeys, hellos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from restante.store import client_account, client_prekeys
from restante.store.client_account import CodeRow, TokenRow
from restante.store.client_prekeys import PrekeyRow
from restante.store.errors import Conflict
from tests.store.made_rows import made_account
from tests.store.profiles import profile

SIGNED, ONE_TIME = 1, 2


def _prekey(kind: int, number: int, *, expires_at_s: int = 1000) -> PrekeyRow:
    return PrekeyRow(
        kind=kind, id=number, secret=b"s" * 32, expires_at_s=expires_at_s, created_at_s=1
    )


async def test_the_account_survives_reopening_and_is_replaced_whole(tmp_path: Path) -> None:
    account = made_account()
    async with profile(tmp_path) as db:
        assert await db.read(client_account.load_account) is None
        await db.write(client_account.save_account, account)
    confirmed = replace(account, root_secret=None, generation=2)
    async with profile(tmp_path) as db:
        assert await db.read(client_account.load_account) == account
        await db.write(client_account.save_account, confirmed)
        assert await db.read(client_account.load_account) == confirmed


async def test_a_setting_is_replaced_and_taken_away(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        for value in (b"one", b"two", None):
            await db.write(client_account.set_value, "sync", value)
            assert await db.read(client_account.get_value, "sync") == value


async def test_tokens_keep_their_buckets_when_one_is_retired(tmp_path: Path) -> None:
    live = [TokenRow(bucket=n, token=bytes([n]) * 16, is_live=True) for n in (0, 1)]
    rotated = [replace(live[1], is_live=False), TokenRow(bucket=1, token=b"n" * 16, is_live=True)]
    async with profile(tmp_path) as db:
        await db.write(client_account.save_tokens, live)
        assert await db.read(client_account.tokens) == live
        await db.write(client_account.save_tokens, rotated)
        assert await db.read(client_account.tokens) == [live[0], rotated[1], rotated[0]]


async def test_the_newest_code_is_ours(tmp_path: Path) -> None:
    def code(number: int) -> CodeRow:
        return CodeRow(
            secret=bytes([number]) * 8,
            lookup_id=bytes([number]) * 16,
            bucket=number,
            is_published=False,
            created_at_s=number,
        )

    async with profile(tmp_path) as db:
        assert await db.read(client_account.own_code) is None
        for number in (1, 2):
            await db.write(client_account.save_code, code(number))
        assert await db.read(client_account.own_code) == code(2)
        await db.write(client_account.mark_code_published, code(2).lookup_id)
        assert await db.read(client_account.own_code) == replace(code(2), is_published=True)


async def test_an_erased_prekey_s_id_is_never_given_again(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        first = await db.write(client_prekeys.next_prekey_id, ONE_TIME, count=2)
        assert first == 1
        added = [_prekey(ONE_TIME, 1), _prekey(ONE_TIME, 2), _prekey(SIGNED, 7)]
        await db.write(client_prekeys.add_prekeys, added)
        assert await db.read(client_prekeys.prekey, ONE_TIME, 2) == added[1]
        await db.write(client_prekeys.delete_prekey, ONE_TIME, 2)
        assert await db.read(client_prekeys.prekey, ONE_TIME, 2) is None
        assert await db.read(client_prekeys.count_prekeys, ONE_TIME) == 1
        assert await db.write(client_prekeys.next_prekey_id, ONE_TIME) == 3
        # Ids that came without being reserved count too.
        assert await db.write(client_prekeys.next_prekey_id, SIGNED) == 8


async def test_two_prekeys_of_one_kind_and_id_are_refused_together(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        with pytest.raises(Conflict):
            await db.write(client_prekeys.add_prekeys, [_prekey(1, 1), _prekey(1, 1)])
        assert await db.read(client_prekeys.prekeys_of, 1) == []


async def test_expired_prekeys_are_listed_at_their_very_second(tmp_path: Path) -> None:
    added = [_prekey(ONE_TIME, n, expires_at_s=100 + n) for n in (1, 2, 3)]
    async with profile(tmp_path) as db:
        await db.write(client_prekeys.add_prekeys, added)
        assert await db.read(client_prekeys.prekeys_expired, 102) == added[:2]
        assert await db.read(client_prekeys.prekeys_of, ONE_TIME) == added[::-1]


async def test_a_hello_is_remembered_as_long_as_its_signed_prekey(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:

        async def remember(prekey_id: int) -> bool:
            return await db.write(client_prekeys.remember_hello, b"h" * 32, prekey_id)

        signed, one_time = _prekey(SIGNED, 5), _prekey(ONE_TIME, 5)
        await db.write(client_prekeys.add_prekeys, [signed, one_time])
        assert await remember(5)
        assert not await remember(5)
        await db.write(client_prekeys.delete_prekey, ONE_TIME, 5)
        assert not await remember(5)
        await db.write(client_prekeys.delete_prekey, SIGNED, 5)
        assert await remember(6)
