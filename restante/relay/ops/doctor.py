"""Looks for what is wrong with a relay, or soon will be, and says what to do about each.

Rule: looking changes nothing, and no look can fail without becoming a finding. What needs a client,
the message from end to end, is handed in: a relay can't encrypt. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import ctypes
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from restante.errors import StoreError, UserError
from restante.protocol.address import RelayAddress
from restante.relay.ops import reach
from restante.relay.ops.asking import ask, connected, read_address
from restante.relay.ops.backup import is_kept
from restante.relay.ops.bucket_look import look_at_bucket
from restante.relay.ops.finding import Finding, State
from restante.relay.ops.server_look import look_at_server
from restante.relay.settings import DATABASE_NAME
from restante.store.migrations import RELAY
from restante.store.relay_backup import damage_of, schema_of

if TYPE_CHECKING:
    from restante.relay.limits import Limits
    from restante.relay.settings import Settings

Canary = Callable[[str, str], float]
"""Sends a message from end to end at a relay (its address, an invite for two accounts that are
deleted afterwards), and returns how many seconds it took. Raises UserError."""

SPARE_FILES: Final = 128
"""Descriptors that a relay needs besides its connections: the database, blobs, watchers."""

MAX_QUICK_BYTES: Final = 512 * 1024 * 1024
"""A larger database is read through only when that is asked for."""

_CANARY_S: Final = 600


def examine(
    data: Path,
    *,
    settings: Settings,
    canary: Canary | None,
    is_thorough: bool,
) -> Iterator[Finding]:
    """Look at everything, one after the other."""
    limits = settings.limits
    try:
        address = read_address(data)
    except UserError as error:
        yield Finding(
            check="directory",
            state=State.BAD,
            found=str(error),
            fix="Name the relay's directory: --data DIR, as the user that it runs as.",
        )
        return
    yield _permissions(data)
    running, stats = _running(data)
    yield running
    if settings.database_url:
        yield look_at_server(settings.database_url)
    else:
        yield _database(data, is_thorough=is_thorough)
    if settings.blobs_url:
        yield look_at_bucket(settings)
    yield _disk(data, limits)
    yield _open_files(stats, limits)
    yield _clock()
    if address.host.endswith(".onion"):
        yield Finding(
            check="dns",
            state=State.SKIPPED,
            found="An onion service is reached through Tor: try it with a client that uses Tor.",
        )
        return
    yield reach.look_up(address)
    port = reach.connect(address)
    yield port
    if port.state is State.OK:
        yield reach.look_at_certificate(address)
    if canary is not None and stats is not None:
        yield _fly(canary, data, address)


def _permissions(data: Path) -> Finding:
    owner = data.stat().st_uid
    private = [data, *(path for path in sorted(data.iterdir()) if _is_private(path.name))]
    opened = [path for path in private if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    others = [path for path in private if path.lstat().st_uid != owner]
    if opened:
        names = " ".join(map(str, opened))
        return Finding(
            check="permissions",
            state=State.BAD,
            found=f"Others than the relay's user can use {names}.",
            fix=f"chmod go= {names}",
        )
    if others:
        names = " ".join(map(str, others))
        return Finding(
            check="permissions",
            state=State.BAD,
            found=f"{names} don't belong to the directory's owner; the relay may not write them.",
            fix=f"chown {owner} {names}",
        )
    return Finding(check="permissions", state=State.OK, found="Only its owner can use the data.")


def _is_private(name: str) -> bool:
    return name.startswith(DATABASE_NAME) or (is_kept(name) and name.endswith(".pem"))


def _running(data: Path) -> tuple[Finding, dict[str, Any] | None]:
    try:
        with connected(data) as asked:
            if asked is not None:
                stats: dict[str, Any] = asked.call("stats")
                found = f"Restante {stats['program']} runs, for {stats['uptime_s']} s."
                return Finding(check="relay", state=State.OK, found=found), stats
    except UserError as error:
        fix = "Run the doctor as the relay's user."
        return Finding(check="relay", state=State.BAD, found=str(error), fix=fix), None
    return (
        Finding(
            check="relay",
            state=State.BAD,
            found="No relay runs here.",
            fix=f"Start it: systemctl start restante-relay, or restante relay serve --data {data}",
        ),
        None,
    )


def _database(data: Path, *, is_thorough: bool) -> Finding:
    database = data / DATABASE_NAME
    if not database.is_file():
        return Finding(
            check="database",
            state=State.SKIPPED,
            found="The database isn't in this directory; --settings says where it is.",
        )
    try:
        schema = schema_of(database)
        is_read = is_thorough or database.stat().st_size <= MAX_QUICK_BYTES
        damage = damage_of(database) if is_read else None
    except StoreError as error:
        damage, schema, is_read = str(error), 0, True
    if damage is not None:
        return Finding(
            check="database",
            state=State.BAD,
            found=f"The database is damaged: {damage}",
            fix=f"Stop the relay, then: mkdir -p {data}/before && mv {database}* {data}/before/ && "
            f"restante relay restore BACKUP --data {data}",
        )
    if schema != RELAY.head:
        return Finding(
            check="database",
            state=State.WARNING,
            found=f"Its schema is {schema}, this version's is {RELAY.head}.",
            fix="Restart the relay with this version; it upgrades the database by itself.",
        )
    how = "sound" if is_read else "not read through, for its size: --thorough does"
    return Finding(check="database", state=State.OK, found=f"Schema {schema}, {how}.")


def _disk(data: Path, limits: Limits) -> Finding:
    room = shutil.disk_usage(data)
    found = f"{room.free // 2**20} MiB free of {room.total // 2**20}."
    if room.free <= max(limits.blobs_leave_bytes, limits.deposits_leave_bytes):
        return Finding(
            check="disk",
            state=State.BAD,
            found=f"{found} {_untaken(room.free, limits)}",
            fix="Free some space, give the relay a larger disk, or lower its quotas.",
        )
    if room.free < room.total // 20:
        return Finding(
            check="disk",
            state=State.WARNING,
            found=f"{found} That is less than a twentieth.",
            fix="Free some space, or give the relay a larger disk.",
        )
    return Finding(check="disk", state=State.OK, found=found)


def _untaken(free_bytes: int, limits: Limits) -> str:
    if free_bytes <= limits.deposits_leave_bytes:
        return "No more messages are taken, and no blobs."
    return "No more blobs are taken, and soon no messages."


def _open_files(stats: dict[str, Any] | None, limits: Limits) -> Finding:
    if stats is None:
        return Finding(
            check="open files", state=State.SKIPPED, found="Known only while the relay runs."
        )
    allowed, wanted = int(stats["open_files"]), limits.connections + SPARE_FILES
    if allowed < 0 or allowed >= wanted:
        return Finding(check="open files", state=State.OK, found=f"{allowed} are allowed.")
    return Finding(
        check="open files",
        state=State.WARNING,
        found=f"{allowed} are allowed; {limits.connections} connections need {wanted}.",
        fix=f"LimitNOFILE={wanted} in the unit's [Service], ulimit -n {wanted}, or a lower "
        "`connections` in [limits].",
    )


class _Timex(ctypes.Structure):
    # <sys/timex.h>: the first fields, and room for the rest.
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("rest", ctypes.c_char * 256),
    )


_UNSYNCHRONISED: Final = 5
"""TIME_ERROR: the kernel hasn't heard from whoever sets the clock."""


