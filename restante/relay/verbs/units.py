"""Sizes and days as operators write and read them.

Rule: what is read back is what was written.
"""

from __future__ import annotations

import re
import time
from typing import Final

import click

_UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE: Final = re.compile(r"([0-9]{1,12})([KMGT]?)(?:i?B)?", re.IGNORECASE)
_DAY_S: Final = 86_400


class Size(click.ParamType[int]):
    """A size such as 512M or 2G."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return it in bytes."""
        match = _SIZE.fullmatch(str(value))
        size_bytes = int(match[1]) * _UNITS[match[2].upper()] if match else 0
        if not 0 < size_bytes < 2**53:
            self.fail(f"{value!r} is no size. Write 512M or 2G.", param, ctx)
        return size_bytes


def size_text(size_bytes: int) -> str:
    """Return a size for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes} {unit}"
        size_bytes //= 1024
    return f"{size_bytes} TiB"


def day_text(day: int | None) -> str | None:
    """Return a day, counted since 1970, as a date."""
    return None if day is None else time.strftime("%Y-%m-%d", time.gmtime(day * _DAY_S))


def time_text(at_s: int) -> str:
    """Return a time as RFC 3339 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
