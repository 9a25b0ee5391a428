"""The people and the shops of the directory as matching sees them, and the look-ups that find them."""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import log2

import numpy as np

from dtm_contact.directory import Directory, Lease, Records
from dtm_contact.directory.lines import FEW, cells, column, columns
from dtm_contact.directory.lookups import Groups, Keys, Numbers
from dtm_contact.matching import weights
from dtm_contact.matching.cues import CLOSINGS, RUNNING_A_SHOP
from dtm_contact.matching.gazetteer import Vocabulary, numbered
from dtm_contact.matching.passages import Passage, Surroundings
from dtm_contact.model import Part
from dtm_contact.text import LITTLE_WORDS, glued, name_words, phone_key, place_words, same_word, written_out

_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")
_FEMALE = frozenset({"mme", "mlle", "madame", "mademoiselle"})
_MALE = frozenset({"m", "mr", "monsieur"})
_REMEMBERED = 8_192
NOWHERE = -1
"""The entrance of people without a home in the directory, and the number of a name that somebody lacks."""


def gender_of(title: str) -> str:
    """Return "f", "m" or "" for a title ("Mme", "M.")."""
    word = title.lower().strip(" .")
    return "f" if word in _FEMALE else "m" if word in _MALE else ""


def number_key(text: str) -> str:
    """Return a lease number or a unit reference as its letters and digits alone ("3900689/60" → "390068960")."""
    lower = text.lower()
    return lower if lower.isalnum() and lower.isascii() else _NOT_IN_KEY.sub("", lower)


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling that somebody has or had, and from when to when; `entrance` is its position, `NOWHERE` if unknown."""

    dwelling_id: str
    kind: str
    floor: str
    door: str
    entrance: int
    residence_id: str
    start: date | None
    end: date | None

    def left(self, on: date) -> bool:
        """Return whether the lease has ended."""
        return self.end is not None and self.end < on

    def overlaps(self, other: "Home") -> bool:
        """Return whether two leases on one dwelling were ever in force on the same day."""
        if self.dwelling_id != other.dwelling_id:
            return False
        begun, ended = (
            max(self.start or date.min, other.start or date.min),
            min(self.end or date.max, other.end or date.max),
        )
        return begun <= ended


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the directory, names folded and glued.

    Attributes:
        homes: the dwellings (for a trader: the premises) in the order of their leases; parking spaces are none.
        parking: the positions of the entrances where they rent a parking space.
    """

    tenant_id: str
    surname: str
    birth: str
    first: str
    gender: str
    role: str
    label: str
    homes: tuple[Home, ...]
    parking: tuple[int, ...] = ()

    def lived_with(self, home: Home) -> bool:
        """Return whether the person ever had a lease on the dwelling of `home` while that lease ran.

        Args:
            home: somebody else's lease on a dwelling.
        """
        return any(each.overlaps(home) for each in self.homes)

    def home(self, on: date) -> Home | None:
        """Return where the person lives on a day: the lease in force that began last, else the last one."""
        current = self.homes_on(on)
        return current[-1] if current else None

    def lives_in(self, on: date) -> Sequence[Home]:
        """Return the homes whose lease is in force on a day; none of who has left."""
        return [home for home in self.homes if not home.left(on) and (home.start is None or home.start <= on)]

    def homes_on(self, on: date) -> Sequence[Home]:
        """Return where the person lives on a day, the lease that began last at the end; the last one if none is."""
        if len(self.homes) <= 1:
            return self.homes
        return self.lives_in(on) or self.homes[-1:]


def _nearness(home: Home) -> tuple[bool, date]:
    """Order homes: a trader's flat, where they have one, counts before their shop; then the lease that began last."""
    return home.kind == "dwelling", home.start or date.min


