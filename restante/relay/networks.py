"""Where a connection comes from, and what it is counted by. Pure.

Rule: one person's line is one network, also where it has 2^64 addresses; an address is to count by,
never to log or store. Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

import ipaddress

NetworkAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def plain_address(text: str) -> NetworkAddress:
    """Read an address; one of IPv4 within IPv6 is the former. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def network_of(address: NetworkAddress) -> bytes:
    """Return what a peer is counted by: its IPv4 address, or its IPv6 /64."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.packed
    return address.packed[:8]
