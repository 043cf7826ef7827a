"""Which engine a relay of a test keeps its mailboxes in; a machine's root, for who installs one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay import wire


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let `relay_at` run over each engine in turn; the test is given the engine's name.

    A relay of the same test that starts again finds what the one before has left.
    """
    if request.param == "sqlite":
        yield request.param
        return
    from tests.postgres import the_server

    server = the_server()
    name = server.new_database()
    wire.database_url = server.url(name)
    try:
        yield request.param
    finally:
        wire.database_url = ""
        server.drop(name)


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that others may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="restante-root-"))
    folder.chmod(0o755)
    (folder / "etc").mkdir()
    yield folder
    shutil.rmtree(folder)
