"""A store that speaks S3, in a thread of the tests: moto's, on loopback."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

NAME = "restante-blobs"


@dataclass(frozen=True)
class Bucket:
    """One bucket of a store that runs."""

    port: int

    @property
    def settings(self) -> dict[str, Any]:
        """What a relay is told of it."""
        return {
            "blobs_url": f"s3://{NAME}/relay",
            "s3_endpoint": f"http://127.0.0.1:{self.port}",
            "s3_access_key": "someone",
            "s3_secret_key": "a secret",
        }

    def ask(self, method: str, path: str = "") -> bytes:
        """Ask it something, without a signature."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request(method, f"/{NAME}{path}")
            answer = link.getresponse()
            assert answer.status < 300, answer.status
            return answer.read()
        finally:
            link.close()

    def names(self) -> list[str]:
        """Return the names of all objects, after the prefix."""
        found = self.ask("GET", "?list-type=2").decode()
        return [part.split("</Key>")[0] for part in found.split("<Key>relay/")[1:]]


@contextmanager
def a_bucket() -> Iterator[Bucket]:
    """Run a store with one empty bucket."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        bucket = Bucket(port)
        bucket.ask("PUT")
        yield bucket
    finally:
        server.stop()
