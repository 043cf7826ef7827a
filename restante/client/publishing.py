"""What an account publishes on its own link: itself, its prekeys, tokens, code and heartbeat.

Rule: a secret is durable here before its public half leaves, and is erased when no envelope that
needs it can still arrive. Everything may be repeated: a relay that was restored gets it again.
Spec: docs/engine.md, section 6; docs/protocol/relay.md, section 5.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import trio

from restante.client import tracing
from restante.client.failures import RefusedError
from restante.client.linking.chain import publish_chain
from restante.client.own_account import load_own_account
from restante.crypto import codes, own_keys, signing
from restante.crypto.codes import CodeSecret
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.ids import Token, token_hash
from restante.protocol.limits import DEFAULT_TTL_S, MAX_RETIRED_TOKENS, MAX_TTL_S
from restante.protocol.manifest import PrekeyKind
from restante.store import client_account, client_inbox, client_prekeys
from restante.store.client_prekeys import PrekeyRow
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.link import Link
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

MOST_KEPT: Final = 1000
"""Secrets of one-time prekeys kept: a relay that loses them all, or says so, fills no disk."""

HEARTBEAT_EVERY_S: Final = 86_400

_ALL_KINDS: Final = 0
"""Prekey ids are counted over all kinds: a hello names its KEM prekey by id alone."""

_EPOCH: Final = "relay_epoch"
_TICKET: Final = "relay_ticket"
_HEARTBEAT: Final = "heartbeat_at_s"
_TOKENS_CHANGED: Final = "tokens_changed"
_MANIFEST_CHANGED: Final = "manifest_changed"
_MANIFEST_LOST: Final = "manifest_lost"


async def register(
    context: EngineContext, own: OwnAccount, link: Link, *, invite: bytes | None
) -> None:
    """Create the account at the relay, unless an earlier attempt got so far, and publish all.

    Raises RelayError.
    """
    if not link.welcome.registered:
        await ask_for_name(context, own, link, invite=invite)
        reach("account.registered")
    await _remember_epoch(context, link)
    await maintain(context, own, link)


async def ask_for_name(
    context: EngineContext, own: OwnAccount, link: Link, *, invite: bytes | None
) -> None:
    """Have the relay give the account its name; a registered device's account another one.

    Raises RelayError.
    """
    live, _ = await context.read(_token_hashes)
    ticket = await context.read(partial(_value, key=_TICKET))
    await link.ask(
        f.Done,
        lambda n: f.Register(
            request=n,
            name=own.address.name,
            invite=invite,
            manifest=own.manifest.signed.to_bytes(),
            tokens=live,
            ticket=ticket,
        ),
    )


async def maintain(context: EngineContext, own: OwnAccount, link: Link) -> None:
    """Bring what the relay holds of this account and device up to date. Raises RelayError."""
    await publish_to_restored(context, own, link)
    await _keep_welcome(context, link)
    if await context.read(partial(_value, key=_TOKENS_CHANGED)):
        await publish_tokens(context, link)
        await _publish_code(context, link)
    if await context.read(partial(_value, key=_MANIFEST_CHANGED)):
        await _publish_manifest(context, own, link)
    if await context.read(partial(_value, key=_MANIFEST_LOST)):
        await _publish_manifest_again(context, own, link)
    code = await context.read(client_account.own_code)
    if code is not None and not code.is_published:
        await _publish_code(context, link)
    await _refill(context, own, link)
    await _beat(context, own, link)
    await _erase_expired(context)


async def publish_to_restored(context: EngineContext, own: OwnAccount, link: Link) -> None:
    """Publish everything again if the relay's epoch says that it was restored. Raises RelayError.

    The manifest comes last: with it the relay takes deposits for the account again, by the tokens
    and beside the prekeys that it has then.
    """
    if not await is_restored(context, link):
        return
    await publish_tokens(context, link)
    await _publish_code(context, link)
    await _refill(context, own, link)
    await _publish_manifest(context, own, link)
    await _remember_epoch(context, link)


def note_manifest_changed(rows: Rows) -> None:
    """Remember that the relay has an older manifest than we do."""
    client_account.set_value(rows, _MANIFEST_CHANGED, b"\x01")


def note_manifest_lost(rows: Rows) -> None:
    """Remember that the relay shows an older manifest than it took from us."""
    client_account.set_value(rows, _MANIFEST_LOST, b"\x01")


async def _publish_manifest_again(context: EngineContext, own: OwnAccount, link: Link) -> None:
    await context.write(partial(_set_value, key=_MANIFEST_LOST, value=None))
    try:
        await _publish_manifest(context, own, link)
    except RefusedError as error:
        if error.code is not WireCode.CONFLICT:
            raise  # else it hides what it has: whoever looks tells of it, and the rest goes on


def is_manifest_changed(rows: Rows) -> bool:
    """Whether the relay is still to have the manifest that we have."""
    return _value(rows, key=_MANIFEST_CHANGED) is not None


async def _publish_manifest(context: EngineContext, own: OwnAccount, link: Link) -> None:
    """Bring the relay up to the manifest that the database has, which may be newer than `own`."""
    newest = (await context.read(load_own_account) or own).manifest
    if newest.address != own.address:
        return  # this relay is the one that the account moves to, and has its manifest
    await publish_chain(context, newest, link)
    reach("manifest.published")

    def settle(rows: Rows) -> None:
        now = load_own_account(rows)
        if now is not None and now.manifest.head == newest.head:  # else it changed meanwhile
            client_account.set_value(rows, _MANIFEST_CHANGED, None)

    await context.write(settle)


def note_tokens_changed(rows: Rows) -> None:
    """Remember that the relay's list of tokens is out of date."""
    client_account.set_value(rows, _TOKENS_CHANGED, b"\x01")


