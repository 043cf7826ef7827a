"""All that this package has: every query by its name, and every table of a profile's database.

Rule: what a module here describes is found, with nobody adding it to a list.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from sqlalchemy import Table

from restante.store import client_queries
from restante.store.client_queries.compiling import Query
from restante.store.client_tables import client_metadata


def all_queries() -> dict[str, Query]:
    """Return every query, under its module's name and its own: `outbox.DUE`."""
    return {
        f"{module}.{name}": value
        for module in _modules()
        for name, value in vars(import_module(f"{client_queries.__name__}.{module}")).items()
        if isinstance(value, Query)
    }


def all_tables() -> list[Table]:
    """Return every table, those that others refer to first."""
    for module in _modules():
        import_module(f"{client_queries.__name__}.{module}")
    return client_metadata.sorted_tables


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(client_queries.__path__)]
