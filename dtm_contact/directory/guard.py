"""Whether an export looks wrong although every line of it can be read: what it would change all at once.

An estate changes line by line: people move in and out, get a new phone, marry. An export whose columns slipped against
each other, that lost a column or its end, changes hundreds of lines together. So the export is compared with the
directory in force, and each column that routing and matching rest on has a share of its lines that may change by one
import. The shares are several times what a month brings, so that an ordinary month passes without a word.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from dtm_contact.directory.columns import can_be_address, can_be_phone
from dtm_contact.directory.layouts import (
    ABSENCES,
    ADDRESSES,
    ASSIGNMENTS,
    CARETAKERS,
    DWELLINGS,
    EQUIPMENT,
    LAYOUTS,
    OFFICES,
    RESIDENCES,
    TENANTS,
    Layout,
)
from dtm_contact.directory.lines import column, columns
from dtm_contact.directory.records import Records
from dtm_contact.directory.report import is_harmless
from dtm_contact.text import fold, phone_key

Key = tuple[str, ...]
Meaning = str | date | frozenset[str] | None
Values = Mapping[Key, Meaning]

FEWEST = 3
"""Up to two lines are never suspicious, however small the estate; but see `PEOPLE_MAY_GO`."""

PEOPLE_MAY_GO = 0.05
"""Of the tenants, and of the residences, however few there are (the directory's contract)."""

LINES_MAY_GO = 0.05
"""Of the lines of any other file: units are sold by the building, lines of former tenants are dropped after years."""

STAFF_MAY_GO = 0.10
"""Of the caretakers and of the lines that ring by themselves: some dozens, of which a few change in a month."""

CONTACTS_MAY_CHANGE = 0.10
"""Of the phones and e-mails: 1 to 2 % change in a month, so this bears an import after half a year."""

CONTACTS_MAY_BE_EMPTIED = 0.03
"""Of the phones and e-mails: numbers out of use are cleared one by one, well under 1 % in a month."""

CONTACTS_MAY_MOVE = 0.01
"""Of the phones and e-mails that turn up with somebody else: a couple parts, a parent's number goes to a child."""

NAMES_MAY_CHANGE = 0.02
"""Of the names: marriages and corrections, well under 1 % in a month."""

PLACES_MAY_CHANGE = 0.02
"""Of the references that hardly ever change: a lease keeps its unit, a unit its entrance, an entrance its residence."""

STREETS_MAY_CHANGE = 0.10
"""Of the streets, house numbers and communes: a street is renamed, a batch is corrected."""

OFFICES_MAY_CHANGE = 0.10
"""Of the residences that go to another office: areas are redrawn by a few residences at a time."""

CARE_MAY_CHANGE = 0.20
"""Of the entrances with other caretakers: one caretaker who leaves takes several entrances along."""

CARE_MAY_BE_EMPTIED = 0.10
"""Of the entrances that would have no caretaker left."""

FEWEST_OF_CARE = 10
"""Up to nine entrances are one caretaker's: in a small estate that is a large share."""

LEASES_MAY_END = 0.10
"""Of the leases that had no end and have one now: 1 to 2 % in a month."""

DAYS_MAY_CHANGE = 0.05
"""Of the days on which leases began or ended: corrections only."""

MAY_SLIP = 0.01
"""Of the values that stand one line off: by chance, a wife's name that is now her husband's on the next line."""

MAY_BE_EXCHANGED = 0.01
"""Of the people whose first and last names are exchanged: corrections of single lines."""

MAY_BE_IMPLAUSIBLE = 0.10
"""Of the phones or e-mails that cannot be any, beyond the share that the directory in force has: "none", "see son"."""

SHORTEST_CUT = 5
"""So many lines gone from the end of a file, with nothing new behind, is no chance where one line in fifty goes."""

LONGEST_BLANK = 50
"""A first export with more lines than this and not one phone (or e-mail) has lost the column."""

_KEYS_SHOWN = 3
_OF_ONE_VALUE = 0.8
_FEW_VALUES = 50


class Sign(StrEnum):
    """What makes an export look wrong."""

    LOST = "lost"
    CUT = "cut"
    EMPTIED = "emptied"
    BLANK = "blank"
    FILLED = "filled"
    CHANGED = "changed"
    SAME = "same"
    MOVED = "moved"
    SLIPPED = "slipped"
    EXCHANGED = "exchanged"
    IMPLAUSIBLE = "implausible"
    NUMERIC = "numeric"


_SAID = {
    Sign.LOST: ("{count} of {of} would be gone", "was only a part exported, or were all identifiers made anew?"),
    Sign.CUT: (
        "the last {count} of the {of} lines in force are all missing",
        "the file was cut short: export it again",
    ),
    Sign.EMPTIED: ("{count} of {of} that had a value would have none", "was the column left out, or cleared?"),
    Sign.BLANK: ("none of {of} lines has a value", "was the column left out of the export?"),
    Sign.FILLED: ("{count} of {of} that had no value would have one", "was the column filled down, or is it another?"),
    Sign.CHANGED: ("{count} of {of} would have another value", "was the column sorted or pasted by itself?"),
    Sign.SAME: ("{count} of {of} would change, nearly all to one value", "was one cell filled down the column?"),
    Sign.MOVED: ("{count} of {of} would have what another line had", "was the column sorted or moved by itself?"),
    Sign.SLIPPED: (
        "{count} of {of} would have what the line next to theirs had",
        "the column slipped against the others: a cell was inserted or deleted in it",
    ),
    Sign.EXCHANGED: ("{count} of {of} would have first and last name exchanged", "do the two headers stand right?"),
    Sign.IMPLAUSIBLE: ("{count} of {of} values cannot be one", "is this another column under a wrong header?"),
    Sign.NUMERIC: (
        "{count} of {of} values cannot be one, but numbers such as 6,44E+08",
        "a spreadsheet made numbers of them: use the export as it came, or read the column in as text",
    ),
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing that looks wrong about an export.

    Attributes:
        file: where.
        column: which column; empty where whole lines are meant.
        sign: what.
        count: of how many lines or values.
        of: of how many that could be so.
        keys: identifiers of the first of them, never a person's data.
    """

    file: str
    column: str
    sign: Sign
    count: int
    of: int
    keys: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What looks wrong, in words."""
        return _SAID[self.sign][0].format(count=f"{self.count:,}", of=f"{self.of:,}")

    @property
    def hint(self) -> str:
        """What has probably happened."""
        return _SAID[self.sign][1]

    def __str__(self) -> str:
        """Return `file: column: message: keys (hint)`."""
        place = f"{self.file}: {self.column}" if self.column else self.file
        keys = f": {', '.join(self.keys)}{', …' if self.count > len(self.keys) else ''}" if self.keys else ""
        return f"{place}: {self.message}{keys} ({self.hint})"


def suspicions(old: Records, new: Records) -> tuple[Suspicion, ...]:
    """Return what looks wrong about an export, in the order of the files.

    Args:
        old: the directory in force; an empty one where none is.
        new: the export, already checked line by line.
    """
    found: list[Suspicion | None] = []
    for layout in LAYOUTS:
        found.append(_lost(layout, old, new))
        if layout is TENANTS:
            found += _tenants(old, new)
        else:
            found += [_changed(watched, old, new) for watched in _WATCHED if watched.layout is layout]
        found += [_implausible(each, old, new) for each in _CONTACTS if each.layout is layout]
    return tuple(each for each in found if each is not None)


def _tenants(old: Records, new: Records) -> list[Suspicion | None]:
    """Return what looks wrong about the people; exchanged names are told once, not as two columns that changed."""
    exchanged = _exchanged_names(old, new)
    names = {"last_name", "first_name"} if exchanged else frozenset()
    watched = (each for each in _WATCHED if each.layout is TENANTS and each.column not in names)
    return [exchanged, *(_changed(each, old, new) for each in watched)]


# -- Lines that go


def _lost(layout: Layout, old: Records, new: Records) -> Suspicion | None:
    """Return that a file lost its end, or too many of its lines."""
    if layout is ABSENCES:  # They come and go; that all are gone at once is odd.
        known = len(old.absences)
        return Suspicion(layout.file, "", Sign.LOST, known, known) if known > FEWEST and not new.absences else None
    key = ("caretaker_id", "address_id") if layout is ASSIGNMENTS else layout.key
    before, after = (list(columns(getattr(records, layout.name), *key)) for records in (old, new))
    left = set(after)
    if cut := _cut(before, after, left):
        return Suspicion(layout.file, "", Sign.CUT, len(cut), len(before), _shown(layout, cut))
    if layout is ASSIGNMENTS:
        return None
    if layout is TENANTS:
        people = _lost_keys(layout, (key[:1] for key in before), {key[:1] for key in after}, PEOPLE_MAY_GO, fewest=1)
        if people is not None:
            return people
    is_contract = layout is RESIDENCES
    most = PEOPLE_MAY_GO if is_contract else STAFF_MAY_GO if layout in (CARETAKERS, EQUIPMENT) else LINES_MAY_GO
    return _lost_keys(layout, before, left, most, fewest=1 if is_contract else FEWEST)


def _lost_keys(
    layout: Layout, before: Iterable[Key], left: AbstractSet[Key], most: float, *, fewest: int
) -> Suspicion | None:
    keys = dict.fromkeys(before)
    gone = [key for key in keys if key not in left]
    if not _too_many(len(gone), len(keys), most, fewest):
        return None
    return Suspicion(layout.file, "", Sign.LOST, len(gone), len(keys), _shown(layout, gone))


def _cut(before: Sequence[Key], after: Sequence[Key], left: AbstractSet[Key]) -> Sequence[Key]:
    """Return the lines that stood behind the one that is now the last, where all of them are gone and they are many."""
    if not after or after[-1] not in (places := {key: place for place, key in enumerate(before)}):
        return ()
    tail = before[places[after[-1]] + 1 :]
    return tail if len(tail) >= SHORTEST_CUT and left.isdisjoint(tail) else ()


def _too_many(count: int, of: int, most: float, fewest: int = FEWEST) -> bool:
    return count >= fewest and count > most * of


def _shown(layout: Layout, keys: Iterable[Key]) -> tuple[str, ...]:
    """Return the first identifiers; in a file of people only what looks like one."""
    shown = dict.fromkeys(key[0] for key in keys if key and (not layout.personal or is_harmless(key[0])))
    return tuple(shown)[:_KEYS_SHOWN]


# -- Columns that change


def _folded(value: Any) -> Meaning:
    return fold(value)


@cache
def _number(text: str) -> str:
    return phone_key(text) or text


def _phones(value: Any) -> Meaning:
    return frozenset(map(_number, (value,) if isinstance(value, str) else value)) - {""}


def _mail(value: Any) -> Meaning:
    return frozenset((value.lower(),)) if value else frozenset()


def _as_it_is(value: Any) -> Meaning:
    meaning: Meaning = value
    return meaning


@dataclass(frozen=True, slots=True)
class _Watched:
    """A column and how many of its lines may change by one import.

    Attributes:
        layout, column: which.
        may_change: the share with another value.
        may_be_emptied: the share that loses its value.
        may_be_filled: the share of those without a value that gain one.
        means: what two spellings of one value have in common; false for no value.
        personal: whether its values belong to one line each, so that one with another line has moved.
        key: the columns that say which lines are compared; the file's own key where empty.
        fewest: how many lines it takes at least.
    """

    layout: Layout
    column: str
    may_change: float
    may_be_emptied: float
    means: Callable[[Any], Meaning] = _as_it_is
    may_be_filled: float = 1.0
    personal: bool = False
    key: Key = ()
    fewest: int = FEWEST

    def values(self, records: Records) -> Values:
        """Return what each line means, by its key, in the order of the file."""
        key = self.key or self.layout.key
        rows = columns(getattr(records, self.layout.name), *key, self.column)
        return {row[:-1]: self.means(row[-1]) for row in rows}


@dataclass(frozen=True, slots=True)
class _WatchedCare(_Watched):
    """Which caretakers each entrance has."""

    def values(self, records: Records) -> Values:
        """Return the caretakers of every entrance, those without any too."""
        found: dict[Key, set[str]] = {(address,): set() for address in column(records.addresses, "address_id")}
        for caretaker, address in columns(records.assignments, "caretaker_id", "address_id"):
            found.setdefault((address,), set()).add(caretaker)
        return {key: frozenset(caretakers) for key, caretakers in found.items()}


def _contact(layout: Layout, name: str, means: Callable[[Any], Meaning]) -> _Watched:
    return _Watched(layout, name, CONTACTS_MAY_CHANGE, CONTACTS_MAY_BE_EMPTIED, means, personal=True)


_CONTACTS = (
    _contact(OFFICES, "email", _mail),
    _contact(OFFICES, "phone", _phones),
    _contact(TENANTS, "email", _mail),
    _contact(TENANTS, "phones", _phones),
    _contact(CARETAKERS, "email", _mail),
    _contact(CARETAKERS, "phone", _phones),
)

_WATCHED = (
    *_CONTACTS,
    _Watched(RESIDENCES, "name", STREETS_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(RESIDENCES, "commune", STREETS_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(RESIDENCES, "office_id", OFFICES_MAY_CHANGE, LINES_MAY_GO),
    _Watched(ADDRESSES, "residence_id", PLACES_MAY_CHANGE, LINES_MAY_GO),
    _Watched(ADDRESSES, "house_number", STREETS_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(ADDRESSES, "street", STREETS_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(ADDRESSES, "commune", STREETS_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(DWELLINGS, "address_id", PLACES_MAY_CHANGE, LINES_MAY_GO),
    _Watched(DWELLINGS, "kind", PLACES_MAY_CHANGE, LINES_MAY_GO),
    _Watched(DWELLINGS, "door", STREETS_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(DWELLINGS, "unit_reference", PLACES_MAY_CHANGE, LINES_MAY_GO),
    _Watched(TENANTS, "last_name", NAMES_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(TENANTS, "first_name", NAMES_MAY_CHANGE, LINES_MAY_GO, _folded),
    _Watched(TENANTS, "dwelling_id", PLACES_MAY_CHANGE, LINES_MAY_GO),
    _Watched(TENANTS, "lease_start", DAYS_MAY_CHANGE, LINES_MAY_GO),
    _Watched(TENANTS, "lease_end", DAYS_MAY_CHANGE, LINES_MAY_GO, may_be_filled=LEASES_MAY_END),
    _Watched(CARETAKERS, "last_name", STAFF_MAY_GO, LINES_MAY_GO, _folded),
    _Watched(CARETAKERS, "office_id", OFFICES_MAY_CHANGE, LINES_MAY_GO),
    _WatchedCare(ASSIGNMENTS, "caretaker_id", CARE_MAY_CHANGE, CARE_MAY_BE_EMPTIED, fewest=FEWEST_OF_CARE),
    _Watched(
        ASSIGNMENTS,
        "end_date",
        CARE_MAY_CHANGE,
        CARE_MAY_CHANGE,
        may_be_filled=CARE_MAY_CHANGE,
        key=("caretaker_id", "address_id"),
        fewest=FEWEST_OF_CARE,
    ),
    _Watched(EQUIPMENT, "address_id", STAFF_MAY_GO, LINES_MAY_GO),
)


def _changed(watched: _Watched, old: Records, new: Records) -> Suspicion | None:
    """Return what looks wrong about one column: of several signs the one that tells most."""
    before, after = watched.values(old), watched.values(new)
    both = [key for key in after if key in before]
    had = [key for key in both if before[key]]
    other = [key for key in had if after[key] and after[key] != before[key]]
    emptied = [key for key in had if not after[key]]
    filled = [key for key in both if not before[key] and after[key]]
    are_one = _are_one(after[key] for key in other)
    slipped = [] if are_one else _slipped(other, before, after)
    moved = _moved(other, before, after) if watched.personal and not are_one else []
    # Where there are only a few values (offices), the next line's is often the right one.
    may_slip = MAY_SLIP if len(set(before.values())) > _FEW_VALUES else watched.may_change
    for found, keys, of, most in (
        (Sign.SLIPPED, slipped, len(had), may_slip),
        (Sign.MOVED, moved, len(had), CONTACTS_MAY_MOVE),
        (Sign.EMPTIED, emptied, len(had), watched.may_be_emptied),
        (Sign.SAME if are_one else Sign.CHANGED, other, len(had), watched.may_change),
        (Sign.FILLED, filled, len(both) - len(had), watched.may_be_filled),
    ):
        if _too_many(len(keys), of, most, watched.fewest):
            return Suspicion(watched.layout.file, watched.column, found, len(keys), of, _shown(watched.layout, keys))
    return None


def _slipped(other: Sequence[Key], before: Values, after: Values) -> Sequence[Key]:
    """Return the lines whose new value stood one line above or below; of the two directions the more frequent one."""
    order = list(after)
    place = {key: number for number, key in enumerate(order)}
    found: Sequence[Key] = ()
    for step in (-1, 1):
        near = [
            key
            for key in other
            if 0 <= place[key] + step < len(order) and before.get(order[place[key] + step]) == after[key]
        ]
        found = max(found, near, key=len)
    return found


def _moved(other: Sequence[Key], before: Values, after: Values) -> Sequence[Key]:
    """Return the lines all of whose new values others had before, and none of which was theirs."""
    owned = frozenset[str]().union(*(values for values in before.values() if isinstance(values, frozenset)))
    found: list[Key] = []
    for key in other:
        mine, now = before[key], after[key]
        if isinstance(mine, frozenset) and isinstance(now, frozenset) and mine.isdisjoint(now) and now <= owned:
            found.append(key)
    return found


def _are_one(values: Iterable[Meaning]) -> bool:
    counted = Counter(values)
    return bool(counted) and counted.most_common(1)[0][1] >= _OF_ONE_VALUE * counted.total()


def _exchanged_names(old: Records, new: Records) -> Suspicion | None:
    before, after = (
        {row[:2]: (fold(row[2]), fold(row[3])) for row in columns(records.leases, *TENANTS.key, *_NAMES)}
        for records in (old, new)
    )
    both = [key for key in after if key in before and all(before[key])]
    exchanged = [key for key in both if after[key] == before[key][::-1] != before[key]]
    if not _too_many(len(exchanged), len(both), MAY_BE_EXCHANGED):
        return None
    name = ", ".join(_NAMES)
    return Suspicion(TENANTS.file, name, Sign.EXCHANGED, len(exchanged), len(both), _shown(TENANTS, exchanged))


_NAMES = ("last_name", "first_name")


# -- Values that cannot be


def _implausible(watched: _Watched, old: Records, new: Records) -> Suspicion | None:
    """Return that too many phones or e-mails cannot be any, or that a first export has none at all."""
    can_be = can_be_address if watched.means is _mail else can_be_phone
    values = list(_single(watched, new))
    wrong = [(key, value) for key, value in values if not can_be(value)]
    known = list(_single(watched, old))
    usual = sum(not can_be(value) for _, value in known) / len(known) if known else 0.0
    file, name = watched.layout.file, watched.column
    lines = len(getattr(new, watched.layout.name))
    if not values and not getattr(old, watched.layout.name) and lines > LONGEST_BLANK:
        return Suspicion(file, name, Sign.BLANK, 0, lines)
    if not _too_many(len(wrong), len(values), usual + MAY_BE_IMPLAUSIBLE):
        return None
    numeric = sum(_is_float(value) for _, value in wrong) >= _OF_ONE_VALUE * len(wrong)
    sign = Sign.NUMERIC if numeric else Sign.IMPLAUSIBLE
    return Suspicion(file, name, sign, len(wrong), len(values), _shown(watched.layout, (key for key, _ in wrong)))


def _single(watched: _Watched, records: Records) -> Iterable[tuple[Key, str]]:
    for *key, value in columns(getattr(records, watched.layout.name), *watched.layout.key, watched.column):
        for each in (value,) if isinstance(value, str) else value:
            if each:
                yield tuple(key), each


def _is_float(value: str) -> bool:
    """Return whether a spreadsheet may have written this number ("6,44E+08", "644602314.0")."""
    try:
        float(value.replace(",", "."))
    except ValueError:
        return False
    return not value.strip("+").isdigit()
