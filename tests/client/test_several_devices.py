"""A contact with two devices: one message, an envelope for each, and one state for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.client.clock import SystemClock
from restante.client.link import Link, open_link
from restante.client.socket import Route
from restante.crypto import dh, envelope, own_keys
from restante.crypto.handshake import HelloSecrets
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import AccountSigningKey, KemSeed, RatchetSecret, RootSigningKey
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol import frames as f
from restante.protocol.codec import decode
from restante.protocol.content import Content, Text
from restante.protocol.ids import MailboxId
from restante.store.client_account import load_account, set_value
from tests.client.world import World, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.crypto.own_keys import DeviceSecrets, PrekeySecret

RANDOM = SystemRandomness()
ROUTE = Route(proxy=None, isolation="test")


class SecondDevice:
    """Another device of somebody's, without an engine: it publishes prekeys and opens hellos."""

    def __init__(self, secrets: DeviceSecrets, manifest: VerifiedManifest) -> None:
        self.secrets = secrets
        self.manifest = manifest
        self.prekeys: dict[int, PrekeySecret] = {}

    async def publish(self, link: Link, now_s: int) -> None:
        made = own_keys.generate_prekeys(
            RANDOM, self.secrets, first_id=1, now_s=now_s, one_time=2, kem_one_time=2
        )
        self.prekeys = {each.public.id: each for each in made}
        await link.ask(
            f.Done,
            lambda n: f.PublishPrekeys(request=n, prekeys=[each.public for each in made]),
        )

    def open(self, payload: bytes, now_s: int) -> str:
        references = envelope.hello_references(payload, self.secrets.device_id)
        assert references is not None

        def scalar(prekey_id: int) -> dh.RatchetKeyPair:
            secret = self.prekeys[prekey_id].secret
            assert isinstance(secret, RatchetSecret)
            return dh.ratchet_pair(secret)

        seed = self.prekeys[references.kem_prekey_id].secret
        assert isinstance(seed, KemSeed)
        one_time = references.one_time_id
        _, opened = envelope.open_hello(
            payload,
            own=self.secrets,
            own_root=self.manifest.root,
            own_heads=[self.manifest.head],
            secrets=HelloSecrets(
                signed=scalar(references.signed_prekey_id),
                one_time=None if one_time is None else scalar(one_time),
                kem=KemKeyPair(seed),
            ),
            randomness=RANDOM,
            now_s=now_s,
        )
        return decode(Content.from_bytes(opened.content).body, Text).text


async def add_device(engine: LocalEngine, world: World, nursery: trio.Nursery) -> SecondDevice:
    """Sign and publish a manifest with a second device, as the device that owns the account."""
    now_s = SystemClock().now_ms() // 1000
    own = engine._own
    assert own is not None
    row = await engine._context.read(load_account)
    assert row is not None
    assert row.root_secret is not None
    assert row.account_secret is not None
    account_key = AccountSigningKey(row.account_secret)
    account = own_keys.AccountSecrets(
        root=RootSigningKey(row.root_secret),
        account=account_key,
        certificate=(
            own.manifest.signed.certificate_body,
            own.manifest.signed.certificate_signature,
        ),
    )
    secrets = own_keys.generate_device(RANDOM)
    entry = own_keys.device_entry(secrets, mailbox=MailboxId(RANDOM.random(16)), now_s=now_s)
    signed = own_keys.make_manifest(
        account,
        sequence=2,
        previous=own.manifest.head,
        address=own.address,
        devices=[own.manifest.devices[0].entry, entry],
        now_s=now_s,
    )
    first = await open_link(nursery, own.address.relay, route=ROUTE, device=own.device)
    await first.ask(f.Done, lambda n: f.PublishManifest(request=n, manifest=signed.to_bytes()))
    await first.close()
    # Its own engine learns of it as linking will tell it: from its own disk.
    await engine._context.write(lambda rows: set_value(rows, "manifest", signed.to_bytes()))
    second = SecondDevice(secrets, verify_manifest(signed))
    link = await open_link(nursery, own.address.relay, route=ROUTE, device=secrets)
    await second.publish(link, now_s)
    await link.close()
    return second


async def test_a_message_goes_to_each_device_and_is_relayed_when_all_have_it(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob, trio.open_nursery() as nursery:
            second = await add_device(bob, world, nursery)
            nursery.cancel_scope.cancel()
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        sent = await alice.send(to_bob, "to both of you")
        await reaches(alice, sent, "relayed")
        waiting = world.relay.waiting()
        assert len(waiting) == 2
        assert len({each.device for each in waiting}) == 2
        assert len({each.payload for each in waiting}) == 2
        now_s = SystemClock().now_ms() // 1000
        texts = [
            second.open(each.payload, now_s)
            for each in waiting
            if envelope.hello_references(each.payload, second.secrets.device_id) is not None
        ]
        assert texts == ["to both of you"]
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["to both of you"])
            await reaches(alice, sent, "delivered")


async def test_a_device_without_prekeys_holds_the_others_up_in_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob, trio.open_nursery() as nursery:
            second = await add_device(bob, world, nursery)
            nursery.cancel_scope.cancel()
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute(
                "DELETE FROM prekeys WHERE device = "
                "(SELECT number FROM devices WHERE device_id = ?)",
                (second.secrets.device_id,),
            )
        await world.relay.start()
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            sent = await alice.send(to_bob, "to whom I can")
            await shows(bob, to_alice, ["to whom I can"])
            await reaches(alice, sent, "delivered")
            assert (await alice.status()).outbox_count == 1  # the second device's part waits
