"""What of a person lies packed in octets: lines of the switchboard, versions of the directory and of the rules."""

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.privacy.data_place import DataPlace, Prepared
from dtm_contact.privacy.subject import SubjectScope, slices
from dtm_contact.rules.rule_tests import TESTS_FOLDER
from dtm_contact.store import directory

WHO: Final = "effacement"
"""Who is said to have taken somebody out of the directory."""


@dataclass(frozen=True)
class CallLogPlace(DataPlace):
    """Lines of the switchboard's log that still wait for later ones: found by the number within their octets."""

    not_given: str = (
        "notées par le standard pour un appel : ce qui en est compris est donné plus haut, elles-mêmes nomment les "
        "postes des agents et s’effacent seules (RGPD, art. 15(4))"
    )

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many there are."""
        return self.count(connection, scope)

    def prepare(self, connection: Connection, scope: SubjectScope) -> list[int]:
        """Return the lines that hold the person's number."""
        if scope.person is None or not scope.person.numbers:
            return []
        sought = [needle.encode() for needle in scope.person.needles]
        rows = connection.execute(sa.select(self.table.c.id, self.table.c.raw))
        return [row.id for row in rows if any(needle in bytes(row.raw) for needle in sought)]

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many lines hold the person's number."""
        return len(self.prepare(connection, scope))

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Delete these lines."""
        ids = self.prepare(connection, scope) if prepared is None else prepared
        for some in slices(ids):
            connection.execute(self.table.delete().where(self.table.c.id.in_(some)))
        return len(ids)


@dataclass(frozen=True)
class DirectoryPlace(DataPlace):
    """The directory in force and its kept versions: a lease that runs is needed for the contract, and stays."""

    not_given: str = "les versions d’avant de l’annuaire : elles répètent votre bail, et s’effacent par leur âge"

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many lines of earlier versions are the person's."""
        tenants = tuple(scope.person.tenants) if scope.person is not None else ()
        kept = directory.repacked_without(connection, tenants) if tenants else {}
        return sum(gone for _content, gone in kept.values())

    def prepare(self, connection: Connection, scope: SubjectScope) -> dict[int, tuple[bytes, int]]:
        """Return the kept versions without the person."""
        tenants = _to_leave_out(scope)
        return directory.repacked_without(connection, tenants) if tenants else {}

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many lines of the directory in force, and of versions that are kept, would go."""
        tenants = _to_leave_out(scope)
        if not tenants:
            return 0
        theirs = sa.select(sa.func.count()).select_from(self.table).where(self.table.c.tenant_id.in_(tenants))
        kept = self.prepare(connection, scope)
        return connection.execute(theirs).scalar_one() + sum(gone for _content, gone in kept.values())

    def export(self, connection: Connection, scope: SubjectScope) -> list[dict[str, Any]]:
        """Return the leases of the directory in force, those that run included."""
        if scope.person is None:
            return []
        theirs = sa.select(self.table).where(self.table.c.tenant_id.in_(tuple(scope.person.tenants)))
        return [dict(row) for row in connection.execute(theirs).mappings()]

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Take the leases out."""
        tenants = _to_leave_out(scope)
        if not tenants:
            return 0
        repacked = self.prepare(connection, scope) if prepared is None else prepared
        return directory.leave_out(connection, tenants, repacked, WHO, datetime.now(UTC))


def _to_leave_out(scope: SubjectScope) -> tuple[str, ...]:
    person = scope.person
    return () if person is None or person.lease_runs else tuple(person.tenants)


@dataclass(frozen=True)
class RuleArchivesPlace(DataPlace):
    """Versions of the rules that were in force: tests that were made of the person's cases are left out of them."""

    not_given: str = "des essais de règles y répètent les mots d’un de vos messages, donnés plus haut"

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many versions hold such a test."""
        return self.count(connection, scope)

    def prepare(self, connection: Connection, scope: SubjectScope) -> dict[str, bytes]:
        """Return the versions that hold such a test, packed without it."""
        found: dict[str, bytes] = {}
        if scope.person is None:
            return found
        for row in connection.execute(sa.select(self.table.c.version, self.table.c.archive)).all():
            changed = archive_without(bytes(row.archive), scope)
            if changed is not None:
                found[row.version] = changed
        return found

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many versions hold such a test."""
        return len(self.prepare(connection, scope))

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Keep these versions without such tests."""
        changed = self.prepare(connection, scope) if prepared is None else prepared
        for version, archive in changed.items():
            mine = sa.update(self.table).where(self.table.c.version == version)
            connection.execute(mine.values(archive=archive))
        return len(changed)


def is_test_of(name: str, content: str, scope: SubjectScope) -> bool:
    """Return whether a rule test, by its file's name and text, was made of a scope's case or names its person."""
    if name.removesuffix(".yaml") in scope.numbers:
        return True
    return scope.person is not None and any(each.lower() in content.lower() for each in scope.person.needles)


def archive_without(archive: bytes, scope: SubjectScope) -> bytes | None:
    """Return an archive of rules without the tests that are of a scope; None where it holds none."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        members = {info.filename: packed.read(info) for info in packed.infolist()}
    left = {
        name: content
        for name, content in members.items()
        if not name.startswith(f"{TESTS_FOLDER}/")
        or not is_test_of(name.rpartition("/")[2], content.decode(errors="replace"), scope)
    }
    if len(left) == len(members):
        return None
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in left.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return written.getvalue()
