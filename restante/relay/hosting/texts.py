"""The files that a relay's service is made of: its unit, its user, its settings. Pure.

Rule: text in, text out; each line of the unit that forbids something is there because the relay
doesn't need it. `systemd-analyze security` has to stay below 2.0. Spec: docs/self-hosting.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

SERVICE: Final = "restante-relay"
"""Of the unit, its user and its directory of state."""

OPS_LISTEN: Final = "127.0.0.1:7442"
PROXIED_LISTEN: Final = "127.0.0.1:7441"
ONION_LISTEN: Final = "127.0.0.1:7443"
"""Where Tor on this machine finds it, and nobody else."""

_UNIT: Final = """\
# Written by `restante relay up`, which puts it back as it was. Your own changes go into a drop-in:
#   systemctl edit {service}
[Unit]
Description=Restante relay
Documentation=man:restante-relay(1)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
User={service}
Group={service}
ExecStart={program} relay serve --settings {settings} --json
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitNOFILE=65536
StateDirectory={service}
StateDirectoryMode=0700
UMask=0077

# It reads its program and its settings, writes its state, and speaks to the network: no more.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RemoveIPC=yes
KeyringMode=private

NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
{private_users}RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""

_SETTINGS: Final = """\
# The relay's settings. After a change: systemctl restart {service}
# All there are, with defaults and reasons: restante relay config

# Where the database and the blobs are.
data = {data}

# Where clients are listened for{how}.
listen = {listen}

# Under which names clients reach this relay; the first is the one that invites carry.
names = [{name}]
{tls}
# Whether anybody may take a name. Without it, people need an invite:
#   restante relay invite new --data {data_plain}
open_registration = false

# Where Prometheus may read /metrics, and anybody /healthz and /readyz. Keep it to yourself.
ops_listen = {ops}

[limits]
# mailbox_bytes = 67108864
# blobs_bytes_per_account = 6442450944
"""

_PROXIED: Final = """
# A proxy on this machine speaks TLS for the relay; it alone is believed where a peer comes from.
trusted_proxies = ["127.0.0.1", "::1"]
"""

_CERTIFIED: Final = """
# A certificate of a public authority, and its key. It is read again when it is renewed.
tls_cert = {cert}
tls_key = {key}
certified = true
"""

_ONION: Final = """
# An onion service's clients speak TLS with the relay itself: it makes a key of its own at its first
# start, and invites and addresses carry its pin. Nobody has to renew anything.
own_key = true

# Devices are woken through Tor, too: a request of its own would show where the relay stands.
wake_proxy = "socks5://127.0.0.1:9050"
"""

_PINNED: Final = """
# There is no certificate: the relay makes a key of its own at its first start, and invites and
# addresses carry its pin. Nobody has to renew anything.
"""

SYSUSERS: Final = f'u {SERVICE} - "Restante relay" /var/lib/{SERVICE} /usr/sbin/nologin\n'
"""Source: sysusers.d(5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the operator wants of the service."""

    name: str
    """`host[:port]` by which clients reach it."""
    is_behind_proxy: bool = False
    tls_cert: str = ""
    tls_key: str = ""

    @property
    def port(self) -> int:
        """The port that clients reach."""
        _, colon, port = self.name.rpartition(":")
        return int(port) if colon and port.isdigit() else 443

    @property
    def is_onion(self) -> bool:
        """Whether Tor brings the clients, from this machine."""
        return self.name.partition(":")[0].endswith(".onion")

    @property
    def listen(self) -> str:
        """Where the relay itself listens."""
        if self.is_behind_proxy:
            return PROXIED_LISTEN
        return ONION_LISTEN if self.is_onion else f"[::]:{self.port}"

    @property
    def needs_low_port(self) -> bool:
        """Whether it has to take a port that is for the system's own."""
        return int(self.listen.rpartition(":")[2]) < 1024


def unit_text(wish: Wish, *, program: str, settings: str) -> str:
    """Return the systemd unit."""
    return _UNIT.format(
        service=SERVICE,
        program=program,
        settings=settings,
        capabilities="CAP_NET_BIND_SERVICE" if wish.needs_low_port else "",
        # A user namespace would take away the one capability that it needs.
        private_users="" if wish.needs_low_port else "PrivateUsers=yes\n",
    )


def settings_text(wish: Wish, *, data: str) -> str:
    """Return the settings file, in TOML."""
    if wish.is_behind_proxy:
        tls = _PROXIED
    elif wish.tls_cert:
        tls = _CERTIFIED.format(cert=json.dumps(wish.tls_cert), key=json.dumps(wish.tls_key))
    else:
        tls = _ONION if wish.is_onion else _PINNED
    return _SETTINGS.format(
        service=SERVICE,
        data=json.dumps(data),
        data_plain=data,
        listen=json.dumps(wish.listen),
        how=_how(wish),
        name=json.dumps(wish.name),
        tls=tls,
        ops=json.dumps(OPS_LISTEN),
    )


def _how(wish: Wish) -> str:
    if wish.is_behind_proxy:
        return ": by the proxy alone"
    return ": by Tor alone" if wish.is_onion else ", by IPv4 and IPv6"
