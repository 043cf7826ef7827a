"""A backup becomes a relay's data again, as a new epoch; or only shows that it could.

Rule: nothing that is there is written over, and the database has its name only when all of it is
checked, upgraded and on the disk. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import UserError
from restante.relay.lock import sole_relay
from restante.relay.ops.backup import Contents, opened_backup
from restante.relay.ops.files import refused, sync_directory, sync_file
from restante.relay.server import running_relay
from restante.relay.settings import DATABASE_NAME, Settings
from restante.store.migrations import RELAY
from restante.store.relay_backup import begin_epoch, check_copy
from restante.store.relay_database import open_relay_database
from restante.store.relay_opening import open_relay_store

if TYPE_CHECKING:
    from restante.store.relay_backup import CopyFacts

_UNFINISHED: Final = DATABASE_NAME + ".restoring"


def how_to_move_away(data: Path) -> str:
    """Return the command that moves a relay's database out of the way."""
    return f"mkdir -p {data}/before && mv {data}/{DATABASE_NAME}* {data}/before/"


async def restore(path: Path, data: Path) -> Contents:
    """Make `data` the directory of the relay that was backed up; inside `seam.open_loop`.

    Raises UserError, StoreError.
    """
    with opened_backup(path) as backup:
        _check_version(path, backup.contents)
        _make_directory(data)
        with sole_relay(data):
            if (data / DATABASE_NAME).exists():
                raise UserError(
                    f"There is a relay's database in {data}, and nothing is written over. Move it "
                    f"away first: {how_to_move_away(data)}"
                )
            unfinished = data / _UNFINISHED
            _forget(unfinished)
            try:
                await trio.to_thread.run_sync(
                    backup.unpack,
                    lambda name: unfinished if name == DATABASE_NAME else data / name,
                )
                await _begin_anew(unfinished, backup.contents.facts)
                unfinished.rename(data / DATABASE_NAME)
                sync_directory(data)
            finally:
                _forget(unfinished)
                _give_to_owner(data)
    return backup.contents


async def begin_epoch_on_server(settings: Settings) -> int:
    """Make a database that was restored on its server a relay's again; return its epoch.

    What `restore` does to a file, where the server's own tools have brought the rows back. Inside
    `seam.open_loop`. Raises UserError, StoreError.
    """
    if not settings.database_url:
        raise UserError("The settings name no database on a server: restore the backup's file.")
    async with open_relay_store(settings.database, url=settings.database_url) as store:
        if not await store.neighbours.is_alone():
            raise UserError("Relays run over this database. Stop them all, then try again.")
        return await store.db.write(lambda tx: begin_epoch(tx, now_ms=_now_ms()))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def verify(path: Path) -> Contents:
    """Restore a backup into a directory that goes again, and start a relay there.

    Raises UserError or StoreError that says what is the matter with it.
    """
    with tempfile.TemporaryDirectory(prefix="restante-verify-") as scratch:
        data = Path(scratch) / "relay"
        contents = await restore(path, data)
        async with running_relay(Settings(data=str(data), listen="127.0.0.1:0")) as relay:
            stream = await trio.open_tcp_stream(relay.address.dial_host, relay.address.port)
            await stream.aclose()
    return contents


async def _begin_anew(database: Path, expected: CopyFacts) -> None:
    """Check a database that was unpacked, bring it up to date and begin its next epoch."""
    found = await trio.to_thread.run_sync(check_copy, database)
    if found != expected:
        raise UserError("The backup's database isn't what its contents say. Take another backup.")
    async with open_relay_database(database) as db:
        await db.write(lambda tx: begin_epoch(tx, now_ms=_now_ms()))
    sync_file(database)


def _check_version(path: Path, contents: Contents) -> None:
    if contents.facts.schema > RELAY.head:
        raise UserError(
            f"{path} was made by Restante {contents.program} (schema {contents.facts.schema}, this "
            f"one knows {RELAY.head}). Update Restante, then restore it."
        )


def _make_directory(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise refused(data, error) from error


def _give_to_owner(data: Path) -> None:
    """Give what root has made to whom the directory belongs: the relay's user, who goes on."""
    owner = data.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    try:
        # By open directories: whose it is might put links in the way of a path.
        for _, folders, files, held in os.fwalk(data):
            for name in (*folders, *files):
                made = os.stat(name, dir_fd=held, follow_symlinks=False)
                if made.st_uid == 0 and (made.st_nlink == 1 or stat.S_ISDIR(made.st_mode)):
                    os.chown(name, owner.st_uid, owner.st_gid, dir_fd=held, follow_symlinks=False)
    except OSError as error:
        raise refused(data, error) from error


def _forget(unfinished: Path) -> None:
    """Remove an unfinished database with its journals and its snapshot."""
    with suppress(OSError):
        for each in unfinished.parent.glob(unfinished.name + "*"):
            each.unlink()
