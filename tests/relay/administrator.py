"""A relay's operator, beside the relay that a test runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio

from restante.relay.ops.asking import ask


async def asked(path: Path, method: str, **params: Any) -> Any:
    """Ask the relay of a test, as a command beside it does."""
    return await trio.to_thread.run_sync(
        lambda: ask(path / "relay", method, _not_running, **params)
    )


def _not_running(method: str, params: bytes) -> Any:
    raise AssertionError("the relay runs")
