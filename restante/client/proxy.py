"""The way through a SOCKS5 proxy, as Tor's: the only module here that knows python-socks.

Rule: the proxy resolves names, since a DNS query would tell who is talked to; and connections that
must not be linked have different user names, by which Tor keeps them on circuits of their own.
Imported where there is a proxy: it is dear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from python_socks import ProxyError, ProxyType
from python_socks.async_.trio.v2 import Proxy

from restante.errors import UserError

if TYPE_CHECKING:
    import trio

    from restante.protocol.address import RelayAddress


class RefusedByProxyError(Exception):
    """The proxy is there, and could not connect."""


async def open_through(
    proxy: str, relay: RelayAddress, *, isolation: str, timeout_s: float
) -> trio.abc.Stream:
    """Connect to a relay through `proxy`, socks5://[user:password@]host:port.

    Raises OSError (the proxy doesn't answer), RefusedByProxyError, UserError (it is no proxy).
    """
    parts = urlsplit(proxy)
    if parts.scheme != "socks5" or not parts.hostname or not parts.port:
        raise UserError("network.proxy must be socks5://HOST:PORT, as socks5://127.0.0.1:9050.")
    through = Proxy(
        ProxyType.SOCKS5,
        parts.hostname,
        parts.port,
        username=unquote(parts.username) if parts.username else isolation,
        password=unquote(parts.password) if parts.password else "restante",
        rdns=True,
    )
    try:
        opened = await through.connect(relay.dial_host, relay.port, timeout=timeout_s)
    except ProxyError as error:
        raise RefusedByProxyError from error
    return opened.trio_stream
