"""What an operator may ask of a relay, running or stopped: accounts, invites, counts, its end.

Rule: a method takes what the socket's line says and returns what the line of the answer says, both
checked types; what a running relay has at hand is brought along with the database. Knows no socket.
Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from restante import __version__
from restante.errors import UserError
from restante.protocol.code import SECRET_BYTES, Code, CodeError, CodeType, make_code, parse_code
from restante.protocol.ids import AccountName
from restante.relay.dismissing import dismiss
from restante.relay.settings import DATABASE_NAME
from restante.store import relay_administration as store
from restante.store.migrations import RELAY
from restante.store.relay_accounts import epoch, find_account
from restante.store.relay_codes import Invite, add_invite, invite_hash
from restante.store.relay_leaving import delete_account
from restante.store.relay_store import Notice, NoticeKind

if TYPE_CHECKING:
    from restante.protocol.address import RelayAddress
    from restante.relay.services import Services
    from restante.store.database import Database

MAX_USES: Final = 100_000
MAX_EXPIRES_S: Final = 3650 * 86_400
MAX_QUOTA_BYTES: Final = 2**53
MAX_LISTED: Final = 500
MAX_DRAIN_S: Final = 3600


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """Accounts past a name."""

    after: str = ""


class Named(Struct, frozen=True, forbid_unknown_fields=True):
    """One account."""

    name: str


class NewInvite(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many accounts, for how long, and their quota."""

    uses: int
    expires_s: int
    quota_bytes: int | None = None


class WhichInvite(Struct, frozen=True, forbid_unknown_fields=True):
    """An invite's code, or the beginning of its hash; whether it is only to be looked for."""

    invite: str
    is_dry_run: bool = False


class Drain(Struct, frozen=True, forbid_unknown_fields=True):
    """Within how many seconds everybody is sent away."""

    over_s: int = 0


