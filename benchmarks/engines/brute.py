"""rapidfuzz's `process.extractOne`: every record compared with the query's name and address."""

from collections.abc import Callable, Sequence
from functools import partial

from rapidfuzz import fuzz, process, utils

from benchmarks.engines.engine import Answer, records
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.queries import Query


class Brute:
    """Compares the line of name and address with that of everybody.

    Phone and e-mail are left out: their characters drown the rest and the answers get worse (tried).
    """

    def __init__(
        self, landlord: Landlord, _forms: Sequence[Query], scorer: Callable[..., float], cutoff: float
    ) -> None:
        """Make the lines, folded once (rapidfuzz's own `default_process`)."""
        people = records(landlord)
        self._ids = [each.tenant_id for each in people]
        self._lines = [utils.default_process(f"{each.name} {each.address}") for each in people]
        self._scorer = scorer
        self._cutoff = cutoff

    def best(self, query: Query) -> Answer:
        """Return the best line's person and its ratio."""
        line = utils.default_process(f"{query.name} {query.address}")
        found = process.extractOne(line, self._lines, scorer=self._scorer, score_cutoff=self._cutoff)
        return Answer(self._ids[found[2]], found[1]) if found else Answer()


token_sort = partial(Brute, scorer=fuzz.token_sort_ratio, cutoff=50)
weighted = partial(Brute, scorer=fuzz.WRatio, cutoff=0)