async def publish_tokens(context: EngineContext, link: Link) -> None:
    """Replace the relay's hashes of our live and retired tokens. Raises RelayError."""
    live, retired = await context.read(_token_hashes)
    await link.ask(
        f.Done,
        lambda n: f.PublishTokens(request=n, live=live, retired=retired[-MAX_RETIRED_TOKENS:]),
    )

    def settle(rows: Rows) -> None:
        if _token_hashes(rows) == (live, retired):  # else they changed again meanwhile
            client_account.set_value(rows, _TOKENS_CHANGED, None)

    await context.write(settle)


async def _publish_code(context: EngineContext, link: Link) -> None:
    """Put what our contact code's secret finds and opens: its bucket's live token."""

    def read(rows: Rows) -> tuple[client_account.CodeRow | None, dict[int, bytes]]:
        listed = client_account.tokens(rows)
        live = {token.bucket: token.token for token in listed if token.is_live}
        return client_account.own_code(rows), live

    code, live = await context.read(read)
    if code is None:
        return
    sealed = codes.seal_token(
        CodeSecret(code.secret), Token(live[code.bucket]), randomness=context.randomness
    )
    await link.ask(
        f.Done, lambda n: f.PublishCode(request=n, lookup_id=code.lookup_id, sealed=sealed)
    )
    await context.write(lambda rows: client_account.mark_code_published(rows, code.lookup_id))


async def _refill(context: EngineContext, own: OwnAccount, link: Link) -> None:
    """Replace old signed prekeys, and fill the one-time ones up."""
    now_s = context.now_s()
    state = await link.ask(f.PrekeyState, lambda n: f.FetchPrekeyState(request=n))
    kept_one_time, kept_kem, signed = await context.read(_kept_prekeys)
    newest = signed[0] if signed else None
    rotate = (
        newest is None
        or newest.id != state.signed_id
        or newest.created_at_s + own_keys.PREKEY_ROTATION_S <= now_s
        or newest.created_at_s > now_s + own_keys.PREKEY_ROTATION_S  # a clock was far ahead
    )
    full = context.tuning.one_time_prekeys
    one_time = _wanted(state.one_time, kept_one_time, full=full)
    kem_one_time = _wanted(state.kem_one_time, kept_kem, full=full)
    if not (rotate or one_time or kem_one_time):
        return
    count = 2 * rotate + one_time + kem_one_time
    first_id = await context.write(
        lambda rows: client_prekeys.next_prekey_id(rows, _ALL_KINDS, count=count)
    )
    made = await trio.to_thread.run_sync(  # 45 ms for a whole set: too long beside a user interface
        partial(
            own_keys.generate_prekeys,
            context.randomness,
            own.device,
            first_id=first_id,
            now_s=now_s,
            reusable=rotate,
            one_time=one_time,
            kem_one_time=kem_one_time,
        )
    )
    kept = [
        PrekeyRow(
            kind=int(key.kind),
            id=key.public.id,
            secret=key.secret.raw,
            # Past its expiry nobody fetches it; what was sealed to it may wait as long as a mailbox
            # keeps envelopes.
            expires_at_s=key.public.expires_at_s + DEFAULT_TTL_S,
            created_at_s=now_s,
        )
        for key in made
    ]
    await context.write(lambda rows: client_prekeys.add_prekeys(rows, kept))
    reach("prekeys.kept")
    await link.ask(
        f.Done,
        lambda n: f.PublishPrekeys(request=n, prekeys=[key.public for key in made]),
    )


