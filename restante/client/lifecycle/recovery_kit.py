"""The recovery kit: the root secret as 24 words, until it was checked that they are on paper.

Rule: once three of the words were named the secret is erased here, and nothing on this machine
brings it back. A linked device never has it. Which words are asked for is drawn anew each time.
Spec: docs/engine.md, section 17; docs/cryptography.md, section 12.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client.interface import RecoveryKit
from restante.client.lifecycle.kit_state import is_confirmed, note_confirmed
from restante.crypto import recovery_words
from restante.crypto.keys import RootSigningKey
from restante.errors import UserError
from restante.store.client_account import load_account, save_account
from restante.store.client_erasing import cut_log

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.crypto.randomness import Randomness
    from restante.store.client_account import AccountRow
    from restante.store.client_rows import Rows

ASKED: Final = 3
"""Words that are asked for: who has these has the kit, not just its first line."""

_PREFIX_CHARS: Final = 4


class RecoveryDesk:
    """Shows the kit, asks for three of its words, and then erases the secret."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._asked: list[int] = []

    async def kit(self) -> RecoveryKit:
        """Return the kit. UserError: no account, confirmed already, or a linked device."""
        row = await self._context.read(_with_root)
        return RecoveryKit(address=row.address, words=list(_words(row.root_secret or b"")))

    async def challenge(self) -> list[int]:
        """Draw which words are to be named, counted from 1, in order. UserError as `kit`."""
        await self._context.read(_with_root)
        self._asked = _draw(self._context.randomness)
        return list(self._asked)

    async def confirm(self, words: list[str]) -> None:
        """Check the words that were asked for, and erase the root secret.

        UserError, and nothing is erased: one is wrong (others are asked for next time), or none
        were asked for.
        """
        asked, self._asked = self._asked, []
        if not asked or len(words) != len(asked):
            raise UserError(f"Ask first which {ASKED} words are to be named, then name those.")

        def work(rows: Rows) -> None:
            row = _with_root(rows)
            kit = _words(row.root_secret or b"")
            for place, typed in zip(asked, words, strict=True):
                if not _is_same(kit[place - 1], typed):
                    raise UserError(
                        f"Word {place} of the kit is another one. Nothing was erased: compare your "
                        "copy with the kit, then try again."
                    )
            save_account(rows, replace(row, root_secret=None))
            note_confirmed(rows)

        await self._context.write(work)
        await cut_log(self._context.database)


def root_of(words: str) -> RootSigningKey:
    """Read the root secret off a kit's words. UserError says which one is wrong."""
    try:
        return recovery_words.from_words(words)
    except recovery_words.RecoveryWordsError as error:
        raise UserError(str(error)) from None


def _with_root(rows: Rows) -> AccountRow:
    row = load_account(rows)
    if row is None:
        raise UserError(
            "This profile has no account yet. Start with: restante init --address NAME@HOST"
        )
    if row.root_secret is None:
        if is_confirmed(rows):
            raise UserError(
                "The kit was confirmed, and its words are on paper alone: this machine hasn't got "
                "them any more."
            )
        raise UserError("Only the account's first device has the recovery kit. Make it there.")
    return row


def _words(secret: bytes) -> tuple[str, ...]:
    return recovery_words.to_words(RootSigningKey(secret))


def _is_same(word: str, typed: str) -> bool:
    """Compare as a reader of the kit does: any case, and four letters are enough."""
    said = typed.strip().lower()
    return said == word or (len(said) >= _PREFIX_CHARS and word.startswith(said))


def _draw(randomness: Randomness) -> list[int]:
    """Draw three different places from 1 to 24, in order."""
    places: set[int] = set()
    while len(places) < ASKED:
        drawn = randomness.random(1)[0] & 0x1F
        if drawn < recovery_words.WORDS:
            places.add(drawn + 1)
    return sorted(places)
