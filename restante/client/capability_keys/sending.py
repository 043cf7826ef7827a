"""Sending by a capability key: no profile, no history, nothing kept; one text, sealed and gone.

Each text is a hello of its own to every device that reads it, and to the owner's own. Rule: nobody
is believed but under the root that the secret names, nor an older list than it names; it is sent
when each reader's relay has it. Spec: docs/protocol/identity.md, section 10.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import trio

from restante.client.depositing import FULL, RELAY_FULL, SLOW_DOWN
from restante.client.directory import Directory
from restante.client.links import AnonymousLinks
from restante.crypto import own_keys
from restante.crypto.envelope import seal
from restante.crypto.handshake import initiate
from restante.crypto.header import Heads
from restante.crypto.keys import DeviceSigningKey, IdentitySecret
from restante.crypto.randomness import SystemRandomness
from restante.errors import CryptoError, ExitCode, RemoteProtocolError, UserError
from restante.protocol import frames as f
from restante.protocol.address import Address
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Text
from restante.protocol.envelope import max_content_bytes
from restante.protocol.grant import Grant, Granted, GrantReader, GrantSecret
from restante.protocol.ids import ID_BYTES, DeviceId, Token, labelled
from restante.protocol.limits import DEFAULT_TTL_S
from restante.protocol.order import rank_at
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness
    from restante.crypto.signatures import ListedDevice, VerifiedManifest
    from restante.protocol.manifest import PrekeyBundle

NOT_A_KEY: Final = (
    "That is no secret of a capability key. It is one line that begins with restante-grant: , made "
    "by: restante device grant new"
)
REVOKED: Final = "This capability key was revoked, or never came to be. Ask its owner for another."

_SAYS: Final = {
    int(f.Outcome.FULL): FULL,
    int(f.Outcome.RELAY_FULL): RELAY_FULL,
    int(f.Outcome.SLOW_DOWN): SLOW_DOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentByKey:
    """A text that all who read it have waiting at their relays. `address`: of the first of them."""

    message_id: bytes
    address: str
    sent_at_ms: int


def read_secret(text: str) -> GrantSecret:
    """Read the line that a script was given. UserError: it is none."""
    try:
        secret = GrantSecret.from_text(text)
        Grant.from_bytes(secret.grant)
        for each in (secret.owner, *secret.readers):
            Address.parse(each.address)
    except (RemoteProtocolError, ValueError):
        raise UserError(NOT_A_KEY) from None
    return secret


def is_for_group(secret: GrantSecret) -> bool:
    """Whether a key writes in a group, and not to one contact."""
    return len(Grant.from_bytes(secret.grant).conversation) > ID_BYTES


def named_message(secret: GrantSecret, idempotency_key: str) -> bytes:
    """Return the id of what is sent once under a name: the same, each time it is sent."""
    name = labelled("grant-message", secret.signing_seed, idempotency_key.encode())
    return sha256(name).digest()[:ID_BYTES]


async def send_by_key(
    secret: GrantSecret,
    text: str,
    *,
    message_id: bytes,
    now_ms: int,
    proxy: str | None = None,
    randomness: Randomness | None = None,
) -> SentByKey:
    """Send a text to all who read what the key writes.

    UserError: the key's time is over, it was revoked, or somebody couldn't be reached; then it may
    be sent again under the same id, and is shown once.
    """
    grant = Grant.from_bytes(secret.grant)
    if now_ms >= grant.until_s * 1000:
        raise UserError("The time of this capability key is over. Ask its owner for another.")
    chance = randomness or SystemRandomness()
    content = _content(secret, text, message_id=message_id, now_ms=now_ms)
    try:
        async with trio.open_nursery() as nursery:
            links = AnonymousLinks(nursery, proxy=proxy, randomness=chance)
            sender = _Sender(secret=secret, links=links, randomness=chance, now_ms=now_ms)
            await sender.send(content)
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise _reason(group) from None
    return SentByKey(
        message_id=message_id,
        address=Address.parse(secret.readers[0].address).unpinned,
        sent_at_ms=now_ms,
    )


class _Sender:
    """One text on its way to everybody."""

    def __init__(
        self, *, secret: GrantSecret, links: AnonymousLinks, randomness: Randomness, now_ms: int
    ) -> None:
        self._secret = secret
        self._links = links
        self._directory = Directory(links)
        self._randomness = randomness
        self._now_s = now_ms // 1000
        self._key = own_keys.restore_device(
            DeviceSigningKey(secret.signing_seed), IdentitySecret(secret.identity_secret)
        )

    async def send(self, content: bytes) -> None:
        owner = await self._manifest(self._secret.owner, about_us=True)
        try:
            owner.device_by_id(self._key.device_id)
        except CryptoError:
            raise UserError(REVOKED, exit_code=ExitCode.UNTRUSTED) from None
        failures: list[UserError] = []
        for reader in self._secret.readers:
            try:
                manifest = await self._manifest(reader, about_us=False)
                await self._deliver(owner, reader, manifest, content, about_us=False)
            except UserError as error:
                failures.append(error)
        with suppress(UserError):  # the owner's devices show it, too; who reads it has it without
            await self._deliver(owner, self._secret.owner, owner, content, about_us=True)
        if failures:
            raise _unsent(failures, len(self._secret.readers))

    async def _manifest(self, reader: GrantReader, *, about_us: bool) -> VerifiedManifest:
        """Return somebody's newest list, wherever they have gone, no older than the secret's."""
        address = Address.parse(reader.address)
        found = await self._directory.find(address, about_us=about_us)
        if found.pending is not None:
            raise UserError(
                f"{address.unpinned} has moved, and the relay there can't be reached. Try again.",
                exit_code=ExitCode.UNAVAILABLE,
            )
        manifest = found.manifest
        place = (manifest.generation, manifest.sequence)
        if manifest.account_id != reader.account or place < (reader.generation, reader.sequence):
            raise UserError(
                f"What the relay shows of {address.unpinned} is not who this capability key was "
                "made for, or is out of date. Nothing was sent; ask the key's owner for another.",
                exit_code=ExitCode.UNTRUSTED,
            )
        return manifest

    async def _deliver(
        self,
        owner: VerifiedManifest,
        reader: GrantReader,
        manifest: VerifiedManifest,
        content: bytes,
        *,
        about_us: bool,
    ) -> None:
        """Leave the text with each device of somebody's."""
        token = None if reader.token is None else Token(reader.token)
        devices = [each for each in manifest.devices if not each.entry.is_capability_key]
        bundles = await self._directory.bundles(
            manifest.address, [each.device_id for each in devices], token, about_us=about_us
        )
        items = [
            f.DepositItem(
                id=self._randomness.random(ID_BYTES),
                ttl_s=DEFAULT_TTL_S,
                ephemeral=False,
                payload=envelope,
                targets=[f.Target(mailbox=device.entry.mailbox or b"", token=token)],
            )
            for device in devices
            if (envelope := self._sealed(owner, manifest, device, bundles, content)) is not None
        ]
        who = manifest.address.unpinned
        if not items:
            raise UserError(
                f"No device of {who} has published keys to begin with. Try again later.",
                exit_code=ExitCode.UNAVAILABLE,
            )
        async with self._links.use(manifest.address.relay, about_us=about_us) as link:
            for item in items:  # one in each frame: the largest ones fill it
                answer = await link.ask(f.Deposited, partial(_deposit, item))
                _check(answer.results[0][0], who)

    def _sealed(
        self,
        owner: VerifiedManifest,
        manifest: VerifiedManifest,
        device: ListedDevice,
        bundles: dict[DeviceId, PrekeyBundle],
        content: bytes,
    ) -> bytes | None:
        """Return the hello for one device; None if it has no keys that are of any use."""
        bundle = bundles.get(device.device_id)
        if bundle is None:
            return None
        try:
            session = initiate(
                self._randomness,
                own=self._key,
                own_manifest=owner,
                recipient=manifest,
                bundle=bundle,
                reply_token=None,  # nobody answers a key
                own_relay_pin=None,
                now_s=self._now_s,
            )
        except CryptoError:
            return None
        heads = Heads(sender=owner.head, recipient=manifest.head)
        return seal(session, content, heads=heads, randomness=self._randomness).envelope


