"""The scripted engine's part about people: codes, requests, keys that change, the recovery kit."""

from __future__ import annotations

import trio

from restante.client.interface import (
    Contact,
    ContactState,
    RecoveryKit,
    SafetyNumber,
    Status,
    StatusChanged,
    Trust,
)
from restante.errors import ExitCode, UserError
from tests.tui.scripted_core import ScriptedCore

MY_CODE = "restante:c" + "k3Jx8vQpLm2ZtR7aWcYd5nBf" + "0HsGuE1q" + "alice@relay.example"


class ScriptedContacts(ScriptedCore):
    """Contacts, and the kit."""

    async def contact_code(self) -> str:
        await trio.lowlevel.checkpoint()
        return MY_CODE

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        await trio.lowlevel.checkpoint()
        self._refuse()
        address = self.known.get(code_or_address.strip())
        if address is None:
            raise UserError("Nobody is known there. Check the address, or ask for a code.")
        is_code = code_or_address.startswith("restante:")
        trust = Trust.VERIFIED if is_code else Trust.UNVERIFIED
        key = self.person(address, petname, trust=trust)
        return self._contact(self.people[key])

    async def contacts(self) -> list[Contact]:
        await trio.lowlevel.checkpoint()
        return [self._contact(person) for person in self.people.values()]

    async def contact_accept(self, conversation: str) -> Contact:
        person = self.people[conversation]
        trust = Trust.UNVERIFIED if person.trust is Trust.CHANGED else person.trust
        return await self._settle(conversation, state=ContactState.ACCEPTED, trust=trust)

    async def accept_key(self, conversation: str) -> Contact:
        return await self.contact_accept(conversation)

    async def compare_safety_number(self, conversation: str, digits: str) -> Contact:
        number = await self.safety_number(conversation)
        if digits != number.payload:
            raise UserError("That is not the number.", exit_code=ExitCode.UNTRUSTED)
        return await self.set_verified(conversation, verified=True, digits=digits)

    async def contact_block(self, conversation: str) -> Contact:
        return await self._settle(conversation, state=ContactState.BLOCKED)

    async def contact_reset(self, conversation: str) -> Contact:
        self.begun_anew.append(conversation)
        return await self._settle(conversation)

    async def contact_rename(self, conversation: str, petname: str) -> Contact:
        return await self._settle(conversation, petname=petname or None)

    async def safety_number(self, conversation: str, *, printed: bool = False) -> SafetyNumber:
        assert not printed, "the screen says which number was compared"
        await trio.lowlevel.checkpoint()
        person = self.people[conversation]
        digits = " ".join(f"{12345 + 4703 * group:05}" for group in range(12))
        return SafetyNumber(
            digits=digits,
            trust=person.trust,
            peer=person.name,
            payload=digits.replace(" ", ""),
        )

    async def set_verified(
        self, conversation: str, *, verified: bool, digits: str | None = None
    ) -> Contact:
        if verified and digits != (await self.safety_number(conversation)).payload:
            raise UserError("It is another number now.", exit_code=ExitCode.UNTRUSTED)
        trust = Trust.VERIFIED if verified else Trust.UNVERIFIED
        return await self._settle(conversation, trust=trust)

    async def recovery_kit(self) -> RecoveryKit:
        await trio.lowlevel.checkpoint()
        if self.recovery != "unconfirmed":
            raise UserError("The kit was confirmed; the words are on your paper.")
        kit = [f"word{number}" for number in range(1, 25)]
        return RecoveryKit(address=self.address or "", words=kit)

    async def recovery_challenge(self) -> list[int]:
        await trio.lowlevel.checkpoint()
        return [3, 11, 20]

    async def recovery_confirm(self, words: list[str]) -> Status:
        await trio.lowlevel.checkpoint()
        if words != ["word3", "word11", "word20"]:
            raise UserError("Those are not the words. Look at your paper again.")
        self.recovery = "confirmed"
        self._tell(StatusChanged(status=self._status()))
        return self._status()
