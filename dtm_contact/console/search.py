"""Search: cases by their words, people by name and phone, places by street; typos are forgiven.

The words lie in a full-text index of this process alone, beside the store and not in it: the daemon stays the only one
that writes the store. It follows the contacts by their ids, holds no text that could be read back (a contentless FTS5
table), and is made anew with each start of the process.
"""

import re
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from rapidfuzz.distance import DamerauLevenshtein

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.store import Store
from dtm_contact.text import fold

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


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that a word may have been meant for, itself left out: one slip, two in long words."""
    if len(word) < _SHORTEST_FORGIVEN or word.isdigit():
        return []
    slips = 1 if len(word) < _LONG else 2
    scored = ((DamerauLevenshtein.distance(word, each, score_cutoff=slips), each) for each in known)
    return [each for distance, each in sorted(near for near in scored if 0 < near[0] <= slips)[:_NEAREST]]


class Search:
    """The full-text index of what was written, kept up by a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = TemporaryDirectory(prefix="dtm-search-")
        self._path = Path(self._folder.name) / "words.db"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="search", daemon=True)
        self._known: dict[str, list[str]] = {}
        self.upto = 0
        with closing(self._connect()) as words:
            words.execute("PRAGMA journal_mode = WAL")
            words.execute(
                "CREATE VIRTUAL TABLE found USING fts5(words, content='', detail='none', columnsize=0, "
                "prefix='3', tokenize='ascii')"
            )
            words.execute("CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID")

    def start(self) -> None:
        """Begin with what is there."""
        self._thread.start()

    def stop(self) -> None:
        """End, and let the index go."""
        self._stopped.set()
        self._thread.join()
        self._folder.cleanup()

    def contacts(self, text: str) -> list[int]:
        """Return the store's ids of contacts that hold all of the words, the latest first; typos are forgiven."""
        asked = words_of(text)[:_MOST_WORDS]
        if not asked:
            return []
        with closing(self._connect()) as words:
            terms = " AND ".join(self._term(words, word) for word in asked)
            query = "SELECT rowid FROM found WHERE found MATCH ? ORDER BY rowid DESC LIMIT ?"
            return [row[0] for row in words.execute(query, (terms, _MOST_FOUND))]

    def _term(self, words: sqlite3.Connection, word: str) -> str:
        is_known = words.execute("SELECT 1 FROM vocabulary WHERE word = ?", (word,)).fetchone()
        if is_known:
            return f'("{word}" OR "{word}s")'
        if len(word) < _SHORTEST_FORGIVEN:
            return f'"{word}"*'
        alike = nearest(word, self._known.get(word[0], ())) or nearest(word, self._shifted(word))
        return "(" + " OR ".join([f'"{word}"*', *(f'"{each}"' for each in alike)]) + ")"

    def _shifted(self, word: str) -> list[str]:
        """Return the words that begin otherwise: with a word's second letter."""
        return self._known.get(word[1], [])

    def _keep_up(self) -> None:
        with closing(self._connect()) as words:
            while not self._stopped.is_set():
                try:
                    grown = self._take(words)
                except StoreUnavailableError as error:
                    _log.warning("the search does not keep up", error=type(error).__name__)
                    grown = False
                if not grown:
                    self._stopped.wait(_LOOK_SECONDS)

    def _take(self, words: sqlite3.Connection) -> bool:
        rows = self._store.desk.searchable(self.upto, _AT_ONCE)
        if not rows:
            return False
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
        self.upto = rows[-1][0]
        return True

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        connection.execute("PRAGMA synchronous = OFF")
        return connection