class People:
    """All people, in the order of the directory, and who bears which name, address, number or lease.

    Positions in that order stand for people. What every contact asks of many people lies in arrays (name numbers,
    entrances); where there are many, a whole `Person` is made when one comes into question.

    Attributes:
        surnames, firsts: the names; birth names are among the surnames.
        surname, birth, first: for each person the number of the name in them, -1 for none.
        entrance: for each person the position of the entrance where they live (last), -1 for none.
        by_name: people by the numbers of their surname and their birth name. `residents`: people by entrance.
        by_email, by_phone, by_number: people by an address, a phone key, the key of a lease or tenant number.
        units: dwellings, by their place in the records, by the key of a unit reference.
    """

    def __init__(self, directory: Directory, entrance_by_id: Mapping[str, int]) -> None:
        """Build every look-up; `entrance_by_id` gives the position of an entrance."""
        self._directory = directory
        records = directory.records
        leases = records.leases
        self._holder = numbered(column(leases, "tenant_id"))[1]
        self._count = int(self._holder.max(initial=-1)) + 1
        self._leases = Groups(self._holder, self._count)
        # Of each lease the unit, and of each unit the entrance: a person is made without a look-up by identifier.
        self._unit = array("i", directory.dwellings.rows.first_of_each(column(leases, "dwelling_id")).tobytes())
        self._lies_at = array("i", (entrance_by_id.get(at, NOWHERE) for at in column(records.dwellings, "address_id")))
        self.surnames = _vocabulary(leases, ("last_name", "birth_name"))
        self.firsts = _vocabulary(leases, ("first_name",), short_forms=True)
        self.surname, self.birth, self.first = self._names(records)
        self.entrance = self._entrances(records)
        self.by_name = Groups.of_any((self.surname, self.birth), len(self.surnames.names))
        self.residents = Groups(self.entrance, len(entrance_by_id))
        self.by_email = Keys.of_one((each.strip().lower() for each in column(leases, "email")), self._holder)
        self.by_phone = Keys.of_each(map(_phone_keys, column(leases, "phones")), self._holder)
        numbers = columns(leases, "lease_id", "tenant_id")
        self.by_number = Keys.of_each((map(number_key, both) for both in numbers), self._holder)
        self.units = Keys.of_one(map(number_key, _references(records)))
        # Of lines that lie in columns only these fields are read for a person: half the time that whole lines take.
        self._named = cells(leases, "tenant_id", "role", "title", "last_name", "birth_name", "first_name")
        self._lasts = cells(leases, "lease_start", "lease_end")
        self._dwelling_cells = cells(records.dwellings, "dwelling_id", "kind", "floor", "door")
        self._made = tuple(map(self._make, range(len(self)))) if len(self) <= FEW else ()
        self._remembered: Callable[[int], Person] = lru_cache(maxsize=_REMEMBERED)(self._make)

    def __len__(self) -> int:
        return self._count

    def position(self, tenant_id: str | None) -> int | None:
        """Return the position of a person, None where the directory has none of that id."""
        row = self._directory.first_lease_of(tenant_id) if tenant_id else -1
        return self._holder.item(row) if row >= 0 else None

    def holder(self, row: int) -> int:
        """Return the person on a line of the leases."""
        return self._holder.item(row)

    def living_in(self, dwelling_id: str) -> list[int]:
        """Return the people who have or had a lease on a dwelling."""
        return list(dict.fromkeys(map(self.holder, self._directory.rows_in(dwelling_id))))

    def person(self, position: int) -> Person:
        """Return a person by position."""
        return self._made[position] if self._made else self._remembered(position)

    def _make(self, position: int) -> Person:
        rows = self._leases.of(position).tolist()
        tenant_id, role, title, last_name, birth_name, first_name = self._named(rows[0])
        homes, parking = self._let(rows)
        return Person(
            tenant_id=tenant_id,
            surname="" if role == "commercial" else _called(self.surnames, self.surname[position], last_name),
            birth=_called(self.surnames, self.birth[position], birth_name),
            first=_called(self.firsts, self.first[position], first_name),
            gender=gender_of(title),
            role=role,
            label=" ".join(filter(None, (title, first_name, last_name))),
            homes=homes,
            parking=parking,
        )

    def _let(self, rows: Iterable[int]) -> tuple[tuple[Home, ...], tuple[int, ...]]:
        """Return the homes behind leases, by the rows of these, and the entrances of the parking spaces."""
        addresses = self._directory.records.addresses
        homes: list[Home] = []
        parking: list[int] = []
        for row in rows:
            unit = self._unit[row]
            if unit == NOWHERE:
                continue
            (dwelling_id, kind, floor, door), entrance = self._dwelling_cells(unit), self._lies_at[unit]
            if kind == "parking":
                parking.append(entrance)
            else:
                residence_id = addresses[entrance].residence_id if entrance != NOWHERE else ""
                homes.append(Home(dwelling_id, kind, floor, door, entrance, residence_id, *self._lasts(row)))
        if len(homes) > 1:
            homes.sort(key=_nearness)
        return tuple(homes), tuple(parking)

    def _names(self, records: Records) -> tuple[Numbers, Numbers, Numbers]:
        """Return the numbers of the surnames, birth names and first names; a shop has a trade name, no surname."""
        surname, birth, first = (np.full(len(self), NOWHERE, np.int32) for _ in range(3))
        told = lru_cache(maxsize=None)(glued)
        done = -1
        named = columns(records.leases, "role", "last_name", "birth_name", "first_name")
        for row, (role, last_name, birth_name, first_name) in zip(self._holder.tolist(), named, strict=True):
            if row <= done:
                continue
            done = row
            if role != "commercial":
                surname[row] = self.surnames.number.get(told(last_name), NOWHERE)
            birth[row] = self.surnames.number.get(told(birth_name), NOWHERE) if birth_name else NOWHERE
            first[row] = self.firsts.number.get(told(first_name), NOWHERE)
        return surname, birth, first

    def _entrances(self, records: Records) -> Numbers:
        """Return where each person lives: of several homes the nearest, and of those alike the last of the file."""
        is_flat, parks = (
            bytes(kind == wanted for kind in column(records.dwellings, "kind")) for wanted in ("dwelling", "parking")
        )
        found = np.full(len(self), NOWHERE, np.int32)
        several = np.bincount(self._holder, minlength=len(self)) > 1
        nearest: dict[int, tuple[bool, date]] = {}
        starts = column(records.leases, "lease_start")
        for row, home, start in zip(self._holder.tolist(), self._unit, starts, strict=True):
            if home == NOWHERE or parks[home]:
                continue
            if several[row]:
                nearness = bool(is_flat[home]), start or date.min
                if row in nearest and nearness < nearest[row]:
                    continue
                nearest[row] = nearness
            found[row] = self._lies_at[home]
        return found


