"""The rules that are and were in force: kept whole, so that a broken folder keeps nothing from starting again."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Problem
from dtm_contact.rules.reader_files import FORMER_MODEL
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.system_schema import rule_changes, rule_versions, rules_in_force
from dtm_contact.wording import from_kept, kept, worded


@dataclass(frozen=True, slots=True)
class DaemonRules:
    """Which rules a daemon judges by.

    Attributes:
        daemon: its name.
        version, since: the rules, and from when.
        refused: the version that its folder holds and that does not take effect; None where they are the same.
        refused_at: when that was found.
        problems: what is wrong with it, a line each.
    """

    daemon: str
    version: str
    since: datetime
    refused: str | None
    refused_at: datetime | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A version that a daemon found in its folder: `taken`, or refused."""

    daemon: str
    version: str
    at: datetime
    taken: bool


class RuleVersions:
    """The versions in one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_in_force(self, daemon: str, version: str, archive: bytes, now: datetime) -> None:
        """Keep a version, and say that a daemon judges by it from now on."""
        in_force = {"version": version, "since": now, "refused": None, "refused_at": None, "problems": None}
        with self._database.writing() as connection:
            insert = insert_of(connection)
            kept = insert(rule_versions).values(version=version, taken_at=now, archive=archive)
            connection.execute(kept.on_conflict_do_nothing())
            mine = insert(rules_in_force).values(daemon=daemon, **in_force)
            connection.execute(mine.on_conflict_do_update(index_elements=["daemon"], set_=in_force))
            _note(connection, RuleChange(daemon, version, now, taken=True))

    def refuse(self, daemon: str, version: str, problems: Iterable[Problem], now: datetime) -> None:
        """Say that a daemon's folder holds a version that does not take effect, and why; what is in force stays."""
        values = {"refused": version, "refused_at": now, "problems": [kept(problem.wording) for problem in problems]}
        with self._database.writing() as connection:
            mine = sa.update(rules_in_force).where(rules_in_force.c.daemon == daemon)
            connection.execute(mine.values(values))
            _note(connection, RuleChange(daemon, version, now, taken=False))

    def clear_refusal(self, daemon: str) -> None:
        """Say that a daemon's folder holds again what it judges by."""
        nothing = {"refused": None, "refused_at": None, "problems": None}
        mine = sa.update(rules_in_force).where(rules_in_force.c.daemon == daemon, rules_in_force.c.refused.is_not(None))
        with self._database.writing() as connection:
            connection.execute(mine.values(nothing))

    def in_force(self) -> list[DaemonRules]:
        """Return the rules that each daemon judges by, or judged by when it stopped; ordered by the daemons' names."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(rules_in_force).order_by(rules_in_force.c.daemon))
            return [
                DaemonRules(**{**row._asdict(), "problems": tuple(map(from_kept, row.problems or ()))}) for row in rows
            ]

    def last_good(self, daemon: str) -> str | None:
        """Return the version that a daemon judged by last, else the newest that any did; None without one."""
        mine = sa.select(rules_in_force.c.version).where(rules_in_force.c.daemon == daemon)
        newest = sa.select(rule_versions.c.version).order_by(rule_versions.c.taken_at.desc()).limit(1)
        with self._database.reading() as connection:
            found: str | None = connection.execute(mine).scalar_one_or_none()
            return found or connection.execute(newest).scalar_one_or_none()

    def archive(self, version: str) -> bytes:
        """Return a version's files, packed.

        Raises:
            NotFoundError: it was never in force.
        """
        query = sa.select(rule_versions.c.archive).where(rule_versions.c.version == version)
        with self._database.reading() as connection:
            found: bytes | None = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise NotFoundError(worded("version {version} of the rules", version=version))
        return found

    def changes(self, limit: int) -> Sequence[RuleChange]:
        """Return the last changes, the newest first."""
        columns = (rule_changes.c[name] for name in RuleChange.__dataclass_fields__)
        query = sa.select(*columns).order_by(rule_changes.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [RuleChange(*row) for row in connection.execute(query)]


def pack(folder: Path) -> bytes:
    """Return the files of a folder as one; hidden ones and what editors leave behind are left out."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if (
                path.is_file()
                and not path.is_symlink()
                and not any(part.startswith(".") or part.endswith("~") for part in name.parts)
            ):
                archive.writestr(zipfile.ZipInfo(name.as_posix()), path.read_bytes())
    return packed.getvalue()


def unpack(archive: bytes, folder: Path) -> None:
    """Write the files of an archive of ours into a folder, but for the learned model that earlier ones hold."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(folder, [name for name in packed.namelist() if name != FORMER_MODEL])


@contextmanager
def files_in_force(versions: RuleVersions, daemon: str, otherwise: Path) -> Iterator[Path]:
    """Give a folder with the files of the rules that judge, while the block runs.

    Args:
        versions: those that were in force.
        daemon: whose.
        otherwise: the folder that admins write in, given where none were in force yet.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    version = versions.last_good(daemon)
    if version is None:
        yield otherwise
        return
    with files_of(versions, version) as folder:
        yield folder


@contextmanager
def files_of(versions: RuleVersions, version: str) -> Iterator[Path]:
    """Give a folder with the files of a version, while the block runs.

    Raises:
        NotFoundError: it was never in force.
    """
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        unpack(versions.archive(version), Path(name))
        yield Path(name)


def _note(connection: Connection, change: RuleChange) -> None:
    values = {name: getattr(change, name) for name in RuleChange.__dataclass_fields__}
    connection.execute(rule_changes.insert().values(values))
