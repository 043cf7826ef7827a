"""`restante rpc`: the engine's socket for scripts, with or without an engine that runs already.

Rule: knows no method by name; what the engine answers is printed as it is. Spec: docs/rpc.md.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from restante import __version__
from restante.client.attach import EngineGoneError
from restante.client.commands.output import Output, write_line
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError


def call(caller: Caller, method: str, params: str | None) -> ExitCode:
    """Call one method with its parameters, a JSON object, and print the result as JSON."""
    result = caller.call_as_given(method, _parameters(params))
    write_line(json.dumps(result, separators=(",", ":")))
    return ExitCode.OK


def session(out: Output, caller: Caller) -> ExitCode:
    """Pass lines of JSON-RPC on, both ways, until stdin has ended and all of them are answered."""
    try:
        caller.connection().pass_on(sys.stdin.fileno(), lambda line: write_line(line.decode()))
    except EngineGoneError:
        return out.failed(
            ExitCode.UNAVAILABLE,
            "The engine ended. Start again; what had no answer may or may not have been done.",
        )
    return ExitCode.OK


def schema() -> ExitCode:
    """Print every method, event and type, as an OpenRPC document."""
    from restante.client.rpc_schema import open_rpc  # noqa: PLC0415  (the views are heavy)

    write_line(json.dumps(open_rpc(__version__), separators=(",", ":")))
    return ExitCode.OK


def _parameters(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise UserError(f"PARAMS is no JSON: {error}.", exit_code=ExitCode.USAGE) from None
    if not isinstance(found, dict):
        raise UserError("PARAMS must be a JSON object: names and values.", exit_code=ExitCode.USAGE)
    return found
