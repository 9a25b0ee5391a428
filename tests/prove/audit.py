"""The ledger of the senders held against the store's own file, read by SQLite and not by the program's code."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

from tests.prove.senders import Ledger, digest

_SETTLED = ("judged", "set_aside")
_ORPHANS = "SELECT count(*) FROM cases WHERE id NOT IN (SELECT case_id FROM contacts WHERE case_id IS NOT NULL)"
_TWO_JUDGEMENTS = """
    SELECT count(*) FROM (SELECT contacts.arrival_id FROM judgements JOIN contacts ON contacts.id = contact_id
                          GROUP BY contacts.arrival_id HAVING count(*) > 1)"""
_TWO_EVENTS = """
    SELECT count(*) FROM (SELECT arrival_id FROM events WHERE what IN ('opened', 'judged', 'completed')
                          GROUP BY arrival_id HAVING count(*) > 1)"""


@dataclass(frozen=True, slots=True)
class Audit:
    """Faults that were counted; all of them are 0 for a store that kept its word.

    Attributes:
        lost: messages whose 250 was seen and whose exact bytes are not in the store.
        stored_twice: messages that are in the store as two arrivals.
        two_cases: messages that have two cases.
        two_records: arrivals with two judgements, or two events of one.
        cases_of_nothing: cases that no arrival led to.
        never_sent: arrivals whose bytes nobody sent: changed, or of the program's own making.
        undecided: arrivals that ended neither judged nor set aside.
        broken_file: SQLite's own check of the file found faults.
    """

    lost: int
    stored_twice: int
    two_cases: int
    two_records: int
    cases_of_nothing: int
    never_sent: int
    undecided: int
    broken_file: int

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not any(getattr(self, each.name) for each in fields(self))

    def lines(self) -> Iterator[str]:
        """Yield one line a count."""
        for each in fields(self):
            yield f"  {each.name.replace('_', ' '):28}{getattr(self, each.name):8,}"


def audit(ledger: Ledger, store: Path) -> Audit:
    """Compare what senders saw with what the store holds."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        count = _counter(connection)
        digests, cases, undecided = _arrivals(connection)
        return Audit(
            lost=len(ledger.answered - digests.keys()),
            stored_twice=sum(1 for number in digests.values() if number > 1),
            two_cases=sum(1 for numbers in cases.values() if len(numbers) > 1),
            two_records=count(_TWO_JUDGEMENTS) + count(_TWO_EVENTS),
            cases_of_nothing=count(_ORPHANS),
            never_sent=len(digests.keys() - ledger.sent),
            undecided=undecided,
            broken_file=int(connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok"),
        )


def _counter(connection: sqlite3.Connection) -> Callable[[str], int]:
    return lambda query: int(connection.execute(query).fetchone()[0])


def _arrivals(connection: sqlite3.Connection) -> tuple[Counter[bytes], dict[bytes, set[int]], int]:
    """Return how often each message is there, the cases of each, and how many were not decided."""
    digests: Counter[bytes] = Counter()
    cases: dict[bytes, set[int]] = {}
    undecided = 0
    query = """SELECT raw, state, case_id FROM arrivals JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
               LEFT JOIN contacts ON contacts.arrival_id = arrivals.id"""
    for raw, state, case_id in connection.execute(query):
        message = digest(raw)
        digests[message] += 1
        cases.setdefault(message, set()).update(() if case_id is None else (case_id,))
        undecided += state not in _SETTLED
    return digests, cases, undecided


def waiting(store: Path) -> int:
    """Return how many arrivals are still to be judged."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return _counter(connection)("SELECT count(*) FROM arrivals WHERE state IN ('waiting', 'claimed')")
