"""A profile's settings: `settings.toml`, read once, frozen.

Rule: what isn't known is refused with its place, so that a typing error never switches a
protection off in silence. Spec: docs/cli.md, section "Settings".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from restante.errors import UserError

_PROXY = re.compile(r"socks5://(?:[^:@/\s]+:[^:@/\s]+@)?(\[[0-9a-fA-F:]+\]|[^:@/\s\[\]]+):\d{1,5}")


class NetworkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How relays are reached.

    `proxy` is `socks5://[USER:PASSWORD@]HOST:PORT`, as Tor's socks5://127.0.0.1:9050; names are
    then resolved by the proxy. Empty: straight.
    """

    proxy: str = ""


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the log file keeps, in bytes; the one before it is kept beside it."""

    max_bytes: Annotated[int, Meta(ge=65_536, le=1_073_741_824)] = 1_048_576


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a profile."""

    network: NetworkSettings = msgspec.field(default_factory=NetworkSettings)
    log: LogSettings = msgspec.field(default_factory=LogSettings)


def read_settings(path: Path) -> Settings:
    """Read a profile's settings; defaults where there is no file. UserError names the fault."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UserError(f"{path} can't be read: {(error.strerror or 'failed').lower()}.") from error
    try:
        settings = msgspec.toml.decode(data, type=Settings)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{path} is not as it should be: {error}. Correct or remove it.") from error
    proxy = settings.network.proxy
    if proxy and not _PROXY.fullmatch(proxy):
        raise UserError(
            f"{path}: network.proxy must be socks5://HOST:PORT, as socks5://127.0.0.1:9050."
        )
    return settings
