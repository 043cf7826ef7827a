"""Which endpoints may be asked, by what they say and by where they lead. Pure.

Rule: https alone; to public addresses alone, unless the operator allows others; never to a port
that is some other service's. Spec: docs/protocol/relay.md, section 13.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from restante.errors import RestanteError
from restante.protocol.limits import MAX_WAKE_ENDPOINT_CHARS

HTTPS_PORT: Final = 443
LOWEST_OTHER_PORT: Final = 1024

_ENDPOINT: Final = re.compile(
    r"https://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?(/[!-~]*)?"
)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*|")
_NOBODYS: Final = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
"""Set aside by the IANA, and public to older versions of Python."""

_EMBEDDING: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96")
)
"""IPv6 addresses that lead to an IPv4 one that is written in them: who knows to which network."""


class BadEndpointError(RestanteError):
    """An endpoint that is not asked, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a device is woken, taken apart."""

    host: str
    """Without the brackets of IPv6."""
    port: int
    target: str
    """Path and query."""

    @property
    def authority(self) -> str:
        """What HTTP calls Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """What a push service is called. Source: RFC 6454, section 6.2."""
        return f"https://{self.authority}"


def parse_endpoint(text: str, *, allows_private: bool) -> Endpoint:
    """Take an endpoint apart. Raises BadEndpointError; its text is for the device's person."""
    found = _ENDPOINT.fullmatch(text) if len(text) <= MAX_WAKE_ENDPOINT_CHARS else None
    if found is None or "#" in text:
        raise BadEndpointError("a wake endpoint is an https address of at most 1,024 characters")
    host, digits, target = found[1].strip("[]").lower(), found[2], found[3] or "/"
    port = int(digits) if digits else HTTPS_PORT
    if port != HTTPS_PORT and not LOWEST_OTHER_PORT <= port <= 65535:
        raise BadEndpointError("a wake endpoint's port is 443, or 1024 and above")
    endpoint = Endpoint(host=host, port=port, target=target)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Some resolvers take 127.1, 2130706433 and 0x7f.1 for addresses.
        if ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise BadEndpointError("a wake endpoint's host is no name and no address") from None
        return endpoint
    if not (allows_private or is_public(str(address))):
        raise BadEndpointError("a wake endpoint has to be on the public internet")
    return endpoint


def domain_of(host: str) -> bytes:
    """Return by what a host is counted that isn't resolved here: its last two labels, or itself.

    Whoever has a domain has all the names below it, and they may lead to one machine.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        host = ".".join(host.rstrip(".").split(".")[-2:])
    return host.encode()


def is_public(address: str) -> bool:
    """Whether an address leads to the internet, and nowhere else."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if any(parsed in network for network in _EMBEDDING):
            return False
    elif any(parsed in network for network in _NOBODYS):
        return False
    return parsed.is_global and not parsed.is_multicast


def chosen_address(addresses: list[str], *, allows_private: bool) -> str:
    """Return which of a name's addresses is connected to. Raises BadEndpointError.

    A name that leads to a private address besides a public one is asked at neither: it is made so
    on purpose.
    """
    if not addresses:
        raise BadEndpointError("the wake endpoint's name leads nowhere")
    if not allows_private and not all(map(is_public, addresses)):
        raise BadEndpointError("a wake endpoint has to be on the public internet")
    return addresses[0]
