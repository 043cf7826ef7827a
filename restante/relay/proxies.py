"""Whose word a relay takes for where a connection comes from: that of its own proxies. Pure.

Rule: a header counts only if the connection that brings it is a trusted proxy's, and of the
addresses in it the last that isn't a proxy's own: what stands before it anybody may have written.
Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Final

from restante.relay.networks import NetworkAddress, plain_address

X_FORWARDED_FOR: Final = "X-Forwarded-For"
FORWARDED: Final = "Forwarded"
"""RFC 7239."""

MAX_HOPS: Final = 32
"""Addresses looked at from the end: a chain of proxies is shorter."""

_FOR: Final = re.compile(r'(?:^|;)\s*for\s*=\s*"?([^";]*)"?', re.IGNORECASE)
_WITH_PORT: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|([0-9.]+):\d+")


class Proxies:
    """The proxies in front of a relay. Raises ValueError for what is no network."""

    def __init__(self, networks: Sequence[str], *, header: str) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._name = header.lower().encode("ascii")
        self._is_plain_list = header == X_FORWARDED_FOR

    def trusts(self, address: NetworkAddress) -> bool:
        """Whether the address is one of the proxies'."""
        return any(address in network for network in self._networks)

    def origin(
        self, proxy: NetworkAddress, headers: Iterable[tuple[bytes, bytes]]
    ) -> NetworkAddress:
        """Return where a request came from that a trusted proxy passed on.

        The proxy itself, if it doesn't say: then all that it passes on is counted as one.
        """
        told = [value for name, value in headers if name.lower() == self._name]
        hops = [hop for value in told for hop in value.decode("latin-1").split(",")]
        origin = proxy
        for hop in reversed(hops[-MAX_HOPS:]):
            address = self._address(hop)
            if address is None:
                break
            origin = address
            if not self.trusts(address):
                break
        return origin

    def _address(self, hop: str) -> NetworkAddress | None:
        text = hop.strip()
        if not self._is_plain_list:
            found = _FOR.search(text)
            text = "" if found is None else found[1].strip()
        if (with_port := _WITH_PORT.fullmatch(text)) is not None:
            text = with_port[1] or with_port[2]
        try:
            return plain_address(text)
        except ValueError:
            return None
