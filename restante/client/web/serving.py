"""The page, and the pipe between it and the chat: a process of its own, with a loop of its own.

Rule: whatever is asked passes the door first; one page at a time, and with it ends the chat that
was begun for it. The chat is a program beside this one, so that neither loop knows the other.
Spec: docs/web.md.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from restante.client.tui.possible import BROWSER_DRIVER
from restante.client.web.door import Door

PATIENCE_S: Final = 5.0
"""How long a chat may take to end, before it is ended."""

ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BEAT_S: Final = 15.0
MAX_CELLS: Final = 1000
MAX_TYPED_BYTES: Final = 1 << 20

_HERE: Final = Path(__file__).parent
_STATIC: Final = Path(textual_serve.__file__).parent / "static"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TYPES: Final = {"page.js": "text/javascript", "page.css": "text/css"}
_USED: Final = "This link was used, or is too old. Start 'restante serve-web' again for another.\n"
_NO: Final = "Nothing here without the link that 'restante serve-web' prints.\n"


class Chat(AppService):
    """One chat in a process of its own, ended for certain when its page is."""

    def __init__(self, command: Sequence[str], websocket: web.WebSocketResponse) -> None:
        super().__init__(
            "",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=_nothing,  # whoever runs it closes, once its program has ended
            download_manager=DownloadManager(),
        )
        self._argv = command

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width=width, height=height)
        environment["TEXTUAL_DRIVER"] = BROWSER_DRIVER
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
        )
        self._stdin = self._process.stdin
        return self._process

    async def ended(self) -> None:
        """Wait until the program has ended by itself."""
        if self._task is not None:
            with suppress(Exception):  # what it wrote can't be shown any more
                await asyncio.shield(self._task)

    async def stop(self) -> None:
        """End it: in order if it lets itself be, else by force."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # which is how the chat knows
        for insist in (process.terminate, process.kill, None):
            with suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), PATIENCE_S)
                break
            if insist is not None:
                with suppress(ProcessLookupError):
                    insist()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._task


class Site:
    """What is behind the door."""

    def __init__(self, door: Door, command: Sequence[str]) -> None:
        self._door = door
        self._command = command
        self._chat: Chat | None = None
        self._turn = asyncio.Lock()

    def application(self) -> web.Application:
        """Return all of it, for aiohttp."""
        place = self._door.place
        application = web.Application(middlewares=[self._guard])
        application.router.add_get("/open/{token}", self._open, allow_head=False)
        application.router.add_get(place + "/", self._page)
        application.router.add_get(place + "/page.css", self._part)
        application.router.add_get(place + "/page.js", self._part)
        application.router.add_get(place + "/ws", self._socket, allow_head=False)
        application.router.add_static(place + "/static", _STATIC)
        application.on_shutdown.append(self._end)
        return application

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        is_socket = request.headers.get("Upgrade") is not None
        if not self._door.is_ours(request.headers, must_say_origin=is_socket):
            return _refused(_NO)
        if not request.path.startswith("/open/") and not self._door.knows(request.headers):
            return _refused(_NO)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            return web.Response(status=error.status, text=f"{error.reason}\n", headers=_HEADERS)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    async def _open(self, request: web.Request) -> web.Response:
        cookie = self._door.open(request.match_info["token"])
        if cookie is None:
            return _refused(_USED)
        headers = {"Location": self._door.place + "/", "Set-Cookie": cookie}
        return web.Response(status=303, headers=headers)

    async def _page(self, request: web.Request) -> web.Response:
        scheme, _, _ = self._door.origin.partition("://")
        host = request.headers["Host"]
        socket = f"{'wss' if scheme == 'https' else 'ws'}://{host}{self._door.place}/ws"
        page = (_HERE / "page.html").read_text(encoding="utf-8").replace("{{socket}}", socket)
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            f"font-src 'self'; img-src 'self' data:; connect-src {socket}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return web.Response(
            text=page, content_type="text/html", headers={"Content-Security-Policy": policy}
        )

    async def _part(self, request: web.Request) -> web.Response:
        name = "page.js" if request.path.endswith(".js") else "page.css"
        text = (_HERE / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=_TYPES[name])

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(heartbeat=BEAT_S, max_msg_size=MAX_TYPED_BYTES)
        await websocket.prepare(request)
        async with self._turn:  # a page that is opened again takes the place of the one before
            if self._chat is not None:
                await self._chat.stop()
            chat = self._chat = Chat(self._command, websocket)
            await chat.start(_cells(request, "width", 80), _cells(request, "height", 24))
        watch = asyncio.create_task(_close_after(chat, websocket))
        try:
            async for message in websocket:
                if message.type is WSMsgType.TEXT:
                    await _pass_on(chat, websocket, message.data)
        finally:
            watch.cancel()
            await chat.stop()
        return websocket

    async def _end(self, _application: web.Application) -> None:
        if self._chat is not None:
            await self._chat.stop()


def serve(
    door: Door,
    command: Sequence[str],
    listening: socket.socket,
    *,
    announce: Callable[[], None],
) -> signal.Signals:
    """Serve on a socket that listens already until SIGINT, SIGTERM or SIGHUP; return which.

    `announce` is called once whoever follows the link is served, and a signal ends it in order.
    """
    for noisy in ("textual-serve", "aiohttp", "asyncio"):
        logging.getLogger(noisy).addHandler(logging.NullHandler())  # never over the terminal
        logging.getLogger(noisy).propagate = False
    with asyncio.Runner() as runner:
        return runner.run(_serve(Site(door, command), listening, announce))


async def _serve(
    site: Site, listening: socket.socket, announce: Callable[[], None]
) -> signal.Signals:
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=PATIENCE_S)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()
    for number in ENDING_SIGNALS:
        loop.add_signal_handler(number, _tell, told, number)
    try:
        announce()
        return await told
    finally:
        await runner.cleanup()


def _tell(told: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not told.done():
        told.set_result(number)


async def _close_after(chat: Chat, websocket: web.WebSocketResponse) -> None:
    await chat.ended()
    await websocket.close()


async def _pass_on(chat: Chat, websocket: web.WebSocketResponse, text: str) -> None:
    """Pass on what the page says; what it can't have said is nothing."""
    try:
        kind, *rest = json.loads(text)
        if kind == "stdin":
            await chat.send_bytes(rest[0].encode("utf-8"))
        elif kind == "resize":
            await chat.set_terminal_size(_within(rest[0]["width"]), _within(rest[0]["height"]))
        elif kind == "ping":
            await websocket.send_json(["pong", rest[0]])
        elif kind in {"focus", "blur"}:
            await chat.send_meta({"type": kind})
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OSError):
        return


def _cells(request: web.Request, name: str, usual: int) -> int:
    given = request.query.get(name, "")
    return _within(int(given)) if given.isdecimal() and len(given) < 6 else usual


def _within(cells: int) -> int:
    return max(1, min(int(cells), MAX_CELLS))


def _refused(why: str) -> web.Response:
    return web.Response(status=403, text=why, headers=_HEADERS)


async def _nothing() -> None:
    """Nothing."""
