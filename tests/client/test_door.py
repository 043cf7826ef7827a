"""Who may come in to the chat in a browser."""

from __future__ import annotations

import pytest

from restante.client.web.door import LINK_S, Door

ORIGIN = "http://127.0.0.1:8000"


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def a_door(origin: str = ORIGIN) -> tuple[Door, Clock]:
    clock = Clock()
    return Door(origin=origin, port=8000, now_s=clock), clock


def token_of(door: Door) -> str:
    return door.link.rpartition("/")[2]


def test_a_link_opens_once_and_not_for_long() -> None:
    door, clock = a_door()
    token = token_of(door)
    assert door.open("") is None
    assert door.open("\udcff") is None
    assert door.open(token[:-1]) is None
    clock.now_s += LINK_S
    cookie = door.open(token)
    assert cookie is not None
    assert door.open(token) is None
    assert door.knows({"Cookie": "a=b; " + cookie.partition(";")[0]})
    late, clock = a_door()
    clock.now_s += LINK_S + 1
    assert late.open(token_of(late)) is None


def test_nobody_is_known_before_the_link_was_opened_nor_by_another_cookie() -> None:
    door, _ = a_door()
    for cookie in ("", "restante=", "restante", "restante=x", "=;=", "restante=\u00e9"):
        assert not door.knows({"Cookie": cookie}), cookie
    assert not door.knows({})
    other, _ = a_door()
    theirs = other.open(token_of(other))
    door.open(token_of(door))
    assert theirs is not None
    assert not door.knows({"Cookie": theirs.partition(";")[0]})


def test_a_request_under_another_name_or_from_another_page_is_not_ours() -> None:
    door, _ = a_door()
    for host in ("127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"):
        assert door.is_ours({"Host": host})
        assert door.is_ours({"Host": host, "Origin": f"http://{host}"}, must_say_origin=True)
        assert not door.is_ours({"Host": host}, must_say_origin=True)
    for host in (
        "",
        "127.0.0.1",
        "127.0.0.1:80",
        "evil.example:8000",
        "127.0.0.1:8000.evil.example",
    ):
        assert not door.is_ours({"Host": host}), host
    assert not door.is_ours({})
    for origin in (
        "null",
        "http://evil.example",
        "https://127.0.0.1:8000",
        "http://localhost:8000",
    ):
        assert not door.is_ours({"Host": "127.0.0.1:8000", "Origin": origin}), origin


@pytest.mark.parametrize("origin", ["https://chat.example", "http://192.0.2.7:8000"])
def test_elsewhere_there_is_one_name_alone(origin: str) -> None:
    door, _ = a_door(origin)
    host = origin.partition("://")[2]
    assert door.is_ours({"Host": host, "Origin": origin}, must_say_origin=True)
    assert not door.is_ours({"Host": "127.0.0.1:8000"})
    cookie = door.open(token_of(door))
    assert cookie is not None
    assert ("Secure" in cookie) is origin.startswith("https")
