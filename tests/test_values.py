"""A value behaves as one of the library's dataclasses would, in all that anybody sees of it."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import msgspec
import pytest

from restante import values


class _Outline:
    number: int
    secret: bytes = field(repr=False)
    told: str = "nothing"
    seen: list[int] = field(default_factory=list)
    apart: int = field(default=0, compare=False)

    def doubled(self) -> int:
        return self.number * 2


def _made(decorate: Callable[..., Any]) -> Any:
    body = {name: vars(_Outline)[name] for name in ("secret", "told", "seen", "apart", "doubled")}
    outline = type("Outline", (), {**body, "__annotations__": _Outline.__annotations__})
    return decorate(frozen=True, slots=True, kw_only=True)(outline)


Value = _made(values.dataclass)
Library = _made(dataclasses.dataclass)


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One that looks at itself."""

    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("too small")


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Wider(Checked):
    """One with fields of another."""

    name: str = ""


@pytest.mark.parametrize(
    "ask",
    [
        lambda made: repr(made(number=1, secret=b"2")),
        lambda made: repr(made(number=1, secret=b"2", told="x", seen=[3], apart=4)),
        lambda made: made(number=1, secret=b"2") == made(secret=b"2", number=1, apart=9),
        lambda made: made(number=1, secret=b"2") == made(number=1, secret=b"3"),
        lambda made: made(number=1, secret=b"2") == (1, b"2", "nothing", [], 0),
        lambda made: made(number=2, secret=b"").doubled(),
        lambda made: repr(dataclasses.replace(made(number=1, secret=b"2"), told="y")),
        lambda made: dataclasses.asdict(made(number=1, secret=b"2")),
        lambda made: [each.name for each in dataclasses.fields(made)],
        lambda made: made(number=1, secret=b"").seen is made(number=1, secret=b"").seen,
        lambda made: msgspec.json.encode(made(number=1, secret=b"2")),
        lambda made: repr(msgspec.convert({"number": 1, "secret": b"2"}, made)),
        lambda made: repr(copy.copy(made(number=1, secret=b"2", told="z"))),
        lambda made: repr(copy.deepcopy(made(number=1, secret=b"2", seen=[1]))),
        lambda made: (made.__slots__, made.__match_args__, hasattr(made, "__dict__")),
    ],
)
def test_it_says_what_the_library_says(ask: Callable[[Any], object]) -> None:
    assert ask(Value) == ask(Library)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda made: made(number=1), TypeError),
        (lambda made: made(number=1, secret=b"", other=2), TypeError),
        (lambda made: made(number=1, secret=b"", told="", seen=[], other=2), TypeError),
        (lambda made: made(1, b""), TypeError),
        (lambda made: setattr(made(number=1, secret=b""), "number", 2), FrozenInstanceError),
        (lambda made: delattr(made(number=1, secret=b""), "number"), FrozenInstanceError),
        (lambda made: hash(made(number=1, secret=b"")), TypeError),  # a list in it
    ],
)
def test_it_refuses_what_the_library_refuses(
    wrong: Callable[[Any], object], error: type[Exception]
) -> None:
    for made in (Library, Value):
        with pytest.raises(error):
            wrong(made)


def test_it_is_hashed_compared_and_checked_by_its_fields() -> None:
    assert hash(Checked(size=3)) == hash(Checked(size=3))
    assert {Checked(size=3), Checked(size=3), Checked(size=4)} == {Checked(size=3), Checked(size=4)}
    with pytest.raises(ValueError, match="too small"):
        Checked(size=-1)
    with pytest.raises(ValueError, match="too small"):
        dataclasses.replace(Checked(size=1), size=-1)
    with pytest.raises(ValueError, match="too small"):
        Wider(size=-1)
    assert repr(Wider(size=1, name="x")) == "Wider(size=1, name='x')"
    assert Wider(size=1) != Checked(size=1)


def test_what_is_asked_for_otherwise_is_the_librarys() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True, order=True)
    class Ordered:
        size: int

    @values.dataclass
    class Plain:
        size: int

    assert Ordered(size=1) < Ordered(size=2)
    assert Plain(1).size == 1