def _clock() -> Finding:
    """Whether something keeps this machine's clock right; expiries and certificates go by it."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(_Timex()))
    except (OSError, AttributeError):
        state = -1
    if state < 0:
        return Finding(check="clock", state=State.SKIPPED, found="This system doesn't say.")
    if state == _UNSYNCHRONISED:
        return Finding(
            check="clock",
            state=State.WARNING,
            found="Nothing keeps this machine's clock right.",
            fix="timedatectl set-ntp true, or install chrony; in a container, on its host.",
        )
    return Finding(check="clock", state=State.OK, found="The clock is kept right.")


def _has_ended(_method: str, _params: bytes) -> Any:
    raise UserError("The relay has ended meanwhile.")


def _fly(canary: Canary, data: Path, address: RelayAddress) -> Finding:
    try:
        invite = ask(data, "invite", _has_ended, uses=2, expires_s=_CANARY_S)["code"]
        took_s = canary(str(address), invite)
    except UserError as error:
        return Finding(
            check="message",
            state=State.BAD,
            found=f"A message didn't go from end to end: {error}",
            fix="Mend what is bad above, then look at the relay's log.",
        )
    return Finding(
        check="message",
        state=State.OK,
        found=f"Went from end to end in {took_s:.1f} s, between two accounts made for it.",
    )
