"""What the bridges share: a small HTTP server whose posts are handed to trio, one at a time.

It listens on loopback: put a proxy with TLS in front of it, or whoever posts on the same machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.message import Message as Headers
from http.server import BaseHTTPRequestHandler, HTTPServer

import trio

from restante.errors import UserError

MAX_BODY_BYTES = 1_048_576

Take = Callable[[Headers, bytes], Awaitable[int]]
"""Takes the headers and body of a post, and returns the HTTP status to answer."""


async def serve(
    take: Take, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
) -> None:
    """Answer posts, for ever. Started in a nursery, it says its port once it listens."""
    token = trio.lowlevel.current_trio_token()

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= MAX_BODY_BYTES:
                self.send_error(413)
                return
            body = self.rfile.read(length)
            try:
                status = trio.from_thread.run(take, self.headers, body, trio_token=token)
            except UserError as error:
                self.log_error("%s", error)
                status = 503  # whoever posts tries again
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = HTTPServer(("127.0.0.1", port), Handler)
    try:
        task_status.started(server.server_address[1])
        while True:
            await trio.lowlevel.wait_readable(server.fileno())
            # Not abandoned: a post that was begun is answered.
            await trio.to_thread.run_sync(server.handle_request)
    finally:
        server.server_close()
