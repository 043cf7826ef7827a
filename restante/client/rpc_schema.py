"""What the socket understands, as an OpenRPC document: every method, event and type.

Rule: all of it is read from the interface; nothing is written by hand for a single method. Pure.
Spec: docs/rpc.md; https://spec.open-rpc.org, version 1.3.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

import msgspec

from restante.client.interface import Engine, Event
from restante.client.methods import METHODS, Method

_REFERENCE: Final = "#/components/schemas/{name}"
_SUBSCRIBE: Final[tuple[tuple[str, str, list[str]], ...]] = (
    ("subscribe", "Watch events from now on: notifications named `event` follow.", []),
    (
        "unsubscribe",
        "End a subscription; the result says whether there was such.",
        ["subscription"],
    ),
)


def open_rpc(version: str) -> dict[str, Any]:
    """Return the document for a program of that version."""
    methods = list(METHODS.values())
    results = [method.result for method in methods]
    schemas, components = msgspec.json.schema_components(
        [*(method.parameters for method in methods), *results, Event], ref_template=_REFERENCE
    )
    parameters = [components.pop(method.parameters.__name__) for method in methods]
    described = [
        _method(method, parameter, schemas[len(methods) + at])
        for at, (method, parameter) in enumerate(zip(methods, parameters, strict=True))
    ]
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": "The engine's socket",
            "version": version,
            "license": {"name": "Apache-2.0"},
        },
        "methods": sorted([*described, *_of_the_socket()], key=lambda each: str(each["name"])),
        "components": {"schemas": {**components, "Event": schemas[-1]}},
    }


def _method(method: Method, parameter: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    required = set(parameter.get("required", ()))
    return {
        "name": method.name,
        "summary": " ".join((inspect.getdoc(getattr(Engine, method.name)) or "").split()),
        "paramStructure": "by-name",
        "params": [
            {"name": name, "required": name in required, "schema": schema}
            for name, schema in parameter["properties"].items()
        ],
        "result": {"name": "result", "schema": result},
    }


def _of_the_socket() -> list[dict[str, Any]]:
    number = {"type": "integer"}
    results = {
        "subscribe": {"type": "object", "required": ["subscription"],
                      "properties": {"subscription": number}},
        "unsubscribe": {"type": "boolean"},
    }  # fmt: skip
    return [
        {
            "name": name,
            "summary": summary,
            "paramStructure": "by-name",
            "params": [{"name": each, "required": True, "schema": number} for each in names],
            "result": {"name": "result", "schema": results[name]},
        }
        for name, summary, names in _SUBSCRIBE
    ]
