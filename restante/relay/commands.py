"""What the command line asks of a relay that needs its databases: to serve, and to look after it.

Rule: stdout is for programs, stderr for people. Nothing here parses an option.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import trio

from restante import __version__
from restante.errors import ExitCode, StoreError, UserError
from restante.relay import log
from restante.relay.lock import sole_relay
from restante.relay.ops import restoring, upgrading
from restante.relay.ops.administration import Administration
from restante.relay.ops.asking import ask, read_address
from restante.relay.ops.backup import Contents, back_up
from restante.relay.server import running_relay
from restante.relay.settings import DATABASE_NAME, Settings
from restante.store.errors import Corrupted
from restante.store.relay_database import open_relay_database
from restante.store.seam import open_loop

if TYPE_CHECKING:
    from restante.protocol.address import RelayAddress

T = TypeVar("T")

GC_THRESHOLD: Final = 10_000

SWITCH_S: Final = 0.001
"""How long the loop may wait for the thread that commits to give way; Python's default is 5 ms."""


def serve(settings: Settings, *, json_lines: bool = False) -> int:
    """Run a relay until SIGTERM or SIGINT; return the exit code.

    When it listens it says so in one line: on stdout as JSON with `json_lines`, else on stderr.
    Raises UserError.
    """
    log.open_log(settings.log_level, json_lines=json_lines)
    # A frame of 256 envelopes makes a thousand objects that die with it, and no cycles: looking
    # for some after every 700 would take half of the time that a deposit takes.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    try:
        _run(_serve, settings, json_lines)
    except UserError as error:
        if not isinstance(_store_error(error), Corrupted):
            raise
        data = settings.data
        raise UserError(
            f"{error} With a backup: {restoring.how_to_move_away(Path(data))} && "
            f"restante relay restore BACKUP --data {data}",
            exit_code=error.exit_code,
        ) from error
    return ExitCode.OK


async def _serve(settings: Settings, json_lines: bool) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            async with running_relay(settings) as relay:
                drain = relay.services.drain
                # What the start has made stays: in the first flood the collector would look through
                # it, and everybody wait for 24 ms.
                gc.collect()
                gc.freeze()
                _say(relay.address, settings, json_lines=json_lines)

                async def listen() -> None:
                    async for number in signals:
                        if number != signal.SIGHUP:
                            drain.hurry()
                        elif relay.certificate is not None:
                            relay.certificate.look_again()

                nursery.start_soon(listen)
                await drain.asked.wait()
            nursery.cancel_scope.cancel()


def _store_error(error: UserError) -> BaseException | None:
    """Return what of the store's errors is behind a sentence."""
    cause = error.__cause__
    return _first(cause, (StoreError,)) if isinstance(cause, BaseExceptionGroup) else cause


def _say(address: RelayAddress, settings: Settings, *, json_lines: bool) -> None:
    if json_lines:
        line = {"v": 1, "type": "listening", "address": str(address), "tls": settings.uses_tls}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        return
    sys.stderr.write(f"Relay listening. Its address is {address}\n")
    if not settings.open_registration:
        sys.stderr.write(
            "Names are registered by invite; make one beside this relay with\n"
            f"  restante relay invite new --data {settings.data}\n"
        )


def invite_new(data: Path, *, uses: int, expires_s: int, quota_bytes: int | None = None) -> str:
    """Make an invite for `uses` accounts and return its code. Works beside a running relay.

    Raises UserError.
    """
    made = ask(
        data,
        "invite",
        partial(by_files, data),
        uses=uses,
        expires_s=expires_s,
        quota_bytes=quota_bytes,
    )
    code: str = made["code"]
    return code


def by_files(data: Path, method: str, params: bytes) -> object:
    """Carry out a method of the admin socket's on the files of a relay that doesn't run.

    Raises UserError.
    """
    return _run(_by_files, data, method, params)


async def _by_files(data: Path, method: str, params: bytes) -> object:
    database = data / DATABASE_NAME
    if not database.is_file():
        raise UserError(f"No relay runs in {data}, and none keeps its database there. Start it.")
    with sole_relay(data):
        async with open_relay_database(database) as db:
            office = Administration(db, data=data, address=read_address(data))
            return await office.call(method, params)


def backup(data: Path, target: Path, *, with_blobs: bool) -> tuple[Path, Contents]:
    """Write a backup of the relay in `data`; return its file and contents. Raises UserError."""
    with _explained():
        return back_up(data, target, program=__version__, with_blobs=with_blobs)


def restore(path: Path, data: Path | None) -> Contents:
    """Make `data` the directory of the relay that was backed up; without, only try it out.

    Raises UserError.
    """
    return _run(restoring.verify, path) if data is None else _run(restoring.restore, path, data)


def begin_epoch(settings: Settings) -> int:
    """Begin a new epoch on a database that its server's tools have restored. Raises UserError."""
    return _run(restoring.begin_epoch_on_server, settings)


def upgrade(data: Path, *, only_look: bool) -> upgrading.Upgraded:
    """Bring the database of a stopped relay to this version's schema. Raises UserError."""
    if only_look:
        with _explained():
            return upgrading.look(data)
    return _run(upgrading.bring_up_to_date, data)


def _run(main: Callable[..., Awaitable[T]], *args: object) -> T:
    """Run a trio program that uses databases."""

    async def with_databases() -> T:
        async with open_loop():
            return await main(*args)

    with _explained():
        return trio.run(with_databases)


@contextmanager
def _explained() -> Iterator[None]:
    """Let what the operator can mend come out as the one UserError it is."""
    try:
        yield
    except StoreError as error:
        raise UserError(str(error), exit_code=ExitCode.UNAVAILABLE) from error
    except BaseExceptionGroup as group:
        found = _first(group, (UserError, StoreError))
        if isinstance(found, UserError):
            raise found from group
        if isinstance(found, StoreError):
            raise UserError(str(found), exit_code=ExitCode.UNAVAILABLE) from group
        raise


def _first(
    group: BaseExceptionGroup[BaseException], kinds: tuple[type[Exception], ...]
) -> BaseException | None:
    error: BaseException | None = group.subgroup(kinds)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
