"""Asking one endpoint to wake its device: where it leads, how often that may be, and who asks.

Rule: a name is resolved once, and connected to there; many names of one address are one address.
With a proxy nothing is resolved here, and nothing leaves this machine but to the proxy; then many
names below one domain are one.
Spec: docs/protocol/relay.md, section 13.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import RestanteError, UserError
from restante.relay import log
from restante.relay.buckets import Buckets
from restante.relay.http.asking import AskingError, Said, post_nothing
from restante.relay.networks import network_of, plain_address
from restante.relay.waking.endpoints import Endpoint, chosen_address, domain_of

if TYPE_CHECKING:
    from restante.relay.settings import Settings
    from restante.relay.waking.vapid import WakeKey

HEADERS: Final = [("TTL", "86400"), ("Urgency", "normal")]
"""As Web Push requires it; ntfy and UnifiedPush don't mind."""


class TooSoonError(RestanteError):
    """The address has been asked often enough; `after_s` says when it may be again."""

    def __init__(self, after_s: int) -> None:
        super().__init__()
        self.after_s = after_s


class Asking:
    """Asks endpoints, one after the other or at once."""

    def __init__(
        self, settings: Settings, *, deadline_s: float, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._deadline_s = deadline_s
        self._clock = clock
        rate = settings.limits.wakes_per_host
        self._per_address = Buckets(rate=rate, burst=10 * rate)
        self._tls: ssl.SSLContext | None = None
        self._key: WakeKey | None = None
        self._has_looked_for_key = False

    async def ask(self, endpoint: Endpoint) -> Said:
        """Ask. Raises AskingError, BadEndpointError, TooSoonError."""
        await self._load()
        if self._tls is None:
            self._tls = await trio.to_thread.run_sync(ssl.create_default_context)
        return await post_nothing(
            await self._way_to(endpoint),
            host=endpoint.host,
            authority=endpoint.authority,
            target=endpoint.target,
            headers=[*HEADERS, *self._signed_for(endpoint)],
            tls=self._tls,
            deadline_s=self._deadline_s,
        )

    async def _way_to(self, endpoint: Endpoint) -> Callable[[], Awaitable[trio.abc.Stream]]:
        """Return what connects: through the proxy, or to the address that was resolved."""
        proxy, host, port = self._settings.wake_proxy, endpoint.host, endpoint.port
        if proxy:
            self._count(domain_of(host))
            from restante.relay.http.proxied import open_through  # noqa: PLC0415  # dear

            return partial(open_through, proxy, host, port, deadline_s=self._deadline_s)
        address = await self._resolved(endpoint)
        self._count(network_of(plain_address(address)))
        return partial(trio.open_tcp_stream, address, port)

    def _count(self, key: bytes) -> None:
        if after_s := self._per_address.take(key, 1, trio.current_time()):
            raise TooSoonError(after_s)

    async def _resolved(self, endpoint: Endpoint) -> str:
        with trio.move_on_after(self._deadline_s) as scope:
            try:
                found = await trio.socket.getaddrinfo(
                    endpoint.host, endpoint.port, type=trio.socket.SOCK_STREAM
                )
            except OSError:
                raise AskingError("no such name") from None
        if scope.cancelled_caught:
            raise AskingError("too slow")
        return chosen_address(
            [str(one[4][0]) for one in found],
            allows_private=self._settings.wake_private_allowed,
        )

    async def _load(self) -> None:
        """Read the wake key, once; without one, whoever asks for none is still asked."""
        if self._has_looked_for_key:
            return
        self._has_looked_for_key = True
        try:
            self._key = await trio.to_thread.run_sync(_wake_key, Path(self._settings.data))
        except UserError:
            log.warn("wake key unusable", reason="wake.pem can't be read or made")

    def _signed_for(self, endpoint: Endpoint) -> list[tuple[str, str]]:
        if self._key is None:
            return []
        signed = self._key.authorization(
            endpoint.origin, contact=self._settings.wake_contact, now_s=int(self._clock())
        )
        return [("Authorization", signed)]


def _wake_key(data: Path) -> WakeKey:
    # A relay that wakes nobody doesn't carry the library.
    from restante.relay.waking.vapid import wake_key  # noqa: PLC0415

    return wake_key(data)
