"""The engine's methods as a table: names, parameters and results, read from its interface.

Rule: nothing is written by hand for a single method; a method added to `Engine` is on the socket
with its parameters checked. Knows no socket. Spec: docs/rpc.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import msgspec

from restante.client import interface
from restante.client.interface import Engine
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of the engine."""

    name: str
    parameters: type[msgspec.Struct]
    """Its parameters by name, with their types and defaults."""
    positional: tuple[str, ...]
    """The names of those that a caller in Python may give by place."""
    result: Any
    """The type of what it returns."""

    async def call(self, engine: Engine, parameters: msgspec.Struct) -> object:
        """Call it on an engine with checked parameters."""
        given = {name: getattr(parameters, name) for name in parameters.__struct_fields__}
        return await getattr(engine, self.name)(**given)

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Give every argument its name. TypeError as Python's own for too many."""
        if len(args) > len(self.positional):
            raise TypeError(f"{self.name}() takes {len(self.positional)} positional arguments")
        return dict(zip(self.positional, args, strict=False)) | kwargs


def _method(name: str, function: Any) -> Method:
    hints = get_type_hints(function, vars(interface), include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]  # without self
    fields: list[Any] = [
        (one.name, hints[one.name])
        if one.default is inspect.Parameter.empty
        else (one.name, hints[one.name], one.default)
        for one in parameters
    ]
    return Method(
        name=name,
        parameters=msgspec.defstruct(
            f"{name}_parameters", fields, frozen=True, kw_only=True, forbid_unknown_fields=True
        ),
        positional=tuple(one.name for one in parameters if one.kind is not one.KEYWORD_ONLY),
        result=hints["return"],
    )


class _Methods(Mapping[str, Method]):
    """The table, each line of it made when it is first looked at: a command calls three of them."""

    def __init__(self, interface: type[Engine]) -> None:
        self._functions = {
            name: function
            for part in reversed(interface.__mro__)
            for name, function in vars(part).items()
            if not name.startswith("_") and inspect.iscoroutinefunction(function)
        }
        self._made: dict[str, Method] = {}

    def __getitem__(self, name: str) -> Method:
        if name not in self._made:
            self._made[name] = _method(name, self._functions[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)


METHODS: Mapping[str, Method] = _Methods(Engine)  # type: ignore[type-abstract]  # only looked at
"""Every method that is a question and an answer; `subscribe` is the socket's own."""
