"""The file of a backup: a tar archive with a manifest, and behind its end the digest of all that stands before.

Encrypted, the whole of that is handed to `age` or `gpg`, which find a changed octet by themselves.
"""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Final, Self

from dtm_contact.errors import DtmContactError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
BODIES: Final = "bodies.sha256"
SETTINGS: Final = "settings.env"
MODEL: Final = "model.npz"
STORES: Final = {"sqlite": "store.db.gz", "postgresql": "store.pgdump"}
"""The member that holds the store, by the kind of database."""
AGE: Final = ".age"
GPG: Final = ".gpg"
_TRAILER: Final = b"dtm-contact sha256 "
_TRAILER_OCTETS: Final = len(_TRAILER) + 64 + 1
_PIECE: Final = 1024 * 1024
_LARGEST_MANIFEST: Final = 16 * 1024 * 1024
_LONGEST_SAID: Final = 300


class BackupError(DtmContactError):
    """Something about a backup went wrong: what, the classes below say in the words of the act."""


class BackupNotMadeError(BackupError):
    """The backup was not made."""


class BackupUnusableError(BackupError):
    """The backup cannot be used."""


class ProgramError(BackupError):
    """A program that backups rest on does not do its work."""

    def __init__(self, detail: str) -> None:
        """Keep the detail: whoever ran the program says in their own words what came of it."""
        super().__init__(detail)
        self.detail = detail


class ProgramMissingError(ProgramError):
    """A program that backups rest on is not installed."""


class BackupDamagedError(BackupError):
    """The backup is damaged: it cannot be relied on."""

    def __init__(self, detail: str) -> None:
        """Keep what is damaged, so that a command can add what to do."""
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        format: of the archive.
        program, schema: the version of the program that made it, and the revision of its tables.
        database: `sqlite` or `postgresql`.
        made_at: the moment that it shows.
        daemon: the name of the daemon by the settings.
        counts: the rows of each table.
        members: the SHA-256 of each file in the archive, in hexadecimal digits.
        left_out: settings whose values, or whose files, are secret and not in it.
        encrypted_for: the public key that it was encrypted for; empty where it was not, or an earlier program made it.
    """

    format: int
    program: str
    schema: str
    database: str
    made_at: datetime
    daemon: str
    counts: dict[str, int]
    members: dict[str, str]
    left_out: tuple[str, ...]
    encrypted_for: str = ""

    def as_json(self) -> bytes:
        """Return it as the archive holds it."""
        told = asdict(self) | {"made_at": self.made_at.astimezone(UTC).isoformat()}
        return json.dumps(told, indent=1, sort_keys=True).encode()

    @classmethod
    def of_json(cls, octets: bytes) -> Self:
        """Read it.

        Raises:
            BackupDamagedError: it is none.
            BackupUnusableError: a later program made it.
        """
        try:
            told: dict[str, Any] = json.loads(octets)
            if told["format"] != FORMAT:
                reads = f"this version reads {FORMAT}; use a later program"
                raise BackupUnusableError(f"its format is {told['format']}, {reads}")
            names = cls.__dataclass_fields__
            values = {name: told[name] for name in names if name in told}
            values |= {"made_at": datetime.fromisoformat(told["made_at"]), "left_out": tuple(told["left_out"])}
            return cls(**values)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupDamagedError(f"{MANIFEST}: {type(error).__name__}") from None


class _Digested(io.RawIOBase):
    """Writes through, and takes the digest of all that was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = sha256()

    def writable(self) -> bool:
        return True

    def write(self, octets: Any, /) -> int:
        self.digest.update(octets)
        self._file.write(octets)
        return len(octets)


