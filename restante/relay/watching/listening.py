"""The listener of who watches: `/metrics`, `/healthz` and `/readyz`, apart from that of clients.

Rule: it says nothing about anybody, and still belongs on loopback or a network of one's own: counts
are the operator's business. Spec: docs/watching.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.errors import StoreError
from restante.relay import log
from restante.relay.http.serving import Answer, Answering
from restante.relay.watching.health import why_not_ready

if TYPE_CHECKING:
    from restante.relay.services import Services
    from restante.relay.watching.exposition import Exposition


class Watched:
    """Answers who watches one relay."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._exposition: Exposition | None = None
        self._answering = Answering(self.answer, on_fault=self._failed)

    async def listen(self, listeners: list[trio.SocketListener]) -> None:
        """Answer for ever."""
        await trio.serve_listeners(self._answering.serve, listeners)

    async def answer(self, path: str) -> Answer | None:
        """Answer a path."""
        if path == "/healthz":
            return Answer(body=b"ok\n")
        if path == "/readyz":
            why = await why_not_ready(self._services)
            return Answer(body=b"ready\n") if why is None else _unready(why)
        if path == "/metrics":
            return await self._metrics()
        return None

    def _failed(self, error: Exception) -> None:
        self._services.figures.faults += 1
        log.bug("watching failed", error)

    async def _metrics(self) -> Answer:
        # Imported when it is asked for: 30 ms and 2 MiB for who watches, nothing for who doesn't.
        from restante.relay.watching.exposition import (  # noqa: PLC0415
            CONTENT_TYPE,
            Exposition,
        )

        if self._exposition is None:
            self._exposition = Exposition(self._services)
        try:
            return Answer(content_type=CONTENT_TYPE, body=await self._exposition.text())
        except StoreError:
            return _unready("the database doesn't answer")


def _unready(why: str) -> Answer:
    return Answer(status=503, body=f"not ready: {why}\n".encode())
