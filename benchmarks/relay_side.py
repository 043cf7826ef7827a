"""A relay for the benchmarks, on a core of its own, and people at it.

Rule: the relay is a real program in a process of its own: ours, or the bare one to measure beside;
what is read of its memory is the kernel's account.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Literal

import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.relay_load import Deposits, Recipient, Sender, spread
from restante.protocol.address import RelayAddress

RELAY_CORE, LOAD_CORE = 0, 1
UNDER_WAY = 512
"""Envelopes under way over all senders, at one a frame."""

Kind = Literal["relay", "bare"]
_PROGRAMS: dict[Kind, str] = {
    "relay": "benchmarks.relay_process",
    "bare": "benchmarks.bare_relay",
}


def take_load_core() -> None:
    """Keep this process off the relay's core, where the machine has two."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})


def go_first() -> None:
    """Let this process go before whatever shares its core, where it may; its children don't."""
    if hasattr(os, "SCHED_RESET_ON_FORK"):
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))


@asynccontextmanager
async def running_relay(
    size_bytes: int,
    *,
    tls: bool = False,
    own_limits: bool = False,
    database_url: str = "",
    place: str = "",
    kind: Kind = "relay",
) -> AsyncIterator[tuple[RelayAddress, int]]:
    """Run a relay whose smallest bucket is so large; yield its address and its process.

    Its limits are out of the way unless it is to have its own. `place`: its directory, if it is to
    be there again. `kind`: ours, or the one with every check left out.
    """
    fresh = tempfile.TemporaryDirectory(prefix="restante-bench-")
    with nullcontext(place) if place else fresh as data:
        certificate = _make_certificate(Path(data)) if tls else ()
        limits = "own" if own_limits else "plenty"
        process = await trio.lowlevel.open_process(
            [
                sys.executable,
                "-m",
                _PROGRAMS[kind],
                data,
                str(size_bytes),
                str(RELAY_CORE),
                limits,
                *certificate,
            ],
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            env={**os.environ, "RESTANTE_BENCH_DATABASE": database_url},
        )
        try:
            if process.stdout is None:
                raise RuntimeError("the relay's output is not read")
            line = await process.stdout.receive_some(4096)
            yield RelayAddress.parse(json.loads(line)["address"]), process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            with trio.CancelScope(shield=True):
                await process.wait()


def _make_certificate(directory: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = directory / "cert.pem", directory / "key.pem"
    if cert_file.exists():  # a relay that starts again in its place
        return str(cert_file), str(key_file)
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(cert_file), str(key_file)


async def recipients(address: RelayAddress, count: int) -> list[Recipient]:
    """Register so many accounts of one device."""
    found = [Recipient(name) for name in spread(count)]
    for who in found:
        await who.register(address)
    return found


def senders(people: list[Recipient], *, items: int, size_bytes: int) -> list[Sender]:
    """Make a sender for each of them, with a window that keeps the relay busy."""
    window = max(UNDER_WAY // len(people) // items, 4 if size_bytes * items < 100_000 else 2)
    return [
        Sender(Deposits(who, items=items, size_bytes=size_bytes), items=items, window=window)
        for who in people
    ]


def resident_kib(pid: int, field: str = "VmRSS") -> int:
    """Return a process's resident memory; `VmHWM` for its peak."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field))


def processor_s(pid: int) -> float:
    """Return for how long a process has had a processor. Source: proc(5), schedstat."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def forget_peak(pid: int) -> None:
    """Let the peak of a process's memory count from now on. Source: proc(5), clear_refs."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def row(bench: str, value: float, how: str, unit: str = "envelopes/s") -> dict[str, Any]:
    """Return a row of figures."""
    figure = round(value) if unit == "envelopes/s" else round(value, 1)
    return {"bench": bench, "value": figure, "unit": unit, "how": how}