def write_archive(out: IO[bytes], manifest: Manifest, members: Mapping[str, Path | bytes]) -> None:
    """Write an archive.

    Args:
        out: where; it need not be able to seek.
        manifest: its `members` are those that are written.
        members: each file, or what it holds, by its name.

    Raises:
        OSError: it cannot be written, or a file cannot be read.
    """
    digested = _Digested(out)
    with tarfile.open(fileobj=digested, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, content in {MANIFEST: manifest.as_json(), **members}.items():
            info = tarfile.TarInfo(name)
            info.mtime = int(manifest.made_at.timestamp())
            info.mode = 0o600
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.size = content.stat().st_size
                with content.open("rb") as file:
                    tar.addfile(info, file)
    out.write(_TRAILER + digested.digest.hexdigest().encode() + b"\n")


def check_whole(path: Path) -> None:
    """Make sure that no octet of an archive, not encrypted, has changed.

    Raises:
        BackupDamagedError: one has, or the file was cut.
        OSError: it cannot be read.
    """
    size = path.stat().st_size - _TRAILER_OCTETS
    if size < 0:
        raise BackupDamagedError(f"{path.name}: it is cut, or no backup")
    digest = sha256()
    with path.open("rb") as file:
        rest = size
        while rest and (piece := file.read(min(_PIECE, rest))):
            digest.update(piece)
            rest -= len(piece)
        trailer = file.read()
    if trailer != _TRAILER + digest.hexdigest().encode() + b"\n":
        raise BackupDamagedError(f"{path.name}: the checksum at its end does not fit what stands before it")


def read_archive(path: Path, folder: Path) -> Manifest:
    """Take an archive apart, and check each member by its digest.

    Args:
        path: the archive, not encrypted.
        folder: an empty folder for its members.

    Raises:
        BackupDamagedError: something is not as it was written.
        BackupUnusableError: a later program made it.
        OSError: it cannot be read, or its members cannot be written.
    """
    check_whole(path)
    try:
        with tarfile.open(path, mode="r:") as tar:
            first = tar.next()
            held = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
            if first is None or held is None or first.size > _LARGEST_MANIFEST:
                raise BackupDamagedError(f"{path.name}: its first member must be {MANIFEST}, and is not")
            manifest = Manifest.of_json(held.read())
            found: set[str] = set()
            while (info := tar.next()) is not None:
                _take_out(tar, info, manifest, folder)
                found.add(info.name)
    except tarfile.TarError as error:
        raise BackupDamagedError(f"{path.name}: {type(error).__name__}") from None
    if missing := manifest.members.keys() - found:
        raise BackupDamagedError(f"{path.name}: it lacks {', '.join(sorted(missing))}")
    return manifest


def _take_out(tar: tarfile.TarFile, info: tarfile.TarInfo, manifest: Manifest, folder: Path) -> None:
    held = tar.extractfile(info) if info.isreg() else None
    if held is None or info.name not in manifest.members or not is_plain(info.name):
        raise BackupDamagedError("it holds a file that its manifest does not name, or that is none")
    target = folder / info.name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = sha256()
    with target.open("xb") as out:
        while piece := held.read(_PIECE):
            digest.update(piece)
            out.write(piece)
    if digest.hexdigest() != manifest.members[info.name]:
        raise BackupDamagedError(f"{info.name}: its digest is not the manifest's")


def is_plain(name: str) -> bool:
    """Tell whether a member's name stays below the folder that it is taken out into."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)


def digest_of(content: Path | bytes) -> str:
    """Return the SHA-256 of a file, or of what it holds, in hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(content, bytes):
        return sha256(content).hexdigest()
    digest = sha256()
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def encrypting(command: list[str], out: BinaryIO) -> Iterator[IO[bytes]]:
    """Give a pipe into a program that encrypts into `out`; the block ends once it has.

    Raises:
        ProgramError: the program is not there, or fails.
    """
    _require_program(command[0])
    with subprocess.Popen(  # noqa: S603 - a program that the settings choose, no shell
        command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE
    ) as process:
        if process.stdin is None or process.stderr is None:
            raise ProgramError(f"{command[0]}: it was started without pipes for its input and error output; try again")
        failed: Exception | None = None
        try:
            yield process.stdin
        except BrokenPipeError as error:
            # It has ended before: why, it says itself.
            failed = error
        with suppress(BrokenPipeError):
            process.stdin.close()
        said = process.stderr.read()
        if process.wait() or failed:
            raise ProgramError(f"{command[0]} failed: {first_words(said)}")


def run(command: list[str], *, env: Mapping[str, str] | None = None, out: BinaryIO | int | None = None) -> None:
    """Run a program to its end; what it prints goes into `out`.

    Raises:
        ProgramError: it is not there, or fails.
    """
    into = subprocess.DEVNULL if out is None else out
    _require_program(command[0])
    done = subprocess.run(  # noqa: S603 - programs of our own choice, no shell
        command, env=env, stdin=subprocess.DEVNULL, stdout=into, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise ProgramError(f"{Path(command[0]).name} failed: {first_words(done.stderr)}")


def _require_program(name: str) -> None:
    """Check that a program is installed.

    Raises:
        ProgramMissingError: it is not; the error names the package that brings it.
    """
    if shutil.which(name) is None:
        package = {"age": "age", "gpg": "gnupg"}.get(name, "postgresql-client")
        raise ProgramMissingError(f"{name} (Debian: apt install {package})")


def first_words(said: bytes) -> str:
    """Return the first line of what a program says of an error: further ones may quote data."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    words = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "it does not say why")
    return "".join(each for each in words if each.isprintable())[:_LONGEST_SAID]
