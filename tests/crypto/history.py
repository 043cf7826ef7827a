"""An account's history of manifests, for tests."""

from __future__ import annotations

from restante.crypto import own_keys, signing
from restante.crypto.own_keys import AccountSecrets
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol.address import Address
from restante.protocol.ids import MailboxId, ManifestHash
from tests.crypto.people import NOW_S, RANDOM

ADDRESS = Address.parse("alice@relay.example:4433")


class History:
    """An account whose owner signs one manifest after another."""

    def __init__(self, stolen: History | None = None) -> None:
        """Make a new account, or go on with the keys that were stolen from another."""
        if stolen is None:
            self.account = own_keys.generate_account(RANDOM, now_s=NOW_S)
            self.device = own_keys.generate_device(RANDOM)
        else:
            self.account, self.device = stolen.account, stolen.device
        self.entry = own_keys.device_entry(self.device, mailbox=MailboxId(bytes(16)), now_s=NOW_S)

    def sign(
        self,
        *,
        sequence: int = 1,
        previous: VerifiedManifest | None = None,
        now_s: int = NOW_S,
        generation: int = 1,
    ) -> VerifiedManifest:
        hash_ = ManifestHash(bytes(32)) if previous is None else previous.head
        return verify_manifest(
            own_keys.make_manifest(
                self.account,
                generation=generation,
                sequence=sequence,
                previous=hash_,
                address=ADDRESS,
                devices=[self.entry],
                now_s=now_s,
            )
        )

    def chain(self, length: int) -> list[VerifiedManifest]:
        links = [self.sign()]
        for sequence in range(2, length + 1):
            links.append(self.sign(sequence=sequence, previous=links[-1]))
        return links

    def recover(self) -> None:
        """Certify a new account key, of the next generation, by the same root."""
        account = own_keys.generate_account(RANDOM, now_s=NOW_S).account
        certificate = signing.sign_certificate(
            self.account.root, signing.account_key(account), generation=2, issued_at_s=NOW_S
        )
        self.account = AccountSecrets(
            root=self.account.root, account=account, certificate=certificate
        )
