"""Frozen, slotted, keyword-only values, as the standard library's dataclasses and made faster.

A dataclass writes and compiles six methods whenever its module is imported, half a millisecond
each, and a command that sends one line imports 160 of them. Here the fields are the library's, and
the methods are the same few functions for all. Rule: a value behaves as the library's would in
everything: `replace`, `fields`, comparing, hashing, showing, and what it refuses. To whoever checks
types it is the library's. Knows nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, **options):
        """As the library's; made fast where frozen, slots and kw_only are all that is asked."""
        if cls is None:
            return lambda decorated: dataclass(decorated, **options)
        inherits = any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:])
        if inherits or options != {"frozen": True, "slots": True, "kw_only": True}:
            return dataclasses.dataclass(cls, **options)
        return _value(cls)


def _value(decorated: type[Any]) -> type[Any]:
    own = set(vars(decorated))
    described = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)
    cls: type[Any] = described(decorated)
    every = fields(cls)
    shown = [each.name for each in every if each.repr]
    compared = _reader([each.name for each in every if each.compare])
    state = _reader([each.name for each in every])

    def equals(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def hashed(self: Any) -> int:
        return hash(compared(self))

    def show(self: Any) -> str:
        values = ", ".join([f"{name}={getattr(self, name)!r}" for name in shown])
        return f"{self.__class__.__qualname__}({values})"

    def set_state(self: Any, values: Any) -> None:
        for each, value in zip(every, values, strict=True):
            object.__setattr__(self, each.name, value)

    methods: dict[str, Any] = {
        "__init__": _maker(cls, every),
        "__eq__": equals,
        "__hash__": hashed,
        "__repr__": show,
        "__getstate__": state,
        "__setstate__": set_state,
        "__setattr__": _refuse_setting,
        "__delattr__": _refuse_deleting,
    }
    for name, method in methods.items():
        if name not in own:
            setattr(cls, name, method)
    cls.__dataclass_params__.frozen = True
    return cls


def _reader(names: list[str]) -> Callable[[Any], Any]:
    """Return what reads these fields of a value, as a tuple."""
    read = attrgetter(*names) if names else None

    def read_all(self: Any) -> Any:
        return () if read is None else (read(self),) if len(names) == 1 else read(self)

    return read_all


def _maker(cls: type[Any], every: tuple[Field[Any], ...]) -> Callable[..., None]:
    """Return the `__init__` of a class."""
    puts = [(each.name, getattr(cls, each.name).__set__) for each in every]
    count = len(puts)
    defaults = {each.name: each.default for each in every if each.default is not MISSING}
    made = [
        (each.name, each.default_factory) for each in every if each.default_factory is not MISSING
    ]
    finish = getattr(cls, "__post_init__", None)

    def make(self: Any, **given: Any) -> None:
        if len(given) != count:
            given = defaults | given
            for name, factory in made:
                if name not in given:
                    given[name] = factory()
            if len(given) != count:
                raise _refused(cls, every, given)
        try:
            for name, put in puts:
                put(self, given[name])
        except KeyError:
            raise _refused(cls, every, given) from None
        if finish is not None:
            finish(self)

    return make


def _refused(cls: type[Any], every: tuple[Field[Any], ...], given: dict[str, Any]) -> TypeError:
    names = [each.name for each in every]
    unknown = [name for name in given if name not in names]
    if unknown:
        what = f"got an unexpected keyword argument {unknown[0]!r}"
    else:
        missing = ", ".join([repr(name) for name in names if name not in given])
        what = f"missing required keyword-only arguments: {missing}"
    return TypeError(f"{cls.__qualname__}.__init__() {what}")


def _refuse_setting(self: Any, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
