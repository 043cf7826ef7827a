"""Names and relays, at random."""

from __future__ import annotations

import ipaddress

import hypothesis.strategies as st

from restante.protocol.address import DEFAULT_PORT, RelayAddress
from restante.protocol.ids import AccountName

names = st.from_regex(r"\A[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?\Z").map(AccountName)

labels = st.from_regex(r"\A[a-z]([a-z0-9-]{0,10}[a-z0-9])?\Z")

domains = st.lists(labels, min_size=1, max_size=4).map(".".join)

ipv4 = st.ip_addresses(v=4).map(str)

ipv6 = (
    st.ip_addresses(v=6)
    .filter(lambda address: isinstance(address, ipaddress.IPv6Address) and not address.ipv4_mapped)
    .map(lambda address: f"[{address}]")
)

ports = st.just(DEFAULT_PORT) | st.integers(1, 65535)

pins = st.none() | st.binary(min_size=16, max_size=16)

relays = st.builds(RelayAddress, host=domains | ipv4 | ipv6, port=ports, pin=pins)
