"""Putting the service there step by step, and taking it back.

Rule: each step looks first whether it is done; so `up` can be run again at any time, and does then
what is missing. What a person has changed (the settings) is never written over.
Spec: docs/self-hosting.md.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import UserError
from restante.protocol.address import AddressError, RelayAddress
from restante.relay.hosting.system import Ids, readable_by, run_program
from restante.relay.hosting.texts import SERVICE, SYSUSERS, Wish, settings_text, unit_text
from restante.relay.settings import read_settings

if TYPE_CHECKING:
    from restante.relay.hosting.system import Machine

UNIT: Final = f"{SERVICE}.service"
UNIT_PATH: Final = f"/etc/systemd/system/{UNIT}"
WANTED_PATH: Final = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
USERS_PATH: Final = f"/etc/sysusers.d/{SERVICE}.conf"
SETTINGS_PATH: Final = "/etc/restante/relay.toml"
DATA_PATH: Final = f"/var/lib/{SERVICE}"
ADDRESS_PATH: Final = f"{DATA_PATH}/address"

START_S: Final = 60.0
FIRST_FREE_PORT: Final = 1024
"""Ports below it take a capability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that has to be so."""

    what: str
    """As `the unit /etc/...`."""
    is_done: Callable[[], bool]
    do: Callable[[], None]


def checked_wish(
    name: str, *, is_behind_proxy: bool = False, tls_cert: str = "", tls_key: str = ""
) -> Wish:
    """Return what is wanted, if it can be. Raises UserError."""
    try:
        address = RelayAddress.parse(name)
    except AddressError as error:
        raise UserError(str(error)) from error
    if bool(tls_cert) != bool(tls_key):
        raise UserError("--tls-cert and --tls-key belong together: give both, or neither.")
    if is_behind_proxy and tls_cert:
        raise UserError("Behind a proxy the proxy has the certificate. Leave --tls-cert out.")
    wish = Wish(
        name=address.authority, is_behind_proxy=is_behind_proxy, tls_cert=tls_cert, tls_key=tls_key
    )
    if wish.is_onion and is_behind_proxy:
        raise UserError(
            "Clients of an onion service speak TLS with the relay itself. Leave --behind-proxy out."
        )
    return wish


def steps_up(machine: Machine, wish: Wish, *, program: str) -> list[Step]:
    """Return what makes the service, in order."""
    unit = unit_text(wish, program=program, settings=SETTINGS_PATH)

    def user() -> Ids:
        ids = machine.ids(SERVICE)
        if ids is None:
            raise UserError(f"There is no user {SERVICE} yet.")
        return ids

    def write_settings() -> None:
        if machine.is_this:
            check_certificate(machine, wish)
        text, owner = settings_text(wish, data=DATA_PATH), Ids(uid=0, gid=user().gid)
        machine.write(SETTINGS_PATH, text, mode=0o640, owner=owner)

    return [
        Step(
            what=f"the user's declaration {USERS_PATH}",
            is_done=lambda: machine.read(USERS_PATH) == SYSUSERS,
            do=lambda: machine.write(USERS_PATH, SYSUSERS, mode=0o644),
        ),
        Step(
            what=f"the user {SERVICE}",
            is_done=lambda: machine.ids(SERVICE) is not None,
            do=lambda: machine.make_users(f"{SERVICE}.conf"),
        ),
        Step(
            what=f"the data directory {DATA_PATH}",
            is_done=lambda: machine.at(DATA_PATH).is_dir(),
            do=lambda: machine.make_directory(DATA_PATH, mode=0o700, owner=user()),
        ),
        Step(
            what=f"the settings {SETTINGS_PATH}",
            is_done=lambda: _is_as_wished(machine, wish),
            do=write_settings,
        ),
        Step(
            what=f"the unit {UNIT_PATH}",
            is_done=lambda: machine.read(UNIT_PATH) == unit,
            do=lambda: machine.write(UNIT_PATH, unit, mode=0o644),
        ),
        Step(
            what=f"the start of {UNIT} with the machine",
            is_done=lambda: machine.at(WANTED_PATH).is_symlink(),
            do=lambda: machine.enable(UNIT),
        ),
    ]


def steps_down(machine: Machine, *, purges: bool) -> list[Step]:
    """Return what takes the service away; `purges`: with its data, its settings and its user."""

    def gone(path: str) -> Step:
        return Step(
            what=path,
            is_done=lambda: not machine.at(path).exists(),
            do=lambda: machine.remove(path),
        )

    def forget_unit() -> None:
        machine.remove(UNIT_PATH)
        machine.forget()

    running = Step(
        what=f"the running {UNIT}",
        is_done=lambda: machine.state_of(UNIT) in {"inactive", "failed"},
        do=lambda: machine.stop(UNIT),
    )
    steps = [
        *([running] if machine.is_this else []),
        Step(
            what=f"the start of {UNIT} with the machine",
            is_done=lambda: not machine.at(WANTED_PATH).is_symlink(),
            do=lambda: machine.disable(UNIT),
        ),
        Step(
            what=UNIT_PATH,
            is_done=lambda: not machine.at(UNIT_PATH).exists(),
            do=forget_unit,
        ),
    ]
    if purges:
        steps += [
            gone(DATA_PATH),
            gone(SETTINGS_PATH),
            Step(
                what=f"the user {SERVICE}",
                is_done=lambda: machine.ids(SERVICE) is None,
                do=lambda: machine.remove_user(SERVICE),
            ),
            gone(USERS_PATH),
        ]
    return steps


def carry_out(steps: list[Step], *, is_dry: bool) -> Iterator[tuple[Step, bool]]:
    """Do what isn't done; yield each step, and whether there was something to do."""
    for step in steps:
        is_missing = not step.is_done()
        if is_missing and not is_dry:
            step.do()
        yield step, is_missing


