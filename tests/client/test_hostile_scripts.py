"""A capability key is listed in the account's manifest, and is no device of it all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from restante.client.acquaintance import RefusedHelloError, introduced
from restante.client.directory import with_manifest
from restante.crypto import own_keys
from restante.crypto.introduction import Introduction
from restante.crypto.keys import DeviceKey
from restante.crypto.signatures import verify_manifest
from restante.protocol.frames import Lane
from restante.protocol.ids import ID_BYTES, MailboxId
from restante.protocol.manifest import DeviceFlag
from restante.store.client_contacts import ContactRow, contact, upsert_contact
from restante.store.client_rows import Rows
from tests.property.profiles_in_touch import NOW_MS, RANDOM, Network

NOW_S = NOW_MS // 1000


def test_a_key_for_scripts_cannot_speak_as_an_own_device(tmp_path: Path) -> None:
    network = Network(tmp_path, ours=[0], theirs=[0])
    laptop = network.ours[0]
    account = own_keys.generate_account(RANDOM, now_s=NOW_S)
    entry, script = (
        own_keys.device_entry(
            own_keys.generate_device(RANDOM),
            mailbox=MailboxId(RANDOM.random(ID_BYTES)),
            now_s=NOW_S,
        )
        for _ in range(2)
    )
    script = msgspec.structs.replace(script, mailbox=None, flags=int(DeviceFlag.CAPABILITY_KEY))
    manifest = verify_manifest(
        own_keys.make_manifest(
            account, address=laptop.own.address, devices=[entry, script], now_s=NOW_S
        )
    )

    def work(rows: Rows, key: bytes) -> ContactRow:
        ours = contact(rows, laptop.own.account_id)
        assert ours is not None
        ours = replace(ours, account_id=manifest.account_id, root_key=manifest.root.raw)
        upsert_contact(rows, with_manifest(ours, manifest))
        introduction = Introduction(
            manifest=manifest, key=DeviceKey(key), reply_token=None, relay_pin=None
        )
        return introduced(rows, introduction, lane=Lane.CONTACT, now_s=NOW_S)

    assert laptop.run(lambda rows, _: work(rows, entry.signing_key)).state == "self"
    with pytest.raises(RefusedHelloError):
        laptop.run(lambda rows, _: work(rows, script.signing_key))
    network.close()