def _called(names: Vocabulary, number: int, written: str) -> str:
    """Return a name folded and glued: as the vocabulary has it, which saves folding it anew."""
    return names.names[number] if number != NOWHERE else glued(written)


def _phone_keys(phones: tuple[str, ...]) -> list[str]:
    return [key for phone in phones if (key := phone_key(phone))]


def _references(records: Records) -> Iterator[str]:
    """Yield what a unit is called by in letters; nobody calls a parking space by its reference."""
    for reference, kind in columns(records.dwellings, "unit_reference", "kind"):
        yield "" if kind == "parking" else reference


def _vocabulary(leases: Sequence[Lease], fields: tuple[str, ...], *, short_forms: bool = False) -> Vocabulary:
    """Return the names that stand in the fields of people's leases (traders apart), with the words of compound ones."""
    written = Counter(name for field in fields for name, role in columns(leases, field, "role") if role != "commercial")
    counts: Counter[str] = Counter()
    parts: dict[str, dict[str, None]] = {}
    for name, many in written.items():
        if name:
            counts[glued(name)] += many
        words = name_words(name)
        for word in words if len(words) > 1 else ():
            if len(word) > len("de"):
                parts.setdefault(word, {})[glued(name)] = None
    return Vocabulary(counts, parts, short_forms=short_forms)


_MOST_FOUND = 20
_CLOSING_WORDS = 12
_LAST_WORDS = 40


