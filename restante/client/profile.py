"""Where a profile lives: its directory, key file, log, lock and socket.

A profile is one account's keys and history on one machine; several live side by side. Rule: all
of it is readable by its owner alone, and what isn't is refused, not repaired in silence. Imported
by every command, so it imports little. Knows no database and no engine. Spec: docs/cli.md,
section "Profiles".
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from restante.client.keeping.key_file import create_key_file, read_key_file, reason, refuse_others
from restante.errors import UserError
from restante.values import dataclass

DEFAULT_NAME = "default"
KEY_BYTES = 32
MAX_SOCKET_PATH_BYTES = 98
"""`sun_path` has 104 bytes on macOS and 108 on Linux, with the final zero; while it is made, the
socket has a name that is 4 longer."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile's places. Nothing is created until `create` is called."""

    name: str
    directory: Path

    @property
    def key_path(self) -> Path:
        """How the key of the database is kept, 0600: see client/keeping/forms.py."""
        return self.directory / "database.key"

    @property
    def database_path(self) -> Path:
        """Keys, sessions and history, encrypted."""
        return self.directory / "profile.db"

    @property
    def tries_path(self) -> Path:
        """How often a wrong passphrase was tried, and when last."""
        return self.directory / "wrong-passphrases"

    @property
    def lock_path(self) -> Path:
        """Locked (flock) by whoever runs the engine; holds its process id."""
        return self.directory / "engine.lock"

    @property
    def log_path(self) -> Path:
        """What happened, for people who look for a fault. No plaintext, keys or addresses."""
        return self.directory / "restante.log"

    @property
    def settings_path(self) -> Path:
        """The user's settings, if there are any."""
        return self.directory / "settings.toml"

    @property
    def interface_path(self) -> Path:
        """What was set for the screen on this machine, if anything was."""
        return self.directory / "interface.toml"

    @property
    def exists(self) -> bool:
        """Whether the profile has been created here."""
        return self.key_path.exists()

    @property
    def socket_path(self) -> Path:
        """Where the engine listens: in the profile, or in a short place if that is too long."""
        path = self.directory / "engine.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
            return path
        import hashlib  # noqa: PLC0415  (a rare case of what every command imports)

        digest = hashlib.sha256(os.fsencode(self.directory.resolve())).hexdigest()[:16]
        return _runtime_directory() / f"{digest}.sock"

    def create(self, kept_key: Callable[[], bytes] | None = None) -> None:
        """Make the directory and the key file, if they are missing; durable when it returns.

        `kept_key` makes what the key file will hold; without it, that is a new key as it is.
        UserError: the place is not writable, or others can read it.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.check()
            if not self.key_path.exists():
                self._refuse_orphan()
                create_key_file(self.key_path, kept_key() if kept_key else os.urandom(KEY_BYTES))
        except OSError as error:
            raise UserError(
                f"The profile can't be created in {self.directory}: {reason(error)}. "
                "Make the place writable, or set RESTANTE_HOME to another."
            ) from error

    def _refuse_orphan(self) -> None:
        # A new key would not open the history that is there, only make it look damaged.
        if self.database_path.exists():
            raise UserError(
                f"The key file {self.key_path} is missing, and without it the history beside it "
                "can't be opened. Restore it from a backup."
            )

    def erase(self) -> None:
        """Remove the directory and all that is in it; only for who holds the lock. UserError."""
        import shutil  # noqa: PLC0415  (once in a profile's life)

        try:
            self.key_path.unlink(missing_ok=True)  # without it the rest can't be read
            shutil.rmtree(self.directory)
        except OSError as error:
            raise UserError(
                f"{self.directory} can't be removed: {reason(error)}. Remove it yourself."
            ) from error

    def check(self) -> None:
        """Refuse a profile directory that is not its owner's alone. UserError says what to do."""
        status = self.directory.stat()
        if not stat.S_ISDIR(status.st_mode):
            raise UserError(
                f"{self.directory} is no directory. Set RESTANTE_HOME to another place."
            )
        refuse_others(self.directory, status, "0700")

    def kept_key(self) -> bytes:
        """Read what says how the database's key is kept. UserError: missing, or others' too."""
        try:
            return read_key_file(self.key_path)
        except FileNotFoundError:
            raise no_profile(self) from None

    def socket_directory(self) -> Path:
        """Make sure that the socket's directory is there and ours alone, and return it."""
        parent = self.socket_path.parent
        if parent != self.directory:
            parent.mkdir(mode=0o700, exist_ok=True)
            # lstat: in a shared place somebody else could have put a link or a directory there.
            refuse_others(parent, parent.lstat(), "0700")
        return parent


def locate_profile(name: str | None, environ: Mapping[str, str]) -> Profile:
    """Find a profile's place. UserError: the name is none.

    RESTANTE_HOME, else the platform's directory for a user's data; in it `profiles/NAME`.
    """
    chosen = name or environ.get("RESTANTE_PROFILE") or DEFAULT_NAME
    if not _NAME.fullmatch(chosen):
        raise UserError(
            f"{chosen!r} is no profile name: use up to 32 of a-z, 0-9, dot, dash and underscore, "
            "with a letter or digit at both ends."
        )
    return Profile(name=chosen, directory=home(environ) / "profiles" / chosen)


def home(environ: Mapping[str, str]) -> Path:
    """Return where all profiles live."""
    if given := environ.get("RESTANTE_HOME"):
        return Path(given).expanduser().absolute()
    import platformdirs  # noqa: PLC0415  (28 ms, and only needed where no place was given)

    return platformdirs.user_data_path("restante", appauthor=False)


def profile_names(environ: Mapping[str, str]) -> list[str]:
    """List the profiles that exist on this machine, by name."""
    try:
        entries = sorted((home(environ) / "profiles").iterdir())
    except OSError:
        return []
    return [
        entry.name
        for entry in entries
        if _NAME.fullmatch(entry.name) and Profile(name=entry.name, directory=entry).exists
    ]


def no_profile(profile: Profile) -> UserError:
    """Make the error for a profile that isn't there yet."""
    option = "" if profile.name == DEFAULT_NAME else f" --profile {profile.name}"
    return UserError(
        f"There is no profile {profile.name!r} yet. Start with: "
        f"restante init{option} --address NAME@HOST --invite CODE"
    )


def _runtime_directory() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and len(os.fsencode(base)) < MAX_SOCKET_PATH_BYTES - 40:
        return Path(base) / "restante"
    # gettempdir() can be long too (macOS); every system we support has a short /tmp.
    return Path("/tmp") / f"restante-{os.getuid()}"  # noqa: S108  (checked: ours, 0700, no link)
