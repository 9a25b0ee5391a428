"""What an import would change, line by line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from dtm_contact.directory.layouts import LAYOUTS, Layout
from dtm_contact.directory.records import Records

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


def compare(old: Records, new: Records) -> tuple[FileDifference, ...]:
    """Return what replacing `old` by `new` would change, for every file, those without a change too."""
    return tuple(_compare(layout, getattr(old, layout.name), getattr(new, layout.name)) for layout in LAYOUTS)


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