@dataclass(frozen=True, slots=True)
class TradeMention:
    """A trade name in a text: who bears it, where it stands, and what it weighs for each bearer, in bits.

    `signed` tells whether the shop itself writes; those who live beside it name it, too.
    """

    people: tuple[int, ...]
    start: int
    end: int
    bits: float
    signed: bool


class Traders:
    """The trade names of the directory, by their first word."""

    def __init__(self, records: Records, people: People) -> None:
        """Index the names of all commercial tenants."""
        bearers: dict[tuple[str, ...], dict[int, None]] = {}
        for row, (role, name) in enumerate(columns(records.leases, "role", "last_name")):
            words = place_words(name) if role == "commercial" else ()
            if words:
                bearers.setdefault(words, {})[people.holder(row)] = None
        self._by_first_word: dict[str, list[tuple[tuple[str, ...], tuple[int, ...]]]] = {}
        for words, theirs in bearers.items():
            self._by_first_word.setdefault(words[0], []).append((words, tuple(theirs)))
        self._people = len(people) or 1

    def find(self, text: Passage) -> Iterator[TradeMention]:
        """Yield the trade names that stand in a passage."""
        found = 0
        for position, word in enumerate(text.words):
            for words, people in self._by_first_word.get(word.text, ()):
                last = _matched(text, position, words)
                if last < 0:
                    continue
                found += 1
                trust = weights.TRADE_CITED if _goes_on(text, last) else _trust(text, position, last)
                ratio = (
                    weights.TRADE_NAME
                    * self._people
                    / len(people)
                    / (1.0 if trust < weights.TRADE_SIGNED else weights.TRADE_OUTSIDE)
                )
                bits = log2(trust * ratio + 1.0 - trust)
                signed = trust >= weights.TRADE_SIGNED
                yield TradeMention(people, word.start, text.words[last].end, bits, signed)
            if found >= _MOST_FOUND:
                return


def _matched(text: Passage, position: int, words: tuple[str, ...]) -> int:
    """Return the position of the last word of a name that begins at `position`, -1 where it does not."""
    at = position
    for known in words:
        while at < len(text.words) and at > position and text.words[at].text in LITTLE_WORDS:
            at += 1
        if at >= len(text.words) or not same_word(written_out(text.words[at].text), known):
            return -1
        at += 1
    return at - 1


def _trust(text: Passage, position: int, last: int) -> float:
    """Return how surely the writer is the shop: it signs, or they say that they run it."""
    if text.part in {Part.SENDER_NAME, Part.SIGNATURE}:
        return weights.TRADE_SIGNED
    before = {word.text for word in text.words[max(0, position - 5) : position]}
    closing = len(text.words) - position <= _CLOSING_WORDS and _signs(text, position)
    signs = before & RUNNING_A_SHOP or closing or _heads_its_address(text, position, last)
    return weights.TRADE_SIGNED if signs else weights.TRADE_CITED


def _heads_its_address(text: Passage, position: int, last: int) -> bool:
    """Return whether a name begins one of the last lines, its address follows: "Optique du Centre, 82 rue Hoche"."""
    before = text.folded.text[: text.words[position].start].rstrip(" ")
    ends = len(text.words) - position <= _LAST_WORDS and before.endswith("\n")
    return ends and Surroundings(text).gives_address(last + 1)


def _goes_on(text: Passage, last: int) -> bool:
    """Return whether another word in capitals belongs to the name: "Crèche des Familles Chauffage" is another firm."""
    following = text.words[last + 1 : last + 2]
    between = text.folded.text[text.words[last].end : following[0].start] if following else ""
    return between == " " and following[0].capital and text.words[last].capital


def _signs(text: Passage, position: int) -> bool:
    """Return whether a name begins its line or its sentence, or follows "cordialement"."""
    before = text.folded.text[: text.words[position].start].rstrip(" ")
    return before[-1:] in {"", "\n", ".", "!", "?", ",", ":"} or text.words[position - 1].text in CLOSINGS
