"""Folders go as archives and come out as folders; an archive of anything else is refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.files.folders import FolderSource, unpack
from restante.client.interface import FileState
from restante.errors import UserError
from restante.store import client_files as store
from tests.client.files_seen import stands
from tests.client.two_people import two_people

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.store.client_rows import Rows


@pytest.fixture
def album(tmp_path: Path) -> Path:
    top = tmp_path / "album of 2026"
    (top / "a" / "b").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "a" / "b" / "one.txt").write_text("one")
    (top / "a" / ("ü" * 90 + ".txt")).write_text("a long name")
    (top / "large.bin").write_bytes(os.urandom(300_000))
    (top / "nothing").touch()
    (top / "away").symlink_to("/etc/passwd")
    os.mkfifo(top / "pipe")
    return top


def below(top: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(top)): path.read_bytes() if path.is_file() else None
        for path in top.rglob("*")
        if not path.is_symlink() and not path.is_fifo()
    }


def archived(source: FolderSource, *, piece: int = 7_000) -> bytes:
    content = b"".join(iter(lambda: source.read(piece), b""))
    assert len(content) == source.size_bytes
    return content


def test_what_goes_in_comes_out_but_no_link_and_no_owner(album: Path, tmp_path: Path) -> None:
    archive = archived(FolderSource(album))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = tar.getmembers()
    assert {(each.uid, each.gid, each.uname, each.gname) for each in members} == {(0, 0, "", "")}
    assert all(each.isreg() or each.isdir() for each in members)
    into = tmp_path / "into"
    into.mkdir()
    unpack(io.BytesIO(archive), into)
    assert below(into) == below(album)


def test_a_file_that_changes_while_it_is_read_is_said(album: Path) -> None:
    source = FolderSource(album)
    (album / "large.bin").write_bytes(b"short")
    with pytest.raises(UserError, match="changed while it was read"):
        archived(source)


async def test_a_folder_is_sent_and_is_a_folder_again(tmp_path: Path, album: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send_file(two.to_bob, path=str(album))
        assert sent.file is not None
        assert (sent.file.role, sent.file.name) == ("folder", "album of 2026.tar")
        there = await two.arrived(sent)
        await two.bob.file_fetch(there.id)
        await stands(two.bob, there, FileState.HERE)
        names = [
            Path(
                await two.bob.file_save(there.id, directory=str(tmp_path / "bob"), unpacks=unpacks)
            ).name
            for unpacks in (True, True, False)
        ]
        assert names == ["album of 2026", "album of 2026 (2)", "album of 2026.tar"]
        assert below(tmp_path / "bob" / "album of 2026") == below(album)


async def test_what_is_asked_for_while_it_is_decided_about_is_fetched(
    tmp_path: Path, album: Path
) -> None:
    async with two_people(tmp_path) as two:
        there = await two.arrived(await two.alice.send_file(two.to_bob, path=str(album)))
        await two.world.relay.stop()  # it stays on its way
        context, which = two.bob._context, bytes.fromhex(there.id)

        def comes_anew(rows: Rows) -> None:
            kept = store.file_of(rows, which)
            assert kept is not None
            store.move_on(rows, which, before=kept.state, state=store.NEW)

        def is_decided_about(rows: Rows) -> None:
            store.move_on(rows, which, before=store.NEW, state=store.OFFERED)

        for steps in range(12):  # at one of them the asking is between its reading and its writing
            await context.write(comes_anew)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(two.bob.file_fetch, there.id)
                for _ in range(steps):
                    await trio.lowlevel.checkpoint()
                await context.write(is_decided_about)
            kept = await context.read(lambda rows: store.file_of(rows, which))
            assert kept is not None
            assert kept.state == store.FETCHING, f"asked for, {steps} steps before"


def member(name: str, *, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def archive_of(*members: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for each in members:
            each.size = 3 if each.isreg() else 0
            tar.addfile(each, io.BytesIO(b"new") if each.isreg() else None)
    return made.getvalue()


def sparse() -> bytes:
    info = member("sparse")
    info.pax_headers = {"GNU.sparse.map": "0,1,99999999999,1", "GNU.sparse.size": "99999999999"}
    return archive_of(info)


def long_header() -> bytes:
    info = member("long")
    info.pax_headers = {"comment": "x" * 100_000}
    return archive_of(info)


@pytest.mark.parametrize(
    "made",
    [
        lambda: archive_of(member("../outside")),
        lambda: archive_of(member("a/../../outside")),
        lambda: archive_of(member("/outside")),
        lambda: archive_of(member("a\\..\\outside")),
        lambda: archive_of(member("a\x1b[2J")),
        lambda: archive_of(member("link", kind=tarfile.SYMTYPE, link="..")),
        lambda: archive_of(member("link", kind=tarfile.SYMTYPE, link=".."), member("link/outside")),
        lambda: archive_of(member("hard", kind=tarfile.LNKTYPE, link="/etc/passwd")),
        lambda: archive_of(member("device", kind=tarfile.CHRTYPE)),
        lambda: archive_of(member("pipe", kind=tarfile.FIFOTYPE)),
        lambda: archive_of(member("twice"), member("twice")),
        lambda: archive_of(member("twice"), member("twice/below")),
        lambda: archive_of(member("/".join("a" * 100))),
        sparse,
        long_header,
        lambda: archive_of(member("a"))[:600],
        lambda: os.urandom(5_000),
        lambda: b"\x1f\x8b" + bytes(5_000),
    ],
)
def test_an_archive_that_would_do_anything_else_is_refused(
    tmp_path: Path, made: Callable[[], bytes]
) -> None:
    into = tmp_path / "home" / "into"
    into.mkdir(parents=True)
    with pytest.raises(UserError):
        unpack(io.BytesIO(made()), into)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["into"]
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert all(not path.is_symlink() for path in into.rglob("*"))