def _reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what a nursery ended of, as if there had been none: Ctrl-C before all else."""
    reason: BaseException = group.subgroup(KeyboardInterrupt) or group
    while isinstance(reason, BaseExceptionGroup):
        reason = reason.exceptions[0]
    return reason


def _unsent(failures: list[UserError], readers: int) -> UserError:
    """Return why a text didn't reach everybody: the reason where one alone reads it."""
    first = failures[0]
    if readers == 1:
        return first
    if len(failures) == readers:
        return UserError(f"It reached nobody. {first}", exit_code=first.exit_code)
    return UserError(
        f"It didn't reach {len(failures)} of the {readers} who read it: {first} With the same "
        "--idempotency-key it can be sent again without being shown twice.",
        exit_code=ExitCode.PARTIAL,
    )


def _content(secret: GrantSecret, text: str, *, message_id: bytes, now_ms: int) -> bytes:
    """Return what is sealed: the text with the grant that allows it. UserError: too long."""
    said = Granted(
        grant=secret.grant,
        kind=int(Kind.TEXT),
        body=encode(Text(text=text, quote=None, mentions=[])),
    )
    packed = Content(
        version=1,
        kind=int(Kind.GRANTED),
        id=message_id,
        conversation=b"",
        counter=0,
        rank=rank_at(now_ms),
        sent_at_ms=now_ms,
        seen=[],
        disappears_after_s=0,
        body=encode(said),
    ).to_bytes()
    if len(packed) > max_content_bytes(hello=True):
        raise UserError("The text is longer than a message holds. Send it in parts.")
    return packed


def _deposit(item: f.DepositItem, request: int) -> f.Deposit:
    return f.Deposit(request=request, is_retry=False, items=[item])


def _check(result: f.TargetOutcome, who: str) -> None:
    if result.outcome == f.Outcome.STORED:
        return
    wait_s = result.retry_after_s
    if result.outcome == f.Outcome.REFUSED:
        raise UserError(f"The relay of {who} takes nothing from this capability key any more.")
    sentence = _SAYS.get(result.outcome, RELAY_FULL).partition(". ")[0]
    raise UserError(
        f"Not sent: {sentence[0].lower()}{sentence[1:].rstrip('.')}. Try again"
        + (f" in {wait_s} s." if wait_s else " later."),
        exit_code=ExitCode.LIMITED,
    )
