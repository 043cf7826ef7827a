"""The way through a SOCKS5 proxy, as Tor's, for a relay that must not show where it stands.

The only module of the relay that knows python-socks. Rule: the proxy resolves names, since to ask
for one would show the relay as well; each host has a user name of its own, by which Tor keeps what
goes to two hosts on two circuits. Imported where there is a proxy.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import trio
from python_socks import ProxyError, ProxyType
from python_socks.async_.trio.v2 import Proxy

from restante.relay.http.asking import AskingError


async def open_through(proxy: str, host: str, port: int, *, deadline_s: float) -> trio.abc.Stream:
    """Connect to a host through `proxy`, socks5://[user:password@]host:port. Raises AskingError."""
    parts = urlsplit(proxy)
    through = Proxy(
        ProxyType.SOCKS5,
        str(parts.hostname),
        parts.port or 0,
        username=unquote(parts.username) if parts.username else host,
        password=unquote(parts.password) if parts.password else "restante",
        rdns=True,
    )
    try:
        opened = await through.connect(host, port, timeout=deadline_s)
    except (ProxyError, OSError, trio.TooSlowError):
        raise AskingError("no way through the proxy") from None
    stream: trio.abc.Stream = opened.trio_stream
    return stream
