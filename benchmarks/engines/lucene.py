"""tantivy, a full-text engine in the manner of Lucene, with fuzzy terms."""

import importlib
import re
from collections.abc import Sequence
from typing import Any

from benchmarks.engines.engine import Answer, NotInstalledError, records
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.queries import Query
from fixtures.hard_contacts.slips import without_accents


class Lucene:
    """Asks for any of the form's words: exactly, which counts double, or with one slip."""

    def __init__(self, landlord: Landlord, _forms: Sequence[Query]) -> None:
        """Index name, address, phones and e-mail of everybody, in memory.

        Raises:
            NotInstalledError: tantivy is missing.
        """
        try:
            self._tantivy: Any = importlib.import_module("tantivy")
        except ImportError as error:
            raise NotInstalledError(str(error)) from error
        builder = self._tantivy.SchemaBuilder()
        builder.add_text_field("text", stored=False, tokenizer_name="whitespace")
        builder.add_unsigned_field("row", stored=True)
        self._schema = builder.build()
        index = self._tantivy.Index(self._schema)
        writer = index.writer(heap_size=200_000_000, num_threads=1)
        people = records(landlord)
        self._ids = [each.tenant_id for each in people]
        for n, each in enumerate(people):
            text = _plain(f"{each.name} {each.address} {' '.join(each.phones)} {each.email}")
            writer.add_document(self._tantivy.Document(text=[text], row=n))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def best(self, query: Query) -> Answer:
        """Return the best person and his score."""
        words = _plain(f"{query.name} {query.address} {query.phone} {query.email}").split()
        wanted = [part for word in dict.fromkeys(words) for part in self._word(word)]
        if not wanted:
            return Answer()
        hits = self._searcher.search(self._tantivy.Query.boolean_query(wanted), limit=1).hits
        if not hits:
            return Answer()
        score, address = hits[0]
        return Answer(self._ids[self._searcher.doc(address)["row"][0]], score)

    def _word(self, word: str) -> list[tuple[Any, Any]]:
        query, should = self._tantivy.Query, self._tantivy.Occur.Should
        exact = query.boost_query(query.term_query(self._schema, "text", word), 2.0)
        if len(word) < 4:
            return [(should, exact)]
        return [(should, exact), (should, query.fuzzy_term_query(self._schema, "text", word, distance=1))]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9@.]+", " ", without_accents(text).lower())
