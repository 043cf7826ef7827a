"""Who holds a retired token doesn't learn of it: whatever they ask is answered as before."""

from __future__ import annotations

import time
from pathlib import Path

from restante.client.link import Link
from restante.crypto import own_keys
from restante.protocol import frames as f
from restante.protocol.ids import Token, token_hash
from restante.protocol.manifest import PrekeyKind
from restante.relay.limits import Limits
from tests.relay.residents import RANDOM, Resident, a_link, an_item, registered
from tests.relay.wire import relay_at

FULL_AFTER = 3


async def seen_by(link: Link, bob: Resident, token: bytes) -> list[object]:
    """Return all that the bearer of a token sees of bob."""
    seen: list[object] = []
    bundles = await link.ask(
        f.BundlesFound,
        lambda n: f.FetchPrekeys(
            request=n, name=bob.name, devices=[bob.device.device_id], token=token
        ),
    )
    for bundle in bundles.bundles:
        seen += [bundle.one_time is not None, PrekeyKind(bundle.kem.kind)]
    for _ in range(FULL_AFTER + 1):
        item = an_item(f.Target(mailbox=bob.mailbox, token=token))
        answer = await link.ask(
            f.Deposited,
            lambda n, item=item: f.Deposit(request=n, is_retry=False, items=[item]),
        )
        (result,) = answer.results[0]
        seen += [f.Outcome(result.outcome), result.expires_in_s // 7200]
    return seen


async def test_a_retired_token_is_answered_like_a_live_one(tmp_path: Path) -> None:
    limits = Limits(mailbox_envelopes=FULL_AFTER, request_mailbox_envelopes=1)
    async with relay_at(tmp_path, limits=limits) as relay:
        [bob] = await registered(relay.address, ["bob"])
        retired = Token(RANDOM.random(16))
        made = own_keys.generate_prekeys(
            RANDOM, bob.device, first_id=1, now_s=int(time.time()), one_time=4, kem_one_time=4
        )
        async with a_link(relay.address, bob) as link:
            await link.ask(
                f.Done,
                lambda n: f.PublishPrekeys(request=n, prekeys=[key.public for key in made]),
            )
            await link.ask(
                f.Done,
                lambda n: f.PublishTokens(
                    request=n,
                    live=[token_hash(token) for token in bob.tokens],
                    retired=[token_hash(retired)],
                ),
            )
        async with a_link(relay.address) as link:
            by_live = await seen_by(link, bob, bob.tokens[0])
            assert await seen_by(link, bob, retired) == by_live
        assert by_live[:2] == [True, PrekeyKind.KEM_ONE_TIME]
        assert by_live[-2] is f.Outcome.FULL