class Administration:
    """The methods, over a database and the relay that runs on it, if one does.

    They raise UserError, or StoreError.
    """

    def __init__(
        self,
        db: Database,
        *,
        data: Path,
        address: RelayAddress,
        clock: Callable[[], float] = time.time,
        services: Services | None = None,
    ) -> None:
        self._db = db
        self._data = data
        self._address = address
        self._clock = clock
        self._services = services
        self._began_at = clock()

    async def call(self, method: str, params: bytes) -> object:
        """Carry out one request; `params` are JSON."""
        known = METHODS.get(method)
        if known is None:
            raise UserError(f"There is no method {method[:80]!r} of the relay's socket.")
        wanted, carry_out = known
        try:
            given = msgspec.json.decode(params, type=wanted)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"The parameters are not as they should be: {error}") from None
        return await carry_out(self, given)

    # ---- looking --------------------------------------------------------------------------

    async def stats(self, _: Nothing) -> object:
        """Return how much the relay holds and does."""
        services, database = self._services, self._data / DATABASE_NAME
        connections = 0 if services is None else len(services.sessions)
        subscribed = 0 if services is None else len(services.subscribers)
        return {
            "running": services is not None,
            "program": __version__,
            "address": str(self._address),
            "schema": RELAY.head,
            "epoch": await self._db.read(epoch),
            "uptime_s": 0 if services is None else int(self._clock() - self._began_at),
            "connections": connections,
            "receiving": subscribed,
            **asdict(await self._db.read(store.totals)),
            "database_bytes": database.stat().st_size if database.exists() else 0,
            "disk_free_bytes": shutil.disk_usage(self._data).free,
            "open_files": _open_files(),
        }

    async def accounts(self, page: Page) -> object:
        """Return a page of accounts."""
        found = await self._db.read(
            lambda tx: store.list_accounts(tx, after=page.after, most=MAX_LISTED)
        )
        return [asdict(line) for line in found]

    async def account(self, which: Named) -> object:
        """Return one account with its devices."""
        name = AccountName(which.name)
        line = await self._db.read(lambda tx: store.account_line(tx, name))
        if line is None:
            raise _nobody(name)
        listed = await self._db.read(lambda tx: store.device_lines(tx, name))
        return {**asdict(line), "listed": [asdict(device) for device in listed]}

    # ---- accounts -------------------------------------------------------------------------

    async def block(self, which: Named) -> object:
        """Let an account neither log in nor receive."""
        return await self._set_blocked(which.name, is_blocked=True)

    async def unblock(self, which: Named) -> object:
        """Let a blocked account be again."""
        return await self._set_blocked(which.name, is_blocked=False)

    async def _set_blocked(self, name: str, *, is_blocked: bool) -> object:
        account = await self._number(name)
        await self._db.write(lambda tx: store.set_blocked(tx, account, is_blocked=is_blocked))
        services = self._services
        if services is not None and is_blocked:
            services.mailrooms.forget_account(account)
            services.end_blocked(account)
            services.neighbours.tell(Notice(kind=NoticeKind.BLOCKED, numbers=[account]))
        elif services is not None:
            services.mailrooms.change_account(account)
        return {"name": name, "is_blocked": is_blocked}

    async def delete(self, which: Named) -> object:
        """Erase an account, as if it had done so itself."""
        await self.erase(await self._number(which.name))
        return {"name": which.name}

    async def erase(self, account: int) -> None:
        """Erase an account by its number."""
        left = await self._db.write(lambda tx: delete_account(tx, account))
        services = self._services
        if services is None:
            return  # the next start removes its blobs' files
        services.mailrooms.change_account(account)
        await dismiss(services, left.devices)
        await services.blobs.forget(left.blobs)

    async def _number(self, name: str) -> int:
        account = await self._db.read(lambda tx: find_account(tx, AccountName(name)))
        if account is None:
            raise _nobody(name)
        return account

    # ---- invites --------------------------------------------------------------------------

    async def invite(self, wanted: NewInvite) -> object:
        """Make an invite and return its code, which is kept nowhere."""
        if not 1 <= wanted.uses <= MAX_USES or not 1 <= wanted.expires_s <= MAX_EXPIRES_S:
            raise UserError(f"An invite has 1 to {MAX_USES} uses, and lives for up to ten years.")
        if wanted.quota_bytes is not None and not 1 <= wanted.quota_bytes <= MAX_QUOTA_BYTES:
            raise UserError(f"A quota is 1 to {MAX_QUOTA_BYTES} bytes.")
        secret = os.urandom(SECRET_BYTES)
        try:
            code = make_code(
                CodeType.RELAY_INVITE,
                pin=self._address.pin,
                secret=secret,
                name=None,
                relay=self._address,
            )
        except CodeError as error:
            raise UserError(str(error)) from error
        invite = Invite(
            uses_left=wanted.uses,
            expires_at_s=int(self._clock()) + wanted.expires_s,
            quota_bytes=wanted.quota_bytes,
        )
        await self._db.write(lambda tx: add_invite(tx, secret, invite))
        return {"code": str(code)}

    async def invites(self, _: Nothing) -> object:
        """Return the invites that are good."""
        now_s = int(self._clock())
        found = await self._db.read(lambda tx: store.list_invites(tx, now_s=now_s))
        return [asdict(line) for line in found]

    async def revoke(self, which: WhichInvite) -> object:
        """Make an invite worthless, or only say which one it would be."""
        beginning = _beginning(which.invite)
        if which.is_dry_run:
            found = await self._db.read(lambda tx: store.find_invites(tx, beginning))
        else:
            found = await self._db.write(lambda tx: store.revoke_invite(tx, beginning))
        if len(found) != 1:
            problem = "no invite" if not found else "more than one invite"
            raise UserError(
                f"There is {problem} that begins so. See: restante relay invite ls --data DIR"
            )
        return {"invite": found[0].invite, "uses_left": found[0].uses_left}

    # ---- the end --------------------------------------------------------------------------

    async def drain(self, wanted: Drain) -> object:
        """Send everybody away and end. The answer comes first."""
        if self._services is None:
            raise UserError("No relay runs there, so there is nothing to drain.")
        over_s = min(max(wanted.over_s, 0), MAX_DRAIN_S)
        self._services.drain.ask(over_s=over_s)
        return {"connections": len(self._services.sessions)}


Method = tuple[type[Struct], Callable[[Administration, Any], Awaitable[object]]]
METHODS: Final[Mapping[str, Method]] = {
    "stats": (Nothing, Administration.stats),
    "accounts": (Page, Administration.accounts),
    "account": (Named, Administration.account),
    "block": (Named, Administration.block),
    "unblock": (Named, Administration.unblock),
    "delete": (Named, Administration.delete),
    "invite": (NewInvite, Administration.invite),
    "invites": (Nothing, Administration.invites),
    "revoke": (WhichInvite, Administration.revoke),
    "drain": (Drain, Administration.drain),
}
"""Every method: its parameters, and what carries it out."""


def _nobody(name: str) -> UserError:
    return UserError(
        f"There is no account {name[:80]!r} here. See: restante relay accounts ls --data DIR"
    )


def _beginning(text: str) -> str:
    """Return the beginning of the hash that is meant by an invite's code, or by itself."""
    try:
        code: Code = parse_code(text)
    except CodeError:
        return text.strip().lower() or "?"
    return invite_hash(code.secret).hex()


def _open_files() -> int:
    """Return how many files this process may have open."""
    import resource  # noqa: PLC0415  # not on every system

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
