"""Attack 23: the relay breaks a conversation on purpose, with garbage, forged and old hellos, so
that the two begin anew again and again.

Held by: nothing that fails to open changes a session or begins one, and a hello opens only if its
sender owns the device that it names. (That a client resets by its own user only is tested there.)
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from restante.errors import CryptoError
from tests.crypto.endpoint import Endpoint
from tests.crypto.people import RANDOM, a_person, begin, seal

if TYPE_CHECKING:
    import random


def test_no_stream_of_bad_envelopes_moves_a_conversation(seeded_random: random.Random) -> None:
    alice, bob, mallory = a_person("alice"), a_person("bob"), a_person("mallory")
    ends = Endpoint(alice, bob), Endpoint(bob, alice)
    seen = []
    for turn in range(4):
        seen.append(ends[turn % 2].send(b"turn %d" % turn))
        assert ends[1 - turn % 2].receive(seen[-1])
    device = replace(mallory.device, key=alice.device.key, device_id=alice.device.device_id)
    posing = replace(alice, device=device)
    before = ends[1].stored()
    opened = list(ends[1].contents)
    for _ in range(60):
        old = seeded_random.choice(seen)
        damaged = bytearray(old)
        damaged[seeded_random.randrange(len(damaged))] ^= 0x10
        forged = seal(begin(posing, bob, bundle=bob.bundle(one_time=False)), b"it is me")
        for envelope in (old, bytes(damaged), RANDOM.random(16384), forged.envelope):
            with contextlib.suppress(CryptoError):
                assert not ends[1].receive(envelope)
    assert ends[1].stored() == before
    assert ends[1].contents == opened
    assert ends[1].receive(ends[0].send(b"still here"))
