"""Two relays never run over one directory: they would give the same numbers to two envelopes."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.errors import UserError
from tests.relay.relay_process import a_relay_process
from tests.relay.wire import relay_at


async def test_a_second_relay_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    (tmp_path / "relay").mkdir()
    async with a_relay_process(tmp_path, data=str(tmp_path / "relay")) as first:
        with pytest.raises(BaseExceptionGroup) as refused:
            async with relay_at(tmp_path):
                pass
        assert refused.group_contains(UserError, match="Another relay runs in")
        first.kill()
        await first.wait()
        async with relay_at(tmp_path) as second:
            assert second.address.port != first.address.port
