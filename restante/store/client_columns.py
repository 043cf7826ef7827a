"""How a column of a profile's database is named: its type, whether it may be empty. No statement.

Ids and keys are BLOBs, flags 0 or 1, times integers with their unit in the name.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Text

client_metadata: Final = MetaData()


def blob(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """Name a column of bytes."""
    return Column(name, LargeBinary, nullable=nullable, primary_key=primary_key)


def number(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """Name a column of whole numbers."""
    return Column(name, Integer, nullable=nullable, primary_key=primary_key, autoincrement=False)


def text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    """Name a column of text."""
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def rowid(name: str) -> Column[Any]:
    """Name SQLite's own row number: rows in the order in which they came."""
    return Column(name, Integer, primary_key=True, nullable=False)
