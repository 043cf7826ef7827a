"""A relay's settings: one frozen record, from a TOML file and `RESTANTE_RELAY_*` variables.

Rule: every limit has a default with its reason here, a name in the file, and the same name in what
a client is told. What isn't known is refused with its place. Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from restante.errors import UserError
from restante.protocol.address import AddressError, RelayAddress
from restante.protocol.limits import DEFAULT_TTL_S, MAX_TTL_S
from restante.relay.proxies import Proxies

ENVIRONMENT_PREFIX: Final = "RESTANTE_RELAY_"
DEFAULT_LISTEN: Final = "127.0.0.1:7441"
DATABASE_NAME: Final = "relay.sqlite3"
BLOBS_NAME: Final = "blobs"

_SERVERS: Final = ("postgresql://", "postgres://")
_ANYWHERE: Final = ("0.0.0.0", "[::]")  # noqa: S104  # compared with, not bound to

_PLACE: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):\d{1,5}")

Count = Annotated[int, Meta(ge=1, le=2**53)]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one relay gives to whom. Bytes, seconds, counts; rates are per second."""

    mailbox_bytes: Count = 64 * 1024 * 1024
    """16,000 small envelopes for a device that is away: months of a busy conversation."""
    mailbox_envelopes: Count = 20_000
    """Rows cost more than their bytes: a bound of their own."""
    account_bytes: Count = 256 * 1024 * 1024
    """Waiting for all devices of one account: four of them away for months. An account's own quota
    stands in its place, where it was given one."""
    account_envelopes: Count = 80_000
    """As many for all devices of one account: four full mailboxes."""
    request_mailbox_envelopes: Count = 64
    """Strangers' envelopes waiting for one device: a screenful of requests, not a flood."""
    request_mailbox_bytes: Count = 1024 * 1024
    """64 hellos of 16 KiB."""
    request_connection_bytes: Count = 80 * 1024
    """What one connection may leave for one device without a token: a hello and 64 KiB."""
    max_ttl_s: Annotated[int, Meta(ge=60, le=MAX_TTL_S)] = MAX_TTL_S
    """The longest that an envelope waits, whatever its sender asks; the protocol allows no more."""
    default_ttl_s: Annotated[int, Meta(ge=60, le=MAX_TTL_S)] = DEFAULT_TTL_S
    """For a sender who doesn't say: a month's holiday."""
    connections: Count = 20_000
    """About 1 GiB of connections at 45 KiB each."""
    connections_per_network: Count = 256
    """A household, an office or a small exit node; one address can't take them all."""
    connects_per_network: Count = 50
    """Connections a second from one network; twice as many at once, for an office that comes
    back after an outage."""
    deposits_per_network: Count = 2_000
    """Envelopes a second from one network (an IPv4 address or an IPv6 /64): one group of 1,000
    people with two devices; twice as many at once."""
    deposits_per_mailbox: Count = 1_000
    """Envelopes a second from contacts into one mailbox, from all networks together; twenty times
    as many at once, so that a full mailbox's worth of them is never held up."""
    requests_per_mailbox: Count = 1
    """Strangers' envelopes a second for one recipient, from all networks together; as many at once
    as its request lane holds. Told alike whether or not there is such a mailbox."""
    requests_per_account: Count = 20
    """Requests a second of all devices of one account, parts of blobs apart; twenty times as many
    at once: a recovery or a linking makes some dozens."""
    blob_parts_per_account: Count = 100
    """Parts of blobs a second put by all devices of one account, of up to 256 KiB: 25 MiB/s, more
    than a home's line carries; ten times as many at once."""
    requests_per_network: Count = 20
    """Strangers' envelopes, look-ups of codes and registrations a second from one network."""
    request_burst: Count = 64
    """So many of them at once: who scans a roomful of codes isn't held up."""
    fetches_per_network: Count = 100
    """Manifests, prekeys and mailboxes looked up a second for one network; ten times as many at
    once, for who comes back to many contacts."""
    refusals_per_network: Count = 50
    """Frames a second of one network that are told to slow down; ten times as many at once. Who
    goes on past them is read no faster than a frame a second on each connection."""
    one_time_per_account: Count = 1
    """One-time prekeys a second handed out for one account: a contact that asks for more gets the
    last-resort ones, and can't drain the rest's."""
    one_time_burst: Count = 64
    """So many at once: all devices of a group's members who come to know each other."""
    targets_per_frame: Count = 4096
    """Targets of all items of one deposit: two groups of 1,000 people with two devices."""
    one_time_prekeys: Count = 200
    """Public one-time prekeys kept for one device, of each kind."""
    manifests_kept: Count = 4096
    """Links of an account's chain: one a day for eleven years."""
    codes_per_account: Count = 16
    """Contact codes, the newest: more than anybody keeps in use."""
    slots: Count = 10_000
    """Slots at a time, of 16 KiB: a linking takes four, and 160 MB are more than it ever needs."""
    slots_per_network: Count = 1
    """Slots a second put by one network; forty times as many at once. No network alone can fill
    them all within their ten minutes."""
    blob_max_bytes: Count = 5 * 1024**3
    """The largest blob: ten years of history."""
    blobs_bytes_per_account: Count = 2 * 1024**3
    """Announced for all blobs of one account: a history of a million messages."""
    blobs_per_account: Count = 4096
    """Each is a file, however small."""
    blob_ttl_s: Annotated[int, Meta(ge=60, le=MAX_TTL_S)] = DEFAULT_TTL_S
    """The longest that a blob is kept: as long as an envelope waits, unless it asks for more."""
    blobs_bytes: Annotated[int, Meta(ge=0)] = 0
    """Announced for all blobs of all accounts; 0 for as long as the disk has room."""
    blobs_leave_bytes: Annotated[int, Meta(ge=0)] = 256 * 1024**2
    """Room on the disk that blobs leave to the database: who fills it up stops no message."""
    unacked_bytes: Count = 4 * 1024 * 1024
    """Delivered to one device and not acked yet: what a slow reader costs in memory."""
    wake_after_s: Annotated[int, Meta(ge=0, le=3600)] = 3
    """From an envelope for a device that is away to its waking: who is just coming back isn't
    woken, and what comes together wakes once."""
    wake_every_s: Count = 60
    """Between two wakings of a device; twice as long each time as long as it doesn't come."""
    wakes_waiting: Count = 10_000
    """Devices to be woken at a time; beyond them nobody is until there is room."""
    wakes_per_host: Count = 20
    """Wakings a second at one push server; ten times as many at once. No relay is to be what
    floods somebody else."""
    handshake_s: Count = 10
    """From a connection to its welcome: some round trips of a slow satellite."""
    message_s: Count = 30
    """From the first byte of a message to its last."""
    idle_s: Count = 90
    """Three pings missed: whoever is silent for so long is gone."""
    write_s: Count = 20
    """For 64 KiB into the network: who reads slower is cut off, and gets the rest from the disk."""
    awaited_retry_s: Count = 60
    """After a restore: when to try again with what is for an account that hasn't been back yet."""
    going_away_s: Count = 10
    """How long a stopping relay waits for its connections to end by themselves."""
    database_bytes: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Most that the database file may grow to; 0 for as long as the disk has room."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a relay."""

    data: str = ""
    """Directory of the database."""
    database_url: str = ""
    """A PostgreSQL server that several relays share, postgresql://...; empty for a file."""
    listen: str = DEFAULT_LISTEN
    """HOST:PORT; port 0 takes a free one."""
    names: list[str] = msgspec.field(default_factory=list)
    """HOST[:PORT] under which clients reach this relay, besides the one it listens on."""
    tls_cert: str = ""
    """PEM file with the certificate chain; read again when it changes, or at SIGHUP. Without one a
    relay that listens elsewhere than on loopback makes a key of its own, pinned by its address."""
    tls_key: str = ""
    """PEM file with its private key."""
    own_key: bool = False
    """Whether the relay makes that key on loopback, too: for an onion service, whose clients speak
    TLS with the relay itself."""
    certified: bool = False
    """Whether `tls_cert` is from a public authority, so that addresses need no pin of its key."""
    trusted_proxies: list[str] = msgspec.field(default_factory=list)
    """Networks (10.0.0.0/8, 127.0.0.1) of the proxies that speak TLS in front of the relay: they
    alone are believed where a connection comes from. Without a certificate, and not on loopback,
    nobody else is let in."""
    proxy_header: Literal["X-Forwarded-For", "Forwarded"] = "X-Forwarded-For"
    """The header in which they say it. A proxy must write this one itself, or peers could."""
    open_registration: bool = False
    """Whether a name can be registered without an invite."""
    ops_listen: str = ""
    """HOST:PORT for who watches the relay (metrics and health); empty: nobody. Keep it on loopback
    or a network of your own."""
    wake_private_allowed: bool = False
    """Whether devices may be woken at addresses of your own network, as of a push server there."""
    expiry_interval_s: Count = 60
    """How often what has expired is looked for: an envelope goes in its hour."""
    inactive_after_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    """Accounts none of whose devices was connected for so many days are deleted; 0: none ever.
    Only then the day of an account's last connection is kept."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged: debug, info, warning, error."""
    limits: Limits = msgspec.field(default_factory=Limits)

    @property
    def database(self) -> Path:
        """The database file."""
        return Path(self.data) / DATABASE_NAME

    @property
    def blobs(self) -> Path:
        """The directory of the blobs' files."""
        return Path(self.data) / BLOBS_NAME

    @property
    def listen_address(self) -> RelayAddress:
        """Where to listen. `read_settings` has checked that it parses; port 0 is `port_of`'s."""
        host, _, _ = self.listen.rpartition(":")
        return RelayAddress.parse(host)

    @property
    def listen_port(self) -> int:
        """The port to listen on; 0 for any."""
        return int(self.listen.rpartition(":")[2])

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted by this process."""
        behind_proxy = self.is_loopback or bool(self.trusted_proxies)
        return bool(self.tls_cert) or self.own_key or not behind_proxy

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.listen_address.is_loopback

    @property
    def is_proxied_only(self) -> bool:
        """Whether nobody but its proxies may connect: what they carry isn't encrypted here."""
        return not self.uses_tls and not self.is_loopback

    @property
    def proxies(self) -> Proxies:
        """Whose word is taken for where connections come from."""
        return Proxies(self.trusted_proxies, header=self.proxy_header)


