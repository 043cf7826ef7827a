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
from restante.relay.limits import Count, Limits
from restante.relay.proxies import Proxies

ENVIRONMENT_PREFIX: Final = "RESTANTE_RELAY_"
DEFAULT_LISTEN: Final = "127.0.0.1:7441"
DATABASE_NAME: Final = "relay.sqlite3"
BLOBS_NAME: Final = "blobs"

_BUCKET: Final = re.compile(r"s3://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](?:/[!-~]*)?")
_ENDPOINT: Final = re.compile(r"https?://[^/\s?#]+/?")

_SERVERS: Final = ("postgresql://", "postgres://")
_ANYWHERE: Final = ("0.0.0.0", "[::]")  # noqa: S104  # compared with, not bound to

_PLACE: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):\d{1,5}")

_SOCKS: Final = re.compile(r"socks5://(?:[!-~]+@)?(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")
_CONTACT: Final = re.compile(r"(?:mailto:[^@\s]+@[^@\s]+|https://[!-~]+)")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a relay."""

    data: str = ""
    """Directory of the database."""
    database_url: str = ""
    """A PostgreSQL server that several relays share, postgresql://...; empty for a file."""
    blobs_url: str = ""
    """s3://BUCKET/PREFIX of an S3-compatible store that the bytes of blobs lie in, with a prefix
    for each relay, or for those of one database; empty for the directory. Needs restante[s3]."""
    s3_endpoint: str = ""
    """https://HOST[:PORT] of that store; empty for Amazon's."""
    s3_region: str = "us-east-1"
    """Its region."""
    s3_access_key: str = ""
    """Who the relay is there; empty: as AWS_ACCESS_KEY_ID says, or the machine's own role."""
    s3_secret_key: str = ""
    """The secret that belongs to it; empty: as AWS_SECRET_ACCESS_KEY says."""
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
    wake_proxy: str = ""
    """socks5://HOST:PORT through which devices are woken, as Tor's on this machine: for a relay
    that must not show where it stands. It resolves the names, too."""
    wake_contact: str = ""
    """mailto:... or https://... that push services are told besides the relay's wake key, for when
    its wakings trouble them; Apple's wants one. Empty: nothing."""
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
    _check_waking(settings)
    _check_blobs(settings)
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


def _check_waking(settings: Settings) -> None:
    if settings.wake_proxy and not _SOCKS.fullmatch(settings.wake_proxy):
        raise UserError("wake_proxy takes socks5://HOST:PORT, as socks5://127.0.0.1:9050.")
    if settings.wake_contact and not _CONTACT.fullmatch(settings.wake_contact):
        raise UserError("wake_contact takes mailto:NAME@HOST or https://..., or nothing.")


def _check_blobs(settings: Settings) -> None:
    if settings.blobs_url and not _BUCKET.fullmatch(settings.blobs_url):
        raise UserError(
            "The setting blobs_url takes s3://BUCKET or s3://BUCKET/PREFIX, or nothing."
        )
    if settings.s3_endpoint and not _ENDPOINT.fullmatch(settings.s3_endpoint):
        raise UserError("The setting s3_endpoint takes https://HOST[:PORT], or nothing.")
    if bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        raise UserError(
            "The settings s3_access_key and s3_secret_key belong together: give both, or neither."
        )
