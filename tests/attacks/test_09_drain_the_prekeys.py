"""Attack 9: drain the prekeys. Strangers get none, a contact not many, and the rest is no worse."""

from __future__ import annotations

import time
from pathlib import Path

from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import verify_bundle
from restante.protocol import frames as f
from restante.protocol.manifest import PrekeyKind
from restante.relay.limits import Limits
from tests.relay.wire import anonymous, authenticated, registered, relay_at

ONE_TIME = 40
BURST = 10


async def test_a_contact_that_asks_for_all_one_time_prekeys_gets_a_few(tmp_path: Path) -> None:
    limits = Limits(one_time_per_account=1, one_time_burst=BURST)
    async with relay_at(tmp_path, limits=limits) as relay:
        bob = await registered(relay, "bob")
        prekeys = own_keys.generate_prekeys(
            SystemRandomness(),
            bob.device,
            first_id=1,
            now_s=int(time.time()),
            one_time=ONE_TIME,
            kem_one_time=ONE_TIME,
        )
        async with authenticated(relay, bob) as device:
            await device.ask(f.PublishPrekeys, prekeys=[secret.public for secret in prekeys])
            async with anonymous(relay) as wire:
                bundles, began_at = [], time.monotonic()
                for token in [None] * 5 + [bob.tokens[0]] * (2 * ONE_TIME):
                    found = await wire.ask(
                        f.FetchPrekeys, name="bob", devices=[bob.device.device_id], token=token
                    )
                    bundles += found.bundles
            took_s = time.monotonic() - began_at
            left = await device.ask(f.FetchPrekeyState)
        assert left.one_time >= ONE_TIME // 2
        assert left.one_time == left.kem_one_time
        assert all(bundle.one_time is None for bundle in bundles[:5])
        assert bundles[5].one_time is not None
        assert sum(bundle.one_time is not None for bundle in bundles) <= BURST + took_s + 1
        spared = [bundle for bundle in bundles[5:] if bundle.one_time is None]
        for bundle in bundles:
            verified = verify_bundle(bundle, now_s=int(time.time()))
            assert verified.kem is not None, "the last resort is still post-quantum"
        assert {bundle.kem.kind for bundle in spared} == {PrekeyKind.KEM_LAST_RESORT}
