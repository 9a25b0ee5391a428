"""What an import would change, and whether it would lose so much that the export must have been cut short."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from dtm_contact.directory.layouts import LAYOUTS, Layout
from dtm_contact.directory.records import Records
from dtm_contact.errors import DirectoryShrinksError

MOST_LOST = 0.05
"""The share of tenants or of residences that an import may lose unforced (the directory's contract)."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDifference:
    """What would change in one file: the keys of the lines.

    Where a file has no key of its own, a line is its own key, and there is no change, only a line gone and one added.
    """

    file: str
    added: tuple[Key, ...]
    changed: tuple[Key, ...]
    gone: tuple[Key, ...]

    def __bool__(self) -> bool:
        """Return whether anything would change."""
        return bool(self.added or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class Difference:
    """What an import would change.

    Attributes:
        files: every file, those without a change too.
        tenants, residences: how many people and residences there are now.
        tenants_gone, residences_gone: how many of them would be gone.
    """

    files: tuple[FileDifference, ...]
    tenants: int
    tenants_gone: int
    residences: int
    residences_gone: int

    @property
    def loses_too_much(self) -> bool:
        """Whether more than 5 % of the tenants or of the residences would be gone."""
        return self.tenants_gone > MOST_LOST * self.tenants or self.residences_gone > MOST_LOST * self.residences

    def refuse_shrinking(self) -> None:
        """Do nothing where the import loses little.

        Raises:
            DirectoryShrinksError: it loses too much.
        """
        if self.loses_too_much:
            tenants = _share(self.tenants_gone, self.tenants, "tenants")
            residences = _share(self.residences_gone, self.residences, "residences")
            raise DirectoryShrinksError(f"{tenants} and {residences} would be gone")


def _share(gone: int, total: int, what: str) -> str:
    return f"{gone:,} of {total:,} {what} ({gone / total if total else 0:.1%})"


def compare(old: Records, new: Records) -> Difference:
    """Return what replacing `old` by `new` would change."""
    tenants = {lease.tenant_id for lease in old.leases}
    residences = {residence.residence_id for residence in old.residences}
    return Difference(
        files=tuple(_compare(layout, getattr(old, layout.name), getattr(new, layout.name)) for layout in LAYOUTS),
        tenants=len(tenants),
        tenants_gone=len(tenants - {lease.tenant_id for lease in new.leases}),
        residences=len(residences),
        residences_gone=len(residences - {residence.residence_id for residence in new.residences}),
    )


def _compare(layout: Layout, old: Iterable[object], new: Iterable[object]) -> FileDifference:
    before, after = _by_key(layout, old), _by_key(layout, new)
    return FileDifference(
        layout.file,
        added=tuple(key for key in after if key not in before),
        changed=tuple(key for key, line in after.items() if key in before and before[key] != line),
        gone=tuple(key for key in before if key not in after),
    )


def _by_key(layout: Layout, lines: Iterable[object]) -> dict[Key, object]:
    columns = layout.key or layout.headers
    if len(columns) == 1:
        return {(getattr(line, columns[0]),): line for line in lines}
    read = attrgetter(*columns)
    return {tuple(map(_shown, read(line))): line for line in lines}


def _shown(value: date | str | None) -> str:
    return "" if value is None else str(value)