def _wanted(left: int, kept: int, *, full: int) -> int:
    """Return how many to make: none while half of a full set is left."""
    return 0 if left >= full // 2 or kept >= MOST_KEPT else full - left


async def _beat(context: EngineContext, own: OwnAccount, link: Link) -> None:
    """Vouch, once a day, that our manifest is the newest one."""
    now_s = context.now_s()
    last = await context.read(partial(_value, key=_HEARTBEAT))
    if last is not None and abs(now_s - int.from_bytes(last, "big")) < HEARTBEAT_EVERY_S:
        return
    heartbeat = signing.sign_heartbeat(own.device.signing, own.manifest.head, at_s=now_s)
    await link.ask(f.Done, lambda n: f.PublishHeartbeat(request=n, heartbeat=heartbeat))
    await context.write(partial(_set_value, key=_HEARTBEAT, value=now_s.to_bytes(8, "big")))


async def _erase_expired(context: EngineContext) -> None:
    """Erase secrets that nothing under way can need, and forget envelopes that can't come again."""
    now_s = context.now_s()

    def erase(rows: Rows) -> None:
        for row in client_prekeys.prekeys_expired(rows, now_s):
            client_prekeys.delete_prekey(rows, row.kind, row.id)
        for kind in (PrekeyKind.SIGNED, PrekeyKind.KEM_LAST_RESORT):
            newest_first = client_prekeys.prekeys_of(rows, int(kind))
            for newer, older in pairwise(newest_first):
                if newer.created_at_s + DEFAULT_TTL_S <= now_s:
                    client_prekeys.delete_prekey(rows, older.kind, older.id)
        client_inbox.prune(rows, now_s - 2 * MAX_TTL_S)
        tracing.forget_old(rows, now_s * 1000)

    await context.write(erase)


async def is_restored(context: EngineContext, link: Link) -> bool:
    """Whether the relay was restored from a backup since we were last there."""
    known = await context.read(partial(_value, key=_EPOCH))
    return known is not None and known != link.welcome.epoch.to_bytes(8, "big")


async def _remember_epoch(context: EngineContext, link: Link) -> None:
    epoch = link.welcome.epoch.to_bytes(8, "big")
    await context.write(partial(_set_value, key=_EPOCH, value=epoch))


async def _keep_welcome(context: EngineContext, link: Link) -> None:
    """Keep by what a restored relay is known, and what lets us back in if its backup lacks us."""
    if await context.read(partial(_value, key=_EPOCH)) is None:  # a device that was linked
        await _remember_epoch(context, link)
    ticket = link.welcome.ticket
    if ticket is not None and ticket != await context.read(partial(_value, key=_TICKET)):
        await context.write(partial(_set_value, key=_TICKET, value=ticket))


def _token_hashes(rows: Rows) -> tuple[list[bytes], list[bytes]]:
    """Return the hashes of the live tokens, in the order of their buckets, and of the retired."""
    listed = client_account.tokens(rows)
    live: list[bytes] = [token_hash(Token(row.token)) for row in listed if row.is_live]
    retired: list[bytes] = [token_hash(Token(row.token)) for row in listed if not row.is_live]
    return live, retired


def _kept_prekeys(rows: Rows) -> tuple[int, int, list[PrekeyRow]]:
    return (
        client_prekeys.count_prekeys(rows, int(PrekeyKind.ONE_TIME)),
        client_prekeys.count_prekeys(rows, int(PrekeyKind.KEM_ONE_TIME)),
        client_prekeys.prekeys_of(rows, int(PrekeyKind.SIGNED)),
    )


def _value(rows: Rows, *, key: str) -> bytes | None:
    return client_account.get_value(rows, key)


def _set_value(rows: Rows, *, key: str, value: bytes | None) -> None:
    client_account.set_value(rows, key, value)
