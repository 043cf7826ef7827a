"""Who may come in: one browser, by a link that works once. Pure but for the chance it draws.

Rule: nothing is served to whoever can't show that the link was theirs. The cookie is sent below a
place alone that nobody can guess: cookies know no ports, and another server on this machine would
be sent it. A page of another site is kept out by its Origin, and one that has a name of its own
lead here (DNS rebinding) by the Host. Spec: docs/web.md, section 2.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from typing import Final

LINK_S: Final = 600.0
"""A link that nobody follows is worth nothing after so long."""

COOKIE: Final = "restante"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class Door:
    """One run's secrets. `origin` is what the browser shows: `http://127.0.0.1:8000`."""

    def __init__(
        self, *, origin: str, port: int, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.origin = origin
        self.place = "/" + token_urlsafe(18)
        """Where the page is; below it, all that belongs to it."""
        scheme, _, self._host = origin.partition("://")
        self._is_secure = scheme == "https"
        hosts = [f"{each}:{port}" for each in _LOOPBACK]
        is_here = self._host in hosts
        self._hosts = frozenset(hosts if is_here else [self._host])
        self._token: str | None = token_urlsafe(32)
        self._cookie = token_urlsafe(32)
        self._now_s = now_s
        self._until_s = now_s() + LINK_S

    @property
    def link(self) -> str:
        """The address to open, once."""
        return f"{self.origin}/open/{self._token}"

    def open(self, token: str) -> str | None:
        """Return the header that lets a browser in, for the link's token, once; else None."""
        wanted = self._token
        if wanted is None or self._now_s() > self._until_s or not _same(token, wanted):
            return None
        self._token = None
        secure = "; Secure" if self._is_secure else ""
        return f"{COOKIE}={self._cookie}; Path={self.place}; HttpOnly; SameSite=Strict{secure}"

    def is_ours(self, headers: Mapping[str, str], *, must_say_origin: bool = False) -> bool:
        """Whether a request was made for this server, and by its own page if by any."""
        host, origin = headers.get("Host", "").lower(), headers.get("Origin")
        if host not in self._hosts:
            return False
        if origin is None:
            return not must_say_origin
        scheme = "https" if self._is_secure else "http"
        return origin.lower() == f"{scheme}://{host}"

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether a request comes from the browser that was let in."""
        try:
            found = SimpleCookie(headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return found is not None and self._token is None and _same(found.value, self._cookie)


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode(errors="surrogateescape"), other.encode())
