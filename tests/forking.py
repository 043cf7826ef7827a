"""The process that others are forked from: `python -m tests.forking FD`, by tests/processes.

It has imported the package and starts nothing: no thread, no loop, no file is open, no key is made
when it forks. What it forks has its own pid, descriptors, environment, signals and end, as a
program that was started from nothing has; only the second that importing takes is saved. Rule: the
child runs its module and ends as the interpreter would, but for taking the modules apart.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any, NoReturn

import restante

LEFT_OUT = ("restante.__main__", "restante.client.tui")
"""What does something when it is imported, and what only a terminal needs."""
TOO = (
    *("alembic.migration", "alembic.operations", "alembic.script"),
    *("tests.client.world", "tests.client.small_parts", "tests.store.profiles"),
)
"""What is imported late: by a command that is already running."""
MAX_JOB_BYTES = 1 << 20
MAX_FDS = 4


def main(channel: socket.socket) -> dict[str, Any] | None:
    """Fork a process for each job that comes; return the job in the fork, None at the end."""
    for module in pkgutil.walk_packages(restante.__path__, "restante."):
        if not module.name.startswith(LEFT_OUT) and "_migrations" not in module.name:
            importlib.import_module(module.name)
    for name in TOO:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    gc.collect()
    gc.freeze()
    channel.send(b"ready")
    source = selectors.DefaultSelector()
    source.register(channel, selectors.EVENT_READ)
    while True:
        for key, _ in source.select():
            if key.fileobj is not channel:
                pid, control = key.data
                source.unregister(key.fd)
                os.close(key.fd)
                _, status = os.waitpid(pid, 0)
                _tell(control, os.waitstatus_to_exitcode(status))
                control.close()
                continue
            packed, fds, _, _ = socket.recv_fds(channel, MAX_JOB_BYTES, MAX_FDS)
            if not packed:
                return None
            pid = os.fork()
            if pid == 0:
                job: dict[str, Any] = json.loads(packed)
                _forget(source)
                _become(job, fds)
                return job
            control = socket.socket(fileno=fds[0])
            for fd in fds[1:]:
                os.close(fd)
            _tell(control, pid)
            source.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, control))


def _tell(control: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # nobody waits for it any more
        control.sendall(f"{number}\n".encode())


def _forget(source: selectors.BaseSelector) -> None:
    """Close in the fork what belongs to others, as starting a program does."""
    for key in list(source.get_map().values()):
        if isinstance(key.fileobj, socket.socket):
            key.fileobj.close()
        else:
            os.close(key.fd)
            key.data[1].close()
    source.close()


def _become(job: dict[str, Any], fds: list[int]) -> None:
    """Take on what a program is given when it is started."""
    for number, fd in enumerate(fds[1:]):
        os.dup2(fd, number)
    for fd in fds:
        os.close(fd)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    os.chdir(job["directory"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        like = getattr(sys, name)
        stream = io.TextIOWrapper(
            open(number, "wb" if number else "rb", closefd=False),  # noqa: SIM115  # till the end
            encoding=like.encoding,
            errors=like.errors,
            line_buffering=number == 2 or os.isatty(number),
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["", *job["arguments"]]


def _leave(code: int) -> NoReturn:
    """End as the interpreter does: threads, exit functions, what is buffered; modules just go."""
    threading._shutdown()  # type: ignore[attr-defined]  # what the interpreter itself calls
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120  # the interpreter's own
    os._exit(code)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as opened:
        job = main(opened)
    if job is not None:
        try:
            runpy.run_module(job["module"], run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code is None or isinstance(ended.code, int):
                _leave(ended.code or 0)
            raise  # with words: the interpreter prints them
        _leave(0)
