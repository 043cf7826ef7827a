"""The chat in a browser: by its link alone, once, and with nothing left when it ends."""

from __future__ import annotations

import fcntl
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.browser import a_browser
from tests.e2e.town import Person, end, read_line
from tests.processes import PATIENCE_S
from tests.programs import find_program

SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
}


@pytest.fixture
def link(friends: tuple[Person, Person]) -> Iterator[str]:
    """Have alice's chat served, and the link to it."""
    process = friends[0].start("serve-web", "--json")
    try:
        yield json.loads(read_line(process.stdout))["url"]
    finally:
        assert end(process) == 0


def asked(link: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask a server for a path, without more headers than these."""
    place = urlsplit(link)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    try:
        usual = {"Host": place.netloc}
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in (usual | {n.replace("_", "-"): v for n, v in headers.items()}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = b"" if answer.status == 101 else answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
    finally:
        connection.close()


def test_nothing_comes_without_the_link_and_the_link_opens_once(link: str) -> None:
    origin, _, token = link.rpartition("/open/")
    open_path = f"/open/{token}"
    for path in ("/", "/open/", "/open/x", "/ws", "/static/js/textual.js", "/page.css"):
        status, _, body = asked(link, path)
        assert status in {403, 404}, path
        assert b"textual" not in body
        assert len(body) < 200
    # A name of somebody else's that leads here, and a page of another site that asks here.
    assert asked(link, open_path, Host="evil.example")[0] == 403
    assert asked(link, open_path, Host="evil.example:80")[0] == 403
    assert asked(link, open_path, Origin="https://evil.example")[0] == 403

    status, headers, _ = asked(link, open_path)
    assert status == 303
    place, cookie = headers["location"], headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", f"Path={place.rstrip('/')}"} <= set(cookie.split("; "))
    assert asked(link, open_path)[0] == 403, "once"
    mine = {"Cookie": cookie.partition(";")[0]}

    status, headers, page = asked(link, place, **mine)
    assert status == 200
    assert b"<title>Restante</title>" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert b"//" not in page.replace(b"ws://" + urlsplit(link).netloc.encode(), b""), "nobody else"
    assert asked(link, place)[0] == 403
    assert asked(link, place, Cookie="restante=guess")[0] == 403
    assert asked(link, place + "page.css", **mine)[0] == 200
    assert asked(link, place + "static/", **mine)[0] in {403, 404}
    assert asked(link, place + "static/../../../../../etc/passwd", **mine)[0] in {403, 404}

    here = {**SOCKET, **mine}
    assert asked(link, place + "ws", **SOCKET, Origin=origin)[0] == 403
    assert asked(link, place + "ws", **here)[0] == 403, "a socket says where it comes from"
    assert asked(link, place + "ws", **here, Origin="http://localhost:1")[0] == 403
    assert asked(link, place + "ws", **here, Origin="null")[0] == 403
    assert asked(link, place + "ws", **here, Origin=origin)[0] == 101


def test_elsewhere_than_here_it_must_be_asked_for(stranger: Person) -> None:
    assert "plain HTTP" in stranger.run("serve-web", "--listen", "0.0.0.0:0").failed(1)
    assert "ADDRESS:PORT" in stranger.run("serve-web", "--listen", "8000").failed(1)
    assert "https://" in stranger.run("serve-web", "--url", "http://chat.example").failed(1)


def has_ended(person: Person) -> bool:
    """Whether nobody runs a person's engine any more: the chat in the page did."""
    with (person.directory / "engine.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits
    return True


@pytest.mark.needs("chromium")
def test_a_browser_shows_the_chat_and_what_is_typed_is_sent(
    friends: tuple[Person, Person], link: str, tmp_path: Path
) -> None:
    alice, bob = friends
    program = find_program("chromium")
    assert program is not None
    with a_browser(program, tmp_path / "profile") as browser:
        browser.call("Page.navigate", url=link)
        browser.until_written("Connected")
        browser.until_written("bob")
        assert browser.value("document.title") == "Restante"
        browser.until_written("essage bob", again=browser.press_enter)  # the cursor is on its M
        browser.type("from a browser")
        browser.press_enter()
        browser.until_written("sent")
        shot = browser.call("Page.captureScreenshot", format="png")["data"]
        assert len(shot) > 20_000, "a screen of text, not an empty page"
        heard = bob.run("tail", "--once", "--json").ok()
        assert "from a browser" in [each.get("body") for each in heard.records]
        browser.call("Page.navigate", url="about:blank")
        assert has_ended(alice)
