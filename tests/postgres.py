"""A real PostgreSQL server for tests, in a directory of its own and on a Unix socket alone.

One for each test process, started when the first test asks for it; each test gets a database. The
server syncs to the disk as it would for people. It refuses to be root, so that where tests are, it
runs as the user that Debian's package made.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import trio

from restante.store.postgres import open_postgres
from restante.store.relay_postgres_schema import bring_up_to_date
from restante.store.seam import open_loop
from tests.programs import find_program

START_S = 60
USERS = ("postgres", "nobody")
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "fsync": "on",
    "log_min_messages": "fatal",
}


class Server:
    """A server that can be killed and started again."""

    def __init__(self, **settings: str) -> None:
        # A socket's path is short: not under pytest's directories.
        self._place = Path(tempfile.mkdtemp(prefix="restante-pg-"))
        self._data = self._place / "data"
        self._run: Any = partial(subprocess.run, check=True, timeout=START_S, capture_output=True)
        if os.geteuid() == 0:
            user = _user()
            shutil.chown(self._place, user)
            self._run = partial(self._run, user=user, group=-1 if user is None else user)
        self._run = partial(self._run, cwd=self._place, env={**os.environ, "LC_ALL": "C.UTF-8"})
        self._numbers = count(1)
        self._run(
            # Not synced while it is empty; what follows is.
            [_program("initdb"), "-D", self._data, "-A", "trust", "-U", "relay", "--no-sync"],
        )
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            for name, value in (SETTINGS | settings).items():
                file.write(f"{name} = '{value}'\n")
            file.write(f"unix_socket_directories = '{self._place}'\n")
        self.start()
        self.sql("CREATE DATABASE template_relay")
        trio.run(_migrate, self.url("template_relay"))

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://relay@/{name}?host={self._place}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._control("-w", "-l", str(self._place / "log"), "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; "immediate" is as a crash is: nothing is finished, the log is replayed."""
        self._control("-m", mode, "stop")

    def _control(self, *arguments: str) -> None:
        # Not captured: the server would keep the pipe.
        self._run(
            [_program("pg_ctl"), "-D", self._data, *arguments],
            capture_output=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        """The process whose children all of the server's others are."""
        return int((self._data / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Run a statement; return what psql says, unaligned."""
        found = self._run(
            [
                _program("psql"),
                "-XAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                statement,
                self.url(database),
            ],
        )
        text: str = found.stdout.decode("utf-8")
        return text

    def new_database(self) -> str:
        """Make a database of the current schema; return its name."""
        name = f"relay_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template_relay")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def remove(self) -> None:
        """End it, and remove what it kept."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self._place, ignore_errors=True)


def _user() -> str | None:
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in USERS if name in known), None)


def _program(name: str) -> str:
    postgres = find_program("postgres")
    assert postgres is not None
    found = Path(postgres).resolve().with_name(name)
    return str(found) if found.exists() else shutil.which(name) or name


async def _migrate(url: str) -> None:
    async with open_loop(), open_postgres(url) as db:
        await bring_up_to_date(db)


@cache
def the_server() -> Server:
    """Return this process's server, started."""
    server = Server()
    atexit.register(server.remove)
    return server
