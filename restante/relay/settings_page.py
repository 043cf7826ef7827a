"""All settings as a TOML file with their reasons, for an operator to begin with.

Rule: drawn from the record of settings, so that none is missing and none is made up. What has its
default is commented out, so that a later version's default counts. Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from restante.relay.limits import Limits
from restante.relay.settings import ENVIRONMENT_PREFIX, Settings

WIDTH: Final = 96

_HEAD: Final = f"""\
# Settings of a Restante relay: restante relay serve --settings THIS_FILE
# What has a # before it is the default. Variables {ENVIRONMENT_PREFIX}NAME, and
# {ENVIRONMENT_PREFIX}LIMITS_NAME for a limit, win over this file, and options over both."""


def settings_page(settings: Settings) -> str:
    """Return a TOML file of these settings; reading it gives them again."""
    own = [
        *_entries(settings),
        (
            "[limits]\n"
            "# What one relay gives to whom. Bytes, seconds, counts; rates are per second.\n"
            "# Of several over one database_url each has its own rates and connections."
        ),
        *_entries(settings.limits),
    ]
    return "\n\n".join([_HEAD, *own]) + "\n"


def reasons(kind: type[Struct]) -> dict[str, str]:
    """Return what stands beside each field of a kind of settings, as it stands in the code."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(kind) or kind))
    (found,) = (
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    beside: dict[str, str] = {}
    for field, after in zip(found.body, found.body[1:], strict=False):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(reason))),
            ):
                beside[name] = " ".join(reason.split())
    return beside


def _entries(settings: Settings | Limits) -> Iterator[str]:
    """Yield each setting's reason and its line."""
    why = reasons(type(settings))
    for field in msgspec.structs.fields(type(settings)):
        if field.name == "limits":
            continue
        value = getattr(settings, field.name)
        line = f"{field.name} = {_toml(value)}"
        if value == field.default or (field.default is msgspec.NODEFAULT and not value):
            line = f"# {line}"
        reason = textwrap.wrap(why[field.name], WIDTH, initial_indent="# ", subsequent_indent="# ")
        yield "\n".join([*reason, line])


def _toml(value: str | int | list[str]) -> str:
    """Write a value as TOML does; JSON's strings are TOML's, too."""
    return msgspec.json.encode(value).decode("utf-8")
