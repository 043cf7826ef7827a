"""The engine's methods as a table: names, parameters and results, read from its interface.

Rule: nothing is written by hand for a single method; a method added to `Engine` is on the socket
with its parameters checked. Knows no socket. Spec: docs/rpc.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_type_hints

import msgspec

from restante.client import interface
from restante.client.interface import Engine


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


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        name: _method(name, function)
        for part in reversed(Engine.__mro__)
        for name, function in vars(part).items()
        if not name.startswith("_") and inspect.iscoroutinefunction(function)
    }
)
"""Every method that is a question and an answer; `subscribe` is the socket's own."""
