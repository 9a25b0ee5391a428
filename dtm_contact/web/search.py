"""Search: cases by their words, people by name and phone, places by street; slips are forgiven.

The words lie in a full-text index of this process alone, beside the store and not in it: the daemon stays the only one
that writes the store. It follows the contacts by their ids, holds no text that could be read back (a contentless FTS5
table), and is made anew with each start of the process.
"""

import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import DamerauLevenshtein

from dtm_contact.directory import Address, Directory, in_force
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.matching.cues import TITLES
from dtm_contact.store import Store
from dtm_contact.text import fold, phone_key
from dtm_contact.text.streets import STREET_TYPES, written_out

_log = get_log("desk")
_LOOK_SECONDS = 0.5
_AT_ONCE = 500
_MOST_FOUND = 200
_MOST_WORDS = 8
_NEAREST = 6
_SHORTEST_FORGIVEN = 4
_LONG = 8
_WORD = re.compile(r"[a-z0-9]+")
# The words of questions that say nothing of what is looked for.
_EMPTY = frozenset(
    {
        *("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "un", "une"),
        *("pour", "par", "sur", "chez"),
    }
)


def words_of(text: str) -> list[str]:
    """Return the folded words of a text that say something."""
    return [word for word in _WORD.findall(fold(text)) if word not in _EMPTY]


def asked_words(text: str) -> list[str]:
    """Return the words of a question that say something, without the titles before a name: where they are not all."""
    words = words_of(text)
    return [word for word in words if word not in TITLES] or words


def nearest(word: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the known words that a word may have been meant for, itself left out: one slip, two in long words."""
    if len(word) < _SHORTEST_FORGIVEN or word.isdigit():
        return []
    slips = 1 if len(word) < _LONG else 2
    scored = ((DamerauLevenshtein.distance(word, candidate, score_cutoff=slips), candidate) for candidate in vocabulary)
    return [candidate for distance, candidate in sorted(near for near in scored if 0 < near[0] <= slips)[:_NEAREST]]


class ContactIndex:
    """The full-text index of what was written, kept up by a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # A database without a name: what does not fit into SQLite's cache lies in a file that is unlinked as it is
        # opened, so that no tenant's word stays behind, however the process ends. One connection alone sees it.
        self._words = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="search", daemon=True)
        self._known: dict[str, list[str]] = {}
        self.upto = 0
        self._words.execute("PRAGMA journal_mode = MEMORY")
        self._words.execute(
            "CREATE VIRTUAL TABLE found USING fts5(words, content='', detail='none', columnsize=0, "
            "prefix='3', tokenize='ascii')"
        )
        self._words.execute("CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID")

    def start(self) -> None:
        """Begin with what is there."""
        self._thread.start()

    def stop(self) -> None:
        """End, and let the index go."""
        self._stopped.set()
        self._thread.join()
        with self._turn:
            self._words.close()

    def contacts(self, text: str) -> list[int]:
        """Return the store's ids of contacts that hold all of the words, the latest first; typos are forgiven."""
        asked = asked_words(text)[:_MOST_WORDS]
        if not asked:
            return []
        with self._turn:
            terms = " AND ".join(self._term(self._words, word) for word in asked)
            query = "SELECT rowid FROM found WHERE found MATCH ? ORDER BY rowid DESC LIMIT ?"
            return [row[0] for row in self._words.execute(query, (terms, _MOST_FOUND))]

    def _term(self, words: sqlite3.Connection, word: str) -> str:
        is_known = words.execute("SELECT 1 FROM vocabulary WHERE word = ?", (word,)).fetchone()
        if is_known:
            return f'("{word}" OR "{word}s")'
        if len(word) < _SHORTEST_FORGIVEN:
            return f'"{word}"*'
        alike = nearest(word, self._known.get(word[0], ())) or nearest(word, self._shifted(word))
        return "(" + " OR ".join([f'"{word}"*', *(f'"{other}"' for other in alike)]) + ")"

    def _shifted(self, word: str) -> list[str]:
        """Return the words that begin otherwise: with a word's second letter."""
        return self._known.get(word[1], [])

    def _keep_up(self) -> None:
        while not self._stopped.is_set():
            try:
                grown = self._take()
            except StoreUnavailableError as error:
                _log.warning("the search does not keep up", error=type(error).__name__)
                grown = False
            if not grown:
                self._stopped.wait(_LOOK_SECONDS)

    def _take(self) -> bool:
        rows = self._store.desk.searchable(self.upto, _AT_ONCE)
        if not rows:
            return False
        with self._turn:
            self._add(self._words, rows)
        self.upto = rows[-1][0]
        return True

    def _add(self, words: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
        new: set[str] = set()
        words.execute("BEGIN")
        for contact_id, text in rows:
            mine = words_of(text)
            new.update(mine)
            words.execute("INSERT INTO found (rowid, words) VALUES (?, ?)", (contact_id, " ".join(mine)))
        added = [
            word
            for word in new
            if words.execute("INSERT OR IGNORE INTO vocabulary VALUES (?)", (word,)).rowcount and not word.isdigit()
        ]
        words.execute("COMMIT")
        for word in added:
            self._known.setdefault(word[0], []).append(word)


Sees = Callable[[str | None], bool]
"""Tells whether who looks something up sees what an office works."""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Somebody of the directory: who, where they live now or lived last, and which office works it."""

    tenant_id: str
    dwelling_id: str
    office_id: str | None


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """An entrance of a residence, and how many dwellings and shops it leads to."""

    address_id: str
    residence_id: str
    dwellings: int


class PeopleIndex:
    """The look-ups over one directory; each gives all of what was asked for that somebody sees, the nearest first."""

    def __init__(self, directory: Directory) -> None:
        """Build them."""
        self.directory = directory
        self._named: defaultdict[str, set[int]] = defaultdict(set)
        self._placed: defaultdict[str, set[str]] = defaultdict(set)
        self._phones: defaultdict[str, set[int]] = defaultdict(set)
        self._mailboxes: defaultdict[str, set[int]] = defaultdict(set)
        for row, lease in enumerate(directory.records.leases):
            for word in words_of(f"{lease.first_name} {lease.last_name} {lease.birth_name}"):
                self._named[word].add(row)
            for phone in lease.phones:
                key = phone_key(phone)
                if key:
                    self._phones[key].add(row)
            if lease.email:
                self._mailboxes[lease.email.lower()].add(row)
        for address in directory.records.addresses:
            residence = directory.residences.get(address.residence_id)
            named = f"{residence.name} {' '.join(residence.aliases)}" if residence else ""
            for word in words_of(f"{address.house_number} {address.street} {address.commune} {named}"):
                self._placed[word].add(address.address_id)
                self._placed[written_out(word)].add(address.address_id)
        self._homes: defaultdict[str, list[str]] = defaultdict(list)
        for dwelling in directory.records.dwellings:
            self._homes[dwelling.address_id].append(dwelling.dwelling_id)

    def find(self, text: str, on: date, sees: Sees) -> list[FoundPerson]:
        """Return people by a number or an address, by the words of their name, and by name and street together."""
        reached = self._phones.get(phone_key(text) or "") or self._mailboxes.get(text.strip().lower())
        if reached:
            return self._people(reached, on, (), sees)
        words = asked_words(text)
        if not words:
            return []
        named = [self._with_slips(word) for word in words]
        whole = set.intersection(*named)
        if whole:
            return self._people(whole, on, words, sees)
        return self._by_name_and_place(words, named, on, sees)

    def places(self, text: str, sees: Sees) -> list[FoundPlace]:
        """Return the entrances of a street or a residence, where all words name one; slips are forgiven.

        What kind of street it is counts for nothing: people say "avenue" of a "rue".
        """
        words = [written_out(word) for word in words_of(text)]
        words = [word for word in words if word not in STREET_TYPES and word != "residence"] or words
        if not words:
            return []
        found = set.intersection(*(self._entrances(word) for word in words))
        addresses = self.directory.addresses
        ordered = sorted(
            found, key=lambda each: (addresses[each].commune, addresses[each].street, _number(addresses[each]), each)
        )
        seen = [each for each in ordered if sees(self._office_of(addresses[each].residence_id))]
        return [FoundPlace(each, addresses[each].residence_id, len(self._homes[each])) for each in seen]

    def matter_and_place(self, text: str) -> tuple[list[str], set[str]]:
        """Return the words that say what a matter is, and the entrances of the place that the other words name.

        "ascenseur maladrerie", "fuite montrouge"; without either of the two, nothing of both.
        """
        words = [word for word in asked_words(text) if word not in STREET_TYPES and word != "residence"]
        placed = {word: self._placed.get(word, set()) | self._placed.get(written_out(word), set()) for word in words}
        matter = [word for word in words if not placed[word]]
        places = [entrances for entrances in placed.values() if entrances]
        return (matter, set.intersection(*places)) if matter and places else ([], set())

    def homes(self, address_id: str) -> list[str]:
        """Return the dwellings and shops that an entrance leads to."""
        return list(self._homes.get(address_id, ()))

    def person(self, tenant_id: str, on: date) -> FoundPerson | None:
        """Return somebody by their identifier; None for nobody of the directory."""
        home = self.directory.home(tenant_id, on)
        leases = self.directory.leases_of(tenant_id)
        if home is None and not leases:
            return None
        return self._person(tenant_id, home.dwelling_id if home else leases[-1].dwelling_id)

    def _office_of(self, residence_id: str) -> str | None:
        residence = self.directory.residences.get(residence_id)
        return residence.office_id if residence else None

    def _with_slips(self, word: str) -> set[int]:
        exact = self._named.get(word, set())
        return exact or {row for near in nearest(word, self._named) for row in self._named[near]}

    def _by_name_and_place(self, words: list[str], named: list[set[int]], on: date, sees: Sees) -> list[FoundPerson]:
        """Some of the words are the name, the rest the place; or all are the place."""
        placed = [self._entrances(written_out(word)) for word in words]
        if not any(placed):
            return []
        where = set.intersection(*(rows for rows in placed if rows))
        who = [rows for rows, place in zip(named, placed, strict=True) if not place]
        if not all(who):
            return []
        dwellings = (
            home
            for entrance in sorted(where)
            if sees(self._office_of(self.directory.addresses[entrance].residence_id))
            for home in self._homes[entrance]
        )
        if not who:
            return self._living_in(dwellings, on)
        at_home, leases = set(dwellings), self.directory.records.leases
        rows = {row for row in set.intersection(*who) if leases[row].dwelling_id in at_home}
        return self._people(rows, on, words, sees)

    def _entrances(self, word: str) -> set[str]:
        exact = self._placed.get(word, set())
        return exact or {entrance for near in nearest(word, self._placed) for entrance in self._placed[near]}

    def _living_in(self, dwellings: Iterable[str], on: date) -> list[FoundPerson]:
        """Return who lives in some dwellings, in their order; somebody with two of them once."""
        people: dict[str, FoundPerson] = {}
        for dwelling_id in dwellings:
            for tenant_id in self.directory.household(dwelling_id, on):
                if tenant_id not in people:
                    people[tenant_id] = self._person(tenant_id, dwelling_id)
        return list(people.values())

    def _people(self, rows: set[int], on: date, words: Sequence[str], sees: Sees) -> list[FoundPerson]:
        """Return people, those first who live here now; of them, those whose surname is nearest."""
        leases = [self.directory.records.leases[row] for row in rows]
        leases.sort(
            key=lambda lease: (
                not in_force(lease, on), _farness(lease.last_name, words), lease.last_name, lease.first_name,
            )
        )  # fmt: skip
        people: dict[str, FoundPerson] = {}
        for lease in leases:
            home = self.directory.home(lease.tenant_id, on)
            person = self._person(lease.tenant_id, home.dwelling_id if home else lease.dwelling_id)
            if sees(person.office_id):
                people.setdefault(lease.tenant_id, person)
        return list(people.values())

    def _person(self, tenant_id: str, dwelling_id: str) -> FoundPerson:
        residence = self.directory.residence_of(dwelling_id)
        return FoundPerson(tenant_id, dwelling_id, residence.office_id if residence else None)


def _number(address: Address) -> int:
    """Return what a house number counts in the order of a street."""
    digits = re.match(r"\d+", address.house_number)
    return int(digits[0]) if digits else 0


def _farness(name: str, words: Sequence[str]) -> int:
    folded = " ".join(words_of(name))
    return min((DamerauLevenshtein.distance(folded, word) for word in words), default=0)
