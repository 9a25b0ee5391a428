"""SQLite's FTS5 with its trigram tokenizer, ranked by bm25."""

import re
import sqlite3
from collections.abc import Sequence

from benchmarks.engines.engine import Answer, records
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.queries import Query
from fixtures.hard_contacts.slips import without_accents


class Trigram:
    """Asks for the records that share most trigrams with all fields of the form."""

    def __init__(self, landlord: Landlord, _forms: Sequence[Query]) -> None:
        """Index name, address, phones and e-mail of everybody, in memory."""
        people = records(landlord)
        self._ids = [each.tenant_id for each in people]
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE line USING fts5(text, tokenize='trigram', detail='full')")
        self._database.executemany(
            "INSERT INTO line(rowid, text) VALUES (?, ?)",
            (
                (n, _plain(f"{each.name} {each.address} {' '.join(each.phones)} {each.email}"))
                for n, each in enumerate(people)
            ),
        )

    def best(self, query: Query) -> Answer:
        """Return the best person and the negated bm25, which is better when higher."""
        text = _plain(f"{query.name} {query.address} {query.phone} {query.email}")
        grams = {word[n : n + 3] for word in text.split() for n in range(max(1, len(word) - 2))}
        wanted = " OR ".join(f'"{gram}"' for gram in sorted(grams) if len(gram) == 3)
        if not wanted:
            return Answer()
        found = self._database.execute(
            "SELECT rowid, -rank FROM line WHERE line MATCH ? ORDER BY rank LIMIT 1", (wanted,)
        ).fetchone()
        return Answer(self._ids[found[0]], found[1]) if found else Answer()


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9@]+", " ", without_accents(text).lower())
