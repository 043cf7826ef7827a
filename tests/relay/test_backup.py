"""Backups: taken beside a running relay, holding nothing that may be used only once, and restored
whole or not at all."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.errors import StoreError, UserError, WireCode
from restante.protocol import frames as f
from restante.protocol.ids import BlobCapability, blob_id
from restante.protocol.manifest import PrekeyKind
from restante.relay.certificate import PINNED_COPY_FILE
from restante.relay.ops.backup import CONTENTS_NAME, back_up
from restante.relay.ops.restoring import begin_epoch_on_server, restore, verify
from restante.relay.server import RunningRelay
from restante.relay.settings import DATABASE_NAME
from restante.store.migrations import RELAY, Lineage, bring_up_to_date
from restante.store.relay_backup import check_copy
from restante.store.relay_seam import open_database
from restante.store.seam import open_loop
from tests.processes import PATIENCE_S, start
from tests.relay.authority import Authority
from tests.relay.wire import (
    Person,
    anonymous,
    authenticated,
    deposit,
    item,
    registered,
    relay_at,
    settings_for,
    sql,
)


def taken(path: Path, *, with_blobs: bool = False) -> Path:
    """Back the relay of a test up."""
    target, _ = back_up(path / "relay", path / "a.backup", program="0", with_blobs=with_blobs)
    return target


async def with_prekeys(relay: RunningRelay, bob: Person) -> None:
    """Let somebody publish a whole set of prekeys."""
    made = own_keys.generate_prekeys(
        SystemRandomness(),
        bob.device,
        first_id=1,
        now_s=int(time.time()),
        reusable=True,
        one_time=3,
        kem_one_time=3,
    )
    async with authenticated(relay, bob) as wire:
        answer = await wire.ask(f.PublishPrekeys, prekeys=[key.public for key in made])
        assert isinstance(answer, f.Done)


async def with_a_blob(relay: RunningRelay, bob: Person, data: bytes) -> BlobCapability:
    """Let somebody put a blob."""
    capability = BlobCapability(os.urandom(32))
    async with authenticated(relay, bob) as wire:
        blob = blob_id(capability)
        await wire.ask(f.OpenBlob, blob=blob, size_bytes=len(data), ttl_s=0)
        await wire.ask(f.PutBlob, blob=blob, offset=0, data=data)
    return capability


def unpacked(backup: Path, place: Path) -> Path:
    """Return the database of a backup."""
    with tarfile.open(backup) as archive:
        source = archive.extractfile(DATABASE_NAME)
        assert source is not None
        place.write_bytes(source.read())
    return place


async def test_a_backup_is_one_moment_of_a_running_relay_without_what_is_used_once(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        await with_prekeys(relay, bob)
        async with anonymous(relay) as wire:
            for _ in range(3):
                await deposit(wire, item(bob))
            backup = taken(tmp_path)
            await deposit(wire, item(bob))
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [name for name in os.listdir(tmp_path) if "backup" in name] == ["a.backup"]
    copy = unpacked(backup, tmp_path / "copy")
    facts = check_copy(copy)
    assert (facts.accounts, facts.devices, facts.envelopes) == (1, 1, 3)
    with closing(sqlite3.connect(copy)) as database:
        kinds = {kind for (kind,) in database.execute("SELECT kind FROM prekeys")}
    assert kinds == {PrekeyKind.SIGNED, PrekeyKind.KEM_LAST_RESORT}
    # The rows are not only unlisted: their bytes are gone.
    with closing(sqlite3.connect(tmp_path / "relay" / DATABASE_NAME)) as database:
        gone = database.execute("SELECT prekey FROM prekeys WHERE kind = ?", (PrekeyKind.ONE_TIME,))
        secrets = [prekey[-32:] for (prekey,) in gone]
    assert len(secrets) == 3
    assert not any(secret in copy.read_bytes() for secret in secrets)


async def test_a_restored_relay_delivers_what_waited_and_gives_its_blobs(tmp_path: Path) -> None:
    data = os.urandom(5000)
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        capability = await with_a_blob(relay, bob, data)
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob))
        backup = taken(tmp_path, with_blobs=True)
        listen = relay.address.authority
    shutil.rmtree(tmp_path / "relay")
    async with open_loop():
        await restore(backup, tmp_path / "relay")
    names = {path.name for path in (tmp_path / "relay").iterdir()}
    assert names == {DATABASE_NAME, "address", "lock", "blobs"}
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        part = await wire.ask(f.FetchBlob, capability=capability, offset=0, length=5000)
        assert part.data == data
        (outcome,) = await deposit(wire, item(bob))
        assert outcome.outcome == f.Outcome.SLOW_DOWN, "not before bob's device is back"
        async with authenticated(relay, bob, authority=listen) as device:
            manifest = bob.manifest(relay.address).to_bytes()
            refused = await device.ask(f.PublishManifest, manifest=manifest)
            assert isinstance(refused, f.Refused), "another manifest than the one that it had"
            (outcome,) = await deposit(wire, item(bob))
            assert outcome.outcome == f.Outcome.SLOW_DOWN
            await device.ask(f.Subscribe)
            assert len(await device.delivered(1)) == 1


async def test_after_a_restore_strangers_cannot_tell_who_has_been_back(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        backup = taken(tmp_path)
    shutil.rmtree(tmp_path / "relay")
    async with open_loop():
        await restore(backup, tmp_path / "relay")
    nobody = os.urandom(16)
    month_s = 31 * 86_400
    for later_s, expected in ((0, f.Outcome.SLOW_DOWN), (month_s, f.Outcome.REFUSED)):
        clock = lambda later_s=later_s: time.time() + later_s  # noqa: E731
        async with relay_at(tmp_path, clock=clock) as relay, anonymous(relay) as wire:
            for mailbox in (bob.mailbox, nobody):
                target = [f.Target(mailbox=mailbox, token=None)]
                (outcome,) = await deposit(wire, replace(item(bob), targets=target))
                assert outcome.outcome == expected
            nobody_s = relay.services.limits.awaited_retry_s if not later_s else 0
            missing = await wire.ask(f.FetchManifest, name="carol", since_sequence=0)
            assert (missing.code, missing.retry_after_s) == (WireCode.NOT_FOUND, nobody_s)


async def test_nothing_is_written_over(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        await registered(relay, "bob")
        backup = taken(tmp_path)
        with pytest.raises(UserError, match="Another relay runs"):
            await restore(backup, tmp_path / "relay")
    before = (tmp_path / "relay" / DATABASE_NAME).read_bytes()
    async with open_loop():
        with pytest.raises(UserError, match="nothing is written over"):
            await restore(backup, tmp_path / "relay")
    assert (tmp_path / "relay" / DATABASE_NAME).read_bytes() == before


async def test_a_backup_that_is_cut_changed_or_none_leaves_nothing_behind(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        await registered(relay, "bob")
        whole = taken(tmp_path).read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    strange = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(whole)) as source,
        tarfile.open(fileobj=strange, mode="w") as target,
    ):
        target.addfile(source.getmember(CONTENTS_NAME), source.extractfile(CONTENTS_NAME))
        escaping = tarfile.TarInfo("../outside")
        escaping.size = 3
        target.addfile(escaping, io.BytesIO(b"out"))
    newer = whole.replace(b'"v":1', b'"v":2', 1)
    later = whole.replace(b'"schema":%d' % RELAY.head, b'"schema":%d' % (RELAY.head + 1), 1)
    wrong = whole.replace(b'"accounts":1', b'"accounts":2', 1)
    cases = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"this is no backup" * 1000,
        "changed": bytes(changed),
        "strange": strange.getvalue(),
        "newer": newer,
        "later": later,
        "wrong": wrong,
    }
    async with open_loop():
        for name, content in cases.items():
            bad = tmp_path / name
            bad.write_bytes(content)
            with pytest.raises((UserError, StoreError)) as raised:
                await restore(bad, tmp_path / "new" / name)
            assert str(raised.value).endswith((".", "it.")), name
            left = sorted(path.name for path in (tmp_path / "new").glob(f"{name}/*"))
            assert set(left) <= {"lock", "address"}, name
    assert not (tmp_path / "new" / "outside").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_what_root_restores_belongs_to_whom_the_directory_does(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        await with_a_blob(relay, bob, b"bytes")
        backup = taken(tmp_path, with_blobs=True)
    data = tmp_path / "new"
    data.mkdir(mode=0o700)
    os.chown(data, 4711, 4712)
    (data / "out").symlink_to(backup)
    async with open_loop():
        await restore(backup, data)
    owners = {path.name: (path.lstat().st_uid, path.lstat().st_gid) for path in data.rglob("*")}
    assert {DATABASE_NAME, "address", "blobs", "lock"} <= owners.keys()
    assert set(owners.values()) == {(4711, 4712)}
    assert backup.stat().st_uid == 0, "what a link leads to is not the directory's"


async def test_a_pinned_key_of_another_directory_is_in_the_backup(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.write()
    async with relay_at(tmp_path, **authority.files) as relay:
        pin = relay.address.pin
        backup = taken(tmp_path)
    async with open_loop():
        await restore(backup, tmp_path / "new" / "relay")
    for file in authority.files.values():
        os.unlink(file)
    copy = tmp_path / "new" / "relay" / PINNED_COPY_FILE
    assert copy.stat().st_mode & 0o777 == 0o600
    async with relay_at(tmp_path / "new", tls_cert=str(copy), tls_key=str(copy)) as relay:
        assert relay.address.pin == pin


async def test_a_certified_key_is_not_copied(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.write()
    async with relay_at(tmp_path, certified=True, **authority.files):
        assert not (tmp_path / "relay" / PINNED_COPY_FILE).exists()


async def test_verifying_starts_a_relay_and_leaves_nothing(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        await registered(relay, "bob")
        backup = taken(tmp_path)
    before = sorted(os.listdir(tmp_path))
    async with open_loop():
        assert (await verify(backup)).facts.accounts == 1
    assert sorted(os.listdir(tmp_path)) == before


async def test_an_older_schema_is_upgraded_on_the_way(tmp_path: Path) -> None:
    steps, data = tmp_path / "steps", tmp_path / "relay"
    for directory in (steps, data):
        directory.mkdir()
    for step in RELAY.directory.glob("000[12]_*.py"):
        shutil.copy(step, steps)
    older = Lineage(name="relay", application_id=RELAY.application_id, directory=steps)
    account = "INSERT INTO accounts VALUES (7, 'bob', 'a.example', x'01', 1, 2, x'02', NULL, NULL)"
    async with open_loop():
        async with open_database(data / DATABASE_NAME) as db:
            await bring_up_to_date(db, older)
            await db.write_raw(lambda raw: raw.execute(account))
        contents = await restore(taken(tmp_path), tmp_path / "new")
    assert contents.facts.schema == 2
    facts = check_copy(tmp_path / "new" / DATABASE_NAME)
    assert (facts.schema, facts.accounts) == (RELAY.head, 1)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.needs("postgres")
async def test_a_database_restored_on_a_server_begins_a_new_epoch(
    tmp_path: Path, engine: str
) -> None:
    assert engine == "postgresql"
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        await with_prekeys(relay, bob)
        before = relay.services.epoch
        with pytest.raises(UserError, match="Stop them all"):
            await begin_epoch_on_server(settings_for(tmp_path))
    async with open_loop():
        assert await begin_epoch_on_server(settings_for(tmp_path)) > before
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        assert relay.services.epoch > before
        kinds = {kind for (kind,) in await sql(relay, "SELECT kind FROM prekeys")}
        assert kinds == {PrekeyKind.SIGNED, PrekeyKind.KEM_LAST_RESORT}
        (outcome,) = await deposit(wire, item(bob))
        assert outcome.outcome == f.Outcome.SLOW_DOWN


def test_a_damaged_database_is_refused_with_the_command_that_restores_it(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    data.mkdir()
    (data / DATABASE_NAME).write_bytes(b"SQLite format 3\0" + os.urandom(20_000))
    command = ("relay", "serve", "--data", str(data), "--listen", "127.0.0.1:0")
    process = start("restante", *command, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    (sentence,) = said.decode().splitlines()
    assert f"mv {data}/{DATABASE_NAME}* {data}/before/" in sentence
    assert f"restante relay restore BACKUP --data {data}" in sentence
