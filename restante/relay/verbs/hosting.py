"""A relay as a service of this machine.

Rule: parses, asks and prints; what is done stands in relay/hosting, imported when it runs.
Spec: docs/cli.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from restante.errors import ExitCode, UserError
from restante.relay.verbs.run import Run, verb

if TYPE_CHECKING:
    from restante.relay.hosting.service import Step
    from restante.relay.hosting.system import Machine
    from restante.relay.hosting.texts import Wish

verbs = click.Group()

_root = click.option(
    "--root",
    metavar="DIR",
    default="/",
    type=click.Path(path_type=Path),
    help="Put the files below DIR, and start nothing.",
)
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
_yes = click.option("--yes", is_flag=True, help="Don't ask whether you mean it.")


@verb(verbs)
@click.option("--domain", metavar="HOST[:PORT]", help="How clients call it; else its address.")
@click.option("--behind-proxy", is_flag=True, help="A proxy here speaks TLS for it, as Caddy.")
@click.option("--tls-cert", metavar="FILE", default="", help="A public authority's certificate.")
@click.option("--tls-key", metavar="FILE", default="", help="Its private key, PEM.")
@_yes
@_dry_run
@_root
def up(
    run: Run,
    *,
    domain: str | None,
    behind_proxy: bool,
    yes: bool,
    dry_run: bool,
    root: Path,
    **tls: str,
) -> int:
    """Make a relay a service of this machine.

    Of Debian with systemd; prints the first invite.
    """
    from restante.relay.hosting import service, system

    machine = system.Machine(root)
    machine.check()
    name = domain or system.public_address()
    if name is None:
        raise UserError(
            "This machine has no address of its own on the internet. Say how clients reach it: "
            "--domain HOST"
        )
    wish = service.checked_wish(name, is_behind_proxy=behind_proxy, **tls)
    program = system.program_here()
    if machine.is_this:
        system.check_program(program)
    service.check_settings(machine, wish)
    steps = service.steps_up(machine, wish, program=program)
    if not yes and not dry_run:
        _ask(run, steps, "Make them?")
    is_first = not service.was_there(machine)
    changed = _walk(run, steps, is_dry=dry_run, done="made")
    if not dry_run and machine.is_this:
        service.check_certificate(machine, wish)
        _begin(run, machine, wish, program=program, is_first=is_first, changed=changed)
    elif not dry_run:
        run.out.note(f"Nothing was started: {machine.root} is not the machine that runs.")
    return ExitCode.OK


def _begin(
    run: Run, machine: Machine, wish: Wish, *, program: str, is_first: bool, changed: bool
) -> None:
    """Start what was put there, and say what a person does next."""
    from restante.relay.hosting import service, system

    if changed or is_first or machine.state_of(service.UNIT) != "active":
        run.out.note(f"The relay listens. Its address is {service.start(machine)}")
    if is_first:
        code = service.first_invite(machine, program=program)
        for line in run.qr(code):
            run.out.data({}, line)
        run.out.data({"type": "invite", "code": code, "uses": 1, "days": 7}, code)
        run.out.note(
            f"With it one person takes a name: restante init --address NAME@{wish.name} --invite "
            "and that code"
        )
    if wish.is_behind_proxy:
        run.out.note(service.proxy_hint(wish))
    run.out.note(system.firewall_hint(wish.port))


@verb(verbs)
@click.option("--purge", is_flag=True, help="Also its data, its settings and its user, for good.")
@_yes
@_dry_run
@_root
def down(run: Run, *, purge: bool, yes: bool, dry_run: bool, root: Path) -> int:
    """Take the service away again. The data stays unless you say --purge."""
    from restante.relay.hosting import service, system

    machine = system.Machine(root)
    machine.check()
    steps = service.steps_down(machine, purges=purge)
    if not yes and not dry_run:
        _ask(run, steps, "Take them away for good?" if purge else "Take them away?")
    _walk(run, steps, is_dry=dry_run, done="removed")
    if not purge and not dry_run:
        run.out.note(
            f"The data is still in {machine.at(service.DATA_PATH)}; --purge removes it for good."
        )
    return ExitCode.OK


def _ask(run: Run, steps: list[Step], question: str) -> None:
    missing = [step.what for step in steps if not step.is_done()]
    if not missing:
        return
    if not run.asks():
        raise click.UsageError("Missing option '--yes'.")
    for what in missing:
        run.out.note(f"  {what}")
    if not click.confirm(question, err=True):
        raise UserError("Nothing was done.")


def _walk(run: Run, steps: list[Step], *, is_dry: bool, done: str) -> bool:
    """Carry steps out and print each; return whether there was anything to do."""
    from restante.relay.hosting import service

    found = False
    for step, was_missing in service.carry_out(steps, is_dry=is_dry):
        found = found or was_missing
        state = ("kept" if done == "made" else "not there") if not was_missing else done
        if was_missing and is_dry:
            state = f"would be {done}"
        run.out.data({"type": "step", "what": step.what, "state": state}, f"{state}: {step.what}")
    return found
