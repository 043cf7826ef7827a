"""Attack 36: a profile restored from a copy takes up old ratchet states. No nonce repeats.

Such a state seals with keys that were used already; only fresh, random nonces keep that from giving
anything away. Whoever had the newer state before is not harmed by what the older one sends.
"""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

from restante.protocol.envelope import HELLO_PREFIX_BYTES, NONCE_BYTES, SEALED_HEADER_BYTES
from restante.protocol.limits import BUCKETS
from tests.client.world import a_world, bodies, introduce, reaches

if TYPE_CHECKING:
    from pathlib import Path


def nonces(payload: bytes) -> list[bytes]:
    """The header's and the body's nonce."""
    start = HELLO_PREFIX_BYTES if len(payload) > BUCKETS[0] else 16  # here only hellos are larger
    body = start + SEALED_HEADER_BYTES
    return [payload[start : start + NONCE_BYTES], payload[body : body + NONCE_BYTES]]


async def test_no_nonce_repeats_after_a_restored_snapshot(tmp_path: Path) -> None:
    async with a_world(tmp_path, tapped=True) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
            await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
        shutil.copytree(world.profile("alice"), tmp_path / "snapshot")
        async with world.online("alice") as alice:
            for text in ("one", "two", "three"):
                await reaches(alice, await alice.send(to_bob, text), "delivered")
        shutil.rmtree(world.profile("alice"))
        shutil.copytree(tmp_path / "snapshot", world.profile("alice"), dirs_exist_ok=True)
        async with world.online("alice") as alice:
            for text in ("uno", "due", "tre"):
                await reaches(alice, await alice.send(to_bob, text), "relayed")
        assert await bob.synchronise(timeout_s=30)
        assert await bodies(bob, to_alice) == ["begin", "go on", "one", "two", "three"]

        assert world.tap is not None
        payloads = {item.payload for item in world.tap.deposits()}
        tags = Counter(payload[:16] for payload in payloads if len(payload) == BUCKETS[0])
        assert max(tags.values()) > 1, "the snapshot sealed nothing with a key used before"
        drawn = [nonce for payload in payloads for nonce in nonces(payload)]
        assert len(drawn) == len(set(drawn))
