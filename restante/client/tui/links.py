"""Where a web address really goes, and whether it looks as if it went elsewhere. Pure.

Rule: what counts is the host that a browser asks, written in ASCII; what stands before an @ is no
host, and letters of other alphabets can look like anything. Spec: docs/tui.md, section 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from restante.client.tui import link_words
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`host` is what a browser would ask; `is_disguised`: the address looks like another."""

    url: str
    host: str
    is_disguised: bool
    says: str
    """Where it goes, and why that isn't what it looks like."""


def read_link(url: str) -> Link:
    """Read an address that begins with http:// or https://."""
    try:
        parts = urlsplit(url)
        seen, user = parts.hostname or "", parts.username
    except ValueError:
        return Link(url=url, host="", is_disguised=True, says=link_words.NOWHERE)
    host = seen
    if not seen.isascii():
        try:
            host = seen.encode("idna").decode("ascii")
        except UnicodeError:
            return Link(url=url, host="", is_disguised=True, says=link_words.NOWHERE)
    # A browser takes a backslash for a slash, where we would read on to another host.
    is_disguised = user is not None or host != seen or "\\" in url or not host
    says = link_words.goes_to(host) if host else link_words.NOWHERE
    return Link(url=url, host=host, is_disguised=is_disguised, says=says)


def can_open(environment: Mapping[str, str], platform: str) -> bool:
    """Whether there is a browser beside the terminal: one inside it would take the screen."""
    if platform == "darwin":
        return "SSH_CONNECTION" not in environment
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
