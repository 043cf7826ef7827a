"""`restante serve-web`: the chat in a browser, for whoever is away from a terminal.

Rule: on this machine alone unless told otherwise, and then with a word about what that means.
Spec: docs/web.md.
"""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import socket
import sys

from restante.client.commands.output import Output
from restante.client.profile import Profile
from restante.client.web.door import LINK_S, Door
from restante.errors import ExitCode, UserError

_LISTEN = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[0-9.]+|localhost):(?P<port>[0-9]{1,5})")
_URL = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)
OPEN_IT = "Open this link; it works once, for ten minutes. Ctrl-C ends it, and the chat in it."


def serve_web(
    out: Output, profile: Profile, *, listen: str, url: str | None, exposes: bool
) -> ExitCode:
    """Serve until ended; Ctrl-C is 130. UserError says what is wrong with where."""
    host, port = _place(listen)
    if url is not None and not _URL.fullmatch(url):
        raise UserError("--url is https://HOST, or https://HOST:PORT, with nothing behind it.")
    if not _is_loopback(host) and not exposes:
        raise UserError(
            f"At {host} everybody on the way could read and write as you: it is plain HTTP. Leave "
            "it on 127.0.0.1 and come by 'ssh -L', or put a proxy with TLS before it (--url). "
            "--expose does it all the same."
        )
    try:
        from restante.client.web.serving import serve  # noqa: PLC0415  (an extra)
    except ModuleNotFoundError as error:
        if error.name not in {"aiohttp", "textual_serve"}:
            raise
        raise UserError("This needs an extra: pip install 'restante[web]'.") from None
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    door = Door(origin=url.lower() if url else f"http://{shown}:{port}", port=port)
    link = {"type": "serving_web", "url": door.link, "expires_in_s": int(LINK_S)}

    def announce() -> None:
        out.data(link, door.link)
        out.note(OPEN_IT)

    command = [sys.executable, "-m", "restante", "chat", "--profile", profile.name]
    ended_by = serve(door, command, listening, announce=announce)
    return ExitCode.INTERRUPTED if ended_by is signal.SIGINT else ExitCode.OK


def _place(listen: str) -> tuple[str, int]:
    found = _LISTEN.fullmatch(listen)
    if found is None or int(found["port"]) > 65535:
        raise UserError("--listen is ADDRESS:PORT in numbers, as 127.0.0.1:8000 or [::1]:8000.")
    host = found["host"].strip("[]")
    return ("127.0.0.1" if host == "localhost" else host), int(found["port"])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise UserError(f"{host!r} is no address.") from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = (error.strerror or os.strerror(error.errno or 0)).lower()
        raise UserError(
            f"Nothing can be served at {host} port {port}: {why}. --listen takes another place.",
            exit_code=ExitCode.UNAVAILABLE,
        ) from None