def check_settings(machine: Machine, wish: Wish) -> None:
    """Raise UserError if the settings that are there are another relay's, or changed by hand.

    Those that `up` itself wrote for the same relay are `up`'s to write anew.
    """
    found = machine.read(SETTINGS_PATH)
    if found is None or _is_as_wished(machine, wish):
        return
    settings = read_settings(machine.at(SETTINGS_PATH), environment={})
    if wish.name not in settings.names:
        raise UserError(
            f"{SETTINGS_PATH} was there before and doesn't name {wish.name}; nothing was changed. "
            "Correct its `names`, or remove it, and run this again."
        )
    before = Wish(
        name=settings.names[0],
        is_behind_proxy=not settings.uses_tls,
        tls_cert=settings.tls_cert,
        tls_key=settings.tls_key,
    )
    if found != settings_text(before, data=DATA_PATH):
        raise UserError(
            f"{SETTINGS_PATH} was changed by hand and says otherwise than you do; nothing was "
            f"changed. Write into it: {_differences(found, wish)}. Then run this again."
        )


def _is_as_wished(machine: Machine, wish: Wish) -> bool:
    """Whether the relay that the settings describe can be the unit's, and is reached as wished.

    Where else it listens is the operator's, as long as the unit may take the port.
    """
    if machine.read(SETTINGS_PATH) is None:
        return False
    settings = read_settings(machine.at(SETTINGS_PATH), environment={})
    return (
        wish.name in settings.names
        and (settings.tls_cert, settings.tls_key) == (wish.tls_cert, wish.tls_key)
        and settings.uses_tls is not wish.is_behind_proxy
        and (wish.needs_low_port or settings.listen_port >= FIRST_FREE_PORT)
        and (settings.is_loopback or not wish.is_onion)
    )


def _differences(found: str, wish: Wish) -> str:
    """Return the lines that would make settings as wished."""
    has = tomllib.loads(found)
    wanted = tomllib.loads(settings_text(wish, data=DATA_PATH))
    lines = []
    for name in (
        "listen",
        "tls_cert",
        "tls_key",
        "certified",
        "own_key",
        "trusted_proxies",
        "wake_proxy",
    ):
        if name in wanted and has.get(name) != wanted[name]:
            lines.append(f"{name} = {json.dumps(wanted[name])}")
        elif name in has and name not in wanted:
            lines.append(f"no {name}")
    return "; ".join(lines)


def check_certificate(machine: Machine, wish: Wish) -> None:
    """Raise UserError if the service's user may not read the certificate and its key."""
    user = machine.ids(SERVICE)
    for name in filter(None, (wish.tls_cert, wish.tls_key)):
        if user is None or not readable_by(machine.at(name), user):
            raise UserError(
                f"The relay's user can't read {machine.at(name)}. Put a copy where it can: "
                f"install -g {SERVICE} -m 640 {name} /etc/restante/"
            )


def start(machine: Machine) -> RelayAddress:
    """Start the service anew, wait until it listens, and return its address. Raises UserError."""
    before = _stamp(machine)
    machine.restart(UNIT)

    async def wait() -> None:
        with trio.move_on_after(START_S) as scope:
            while _stamp(machine) in {before, None}:  # noqa: ASYNC110  # another process's file
                await trio.sleep(0.1)
        if scope.cancelled_caught:
            raise UserError(
                f"The relay doesn't start. Look why: journalctl -u {UNIT} -n 50 --no-pager"
            )

    trio.run(wait)
    return RelayAddress.parse((machine.read(ADDRESS_PATH) or "").strip())


def _stamp(machine: Machine) -> float | None:
    """Return when the relay said its address, which it does at each start."""
    try:
        return machine.at(ADDRESS_PATH).stat().st_mtime
    except OSError:
        return None


def first_invite(machine: Machine, *, program: str) -> str:
    """Make an invite as the service's own user, whose files the database's are. UserError."""
    argv = [program, "relay", "invite", "new", "--data", str(machine.at(DATA_PATH)), "--json"]
    code: str = json.loads(run_program(argv, user=machine.ids(SERVICE)))["code"]
    return code


def was_there(machine: Machine) -> bool:
    """Whether a relay has run here before: then its people have their invites."""
    return machine.at(ADDRESS_PATH).exists()


def proxy_hint(wish: Wish) -> str:
    """Return what a proxy on the machine needs to be told; Caddy gets certificates by itself."""
    return (
        "For Caddy, in /etc/caddy/Caddyfile:\n"
        f"  {wish.name} {{\n    reverse_proxy {wish.listen}\n  }}"
    )