def read_settings(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    **overrides: Any,
) -> Settings:
    """Read the settings: defaults, then the file, then `RESTANTE_RELAY_*`, then `overrides`.

    A name in the environment is the setting's in capitals; a limit's has LIMITS_ before it.
    Raises UserError with the place of what is wrong.
    """
    merged: dict[str, Any] = {} if path is None else _read_file(path)
    limits: dict[str, Any] = merged.setdefault("limits", {})
    for name, text in (os.environ if environment is None else environment).items():
        if name.startswith(ENVIRONMENT_PREFIX):
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower()
            target, field = merged, key
            owner: type[Struct] = Settings
            if key.startswith("limits_"):
                target, field, owner = limits, key.removeprefix("limits_"), Limits
            target[field] = _from_environment(owner, name, field, text)
    merged.update({name: value for name, value in overrides.items() if value is not None})
    try:
        settings = msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        where = "the settings" if path is None else str(path)
        raise UserError(f"In {where}: {error}. Correct it and start again.") from error
    _check(settings)
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(f"The settings file {path} can't be read: {why}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"The settings file {path} is no TOML: {error}.") from error


def _from_environment(owner: type[Struct], name: str, field: str, text: str) -> Any:
    fields = {item.name: item.type for item in msgspec.structs.fields(owner)}
    if field not in fields or field == "limits":
        raise UserError(f"{name} is no setting of the relay. Correct or unset it.")
    if field in {"names", "trusted_proxies"}:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return msgspec.convert(text, fields[field], strict=False)
    except msgspec.ValidationError as error:
        raise UserError(f"{name}: {error}. Correct or unset it.") from error


def public_database_url(url: str) -> str:
    """Return an address from the command line, where everybody on the machine reads it.

    Raises UserError: it has a password in it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.password is not None or "password=" in parts.query:
        raise UserError(
            "A password on the command line is read by everybody on this machine. Put the address "
            "into the settings file as database_url, or the password into PGPASSFILE or PGPASSWORD."
        )
    return url


def _check(settings: Settings) -> None:
    """Refuse what would start a relay that is not safe, or not the one that was meant."""
    if not settings.data:
        raise UserError("Say where the relay keeps its data: --data DIR.")
    host, colon, port = settings.listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UserError(f"--listen takes HOST:PORT, as {DEFAULT_LISTEN}; got {settings.listen!r}.")
    if settings.ops_listen and not (
        _PLACE.fullmatch(settings.ops_listen)
        and int(settings.ops_listen.rpartition(":")[2]) <= 65535
    ):
        raise UserError(
            f"ops_listen takes HOST:PORT, as 127.0.0.1:7442; got {settings.ops_listen}."
        )
    try:
        RelayAddress.parse(host)
        for name in settings.names:
            RelayAddress.parse(name)
    except AddressError as error:
        raise UserError(str(error)) from error
    if settings.database_url and not settings.database_url.startswith(_SERVERS):
        raise UserError("The setting database_url takes postgresql://USER@HOST/NAME, or nothing.")
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise UserError("--tls-cert and --tls-key belong together: give both, or neither.")
    if host in _ANYWHERE and not settings.names:
        raise UserError(
            f"Listening on {host}, the relay needs to be told under which name clients reach it: "
            "--name HOST[:PORT]."
        )
    try:
        _ = settings.proxies
    except ValueError as error:
        raise UserError(
            f"trusted_proxies holds networks, as 10.0.0.0/8 or 127.0.0.1: {error}."
        ) from error
    if settings.trusted_proxies and not settings.names:
        raise UserError(
            "Behind a proxy, the relay needs to be told under which name clients reach it: "
            "--name HOST[:PORT]."
        )
