"""Invite links to groups as this device knows them, and who waits to be let in by one.

Rule: `group_links` follows from the groups' logs and is written anew with them; `group_joins` is
what came of those links and isn't in a log yet. Knows neither secrets nor who may do what.
Spec: docs/client-store.md; docs/protocol/groups.md, section 7.
"""

from __future__ import annotations

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """An invite link. `expires_at_s` 0: never; `uses` 0: any number. `is_live`: not revoked."""

    link_id: bytes
    group_id: bytes
    maker: bytes
    expires_at_s: int
    uses: int
    used: int
    needs_approval: bool
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRow:
    """Somebody who has an invite link and wants in.

    `due_ms`: when this device lets them in by itself; none: an admin is asked.
    """

    group_id: bytes
    account_id: bytes
    link_id: bytes
    asked_ms: int
    due_ms: int | None


_LINK = Shape(LinkRow)
_JOIN = Shape(JoinRow)
_PUT_LINK = Statement("group_invites.PUT_LINK")
_LINKS_OF_ID = Statement("group_invites.LINKS_OF_ID")
_LINKS = Statement("group_invites.LINKS")
_PUT_JOIN = Statement("group_invites.PUT_JOIN")
_ONE_JOIN = Statement("group_invites.ONE_JOIN")
_DROP_JOIN = Statement("group_invites.DROP_JOIN")
_JOINS = Statement("group_invites.JOINS")
_COUNT_JOINS = Statement("group_invites.COUNT_JOINS")
_DUE = Statement("group_invites.DUE")
_NEXT_DUE = Statement("group_invites.NEXT_DUE")


def put_link(rows: Rows, row: LinkRow) -> None:
    """Keep how an invite link stands."""
    rows.run(_PUT_LINK, **_LINK.write(row))


def links_of_id(rows: Rows, link_id: bytes) -> list[LinkRow]:
    """Return the invite links of an id, live or revoked: anybody may copy one into their group."""
    return [_LINK.read(found) for found in rows.all(_LINKS_OF_ID, link_id=link_id)]


def links(rows: Rows, group_id: bytes) -> list[LinkRow]:
    """Return all invite links that a group has, or had."""
    return [_LINK.read(found) for found in rows.all(_LINKS, group_id=group_id)]


def put_join(rows: Rows, row: JoinRow) -> None:
    """Keep somebody who wants in; once for a group."""
    rows.run(_PUT_JOIN, **_JOIN.write(row))


def join(rows: Rows, group_id: bytes, account_id: bytes) -> JoinRow | None:
    """Return somebody who wants into a group."""
    found = rows.first(_ONE_JOIN, group=group_id, account=account_id)
    return None if found is None else _JOIN.read(found)


def drop_join(rows: Rows, group_id: bytes, account_id: bytes) -> bool:
    """Forget that somebody wants in; False if nobody knew."""
    return bool(rows.run(_DROP_JOIN, group=group_id, account=account_id))


def joins(rows: Rows, group_id: bytes) -> list[JoinRow]:
    """Return who wants into a group, the longest waiting first."""
    return [_JOIN.read(found) for found in rows.all(_JOINS, group_id=group_id)]


def count_joins(rows: Rows, group_id: bytes) -> int:
    """Return how many want into a group."""
    return int(rows.value(_COUNT_JOINS, group_id=group_id))


def due_joins(rows: Rows, now_ms: int, most: int) -> list[JoinRow]:
    """Return who is to be let in by now, the longest waiting first."""
    return [_JOIN.read(found) for found in rows.all(_DUE, now_ms=now_ms, most=most)]


def next_join_ms(rows: Rows) -> int | None:
    """Return when somebody is to be let in next."""
    found: int | None = rows.value(_NEXT_DUE)
    return found
