"""An engine's tuning for tests of transfers: parts so small that a short history takes many."""

from __future__ import annotations

from dataclasses import replace

from tests.client.world import QUICK

SMALL = replace(QUICK, history_part_bytes=70_000)
