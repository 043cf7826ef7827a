"""Asking the relay of a directory: over its socket while it runs, else by its files.

Rule: the caller can't tell, but that a stopped relay has nobody to send away. Knows no method.
Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from restante.errors import ExitCode, UserError
from restante.protocol.address import AddressError, RelayAddress
from restante.relay.ops.place import SOCKET_FILE, reachable

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S: Final = 60.0
ADDRESS_FILE: Final = "address"


class Asked:
    """A connection to a running relay's socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def call(self, method: str, **params: Any) -> Any:
        """Call a method and return its result. Raises UserError."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
            line = self._file.readline()
        except OSError as error:
            raise _silent() from error
        if not line:
            raise _silent()
        answer = json.loads(line)
        if "error" in answer:
            fault = answer["error"]
            raise UserError(fault["message"], exit_code=ExitCode(fault["code"]))
        return answer["result"]

    def close(self) -> None:
        """Hang up."""
        self._file.close()

    def wait_for_the_end(self, *, timeout_s: float | None) -> bool:
        """Wait until the relay has ended; False: it hasn't within that time."""
        self._connection.settimeout(timeout_s)
        try:
            return not self._file.readline()
        except TimeoutError:
            return False
        except OSError:
            return True


@contextmanager
def connected(data: Path) -> Iterator[Asked | None]:
    """Connect to the relay that runs in a directory, for the length of the block; None: none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE_S)
    with connection:
        try:
            with reachable(data) as place:
                connection.connect(os.fspath(place / SOCKET_FILE))
        except (ConnectionError, FileNotFoundError):
            yield None
            return
        except OSError as error:
            why = (error.strerror or "failed").lower()
            raise UserError(
                f"The relay's socket {data / SOCKET_FILE} can't be used: {why}. Ask as the user "
                "that the relay runs as."
            ) from error
        with closing(Asked(connection)) as asked:
            yield asked


def ask(data: Path, method: str, by_files: Callable[[str, bytes], Any], **params: Any) -> Any:
    """Call a method of the relay in a directory; `by_files` does it where none runs.

    Raises UserError.
    """
    read_address(data)
    with connected(data) as asked:
        if asked is not None:
            return asked.call(method, **params)
    return by_files(method, json.dumps(params).encode())


def read_address(data: Path) -> RelayAddress:
    """Return how clients reach the relay of a directory. Raises UserError: there is none."""
    try:
        return RelayAddress.parse((data / ADDRESS_FILE).read_text(encoding="ascii").strip())
    except PermissionError:
        raise UserError(
            f"The relay's directory {data} can't be read. Ask as the user that the relay runs as."
        ) from None
    except (OSError, UnicodeDecodeError, AddressError):
        raise UserError(
            f"There is no relay's data in {data} yet. Start the relay once, then try again."
        ) from None


def _silent() -> UserError:
    return UserError(
        "The relay ended before it answered. Try again.", exit_code=ExitCode.UNAVAILABLE
    )
