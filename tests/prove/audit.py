"""The ledger of the senders held against the database, read by its own driver and not by the program's code."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from tests.prove.database import Database
from tests.prove.senders import Ledger, digest

_SETTLED = ("judged", "set_aside")
ORPHANS = "SELECT count(*) FROM cases WHERE id NOT IN (SELECT case_id FROM contacts WHERE case_id IS NOT NULL)"
_MESSAGES = """
    SELECT raw, state, case_id FROM arrivals JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
    LEFT JOIN contacts ON contacts.arrival_id = arrivals.id WHERE arrivals.channel <> 'asterisk_cdr'"""
TWO_JUDGEMENTS = """
    SELECT count(*) FROM (SELECT contacts.arrival_id FROM judgements JOIN contacts ON contacts.id = contact_id
                          GROUP BY contacts.arrival_id HAVING count(*) > 1) AS twice"""
TWO_EVENTS = """
    SELECT count(*) FROM (SELECT arrival_id FROM events WHERE what IN ('opened', 'judged', 'completed')
                          GROUP BY arrival_id HAVING count(*) > 1) AS twice"""


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
        broken_file: the database's own check found faults.
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


def audit(ledger: Ledger, database: Database) -> Audit:
    """Compare what senders of messages saw with what the database holds."""
    digests, cases, undecided = _arrivals(database)
    return Audit(
        lost=len(ledger.answered - digests.keys()),
        stored_twice=sum(1 for number in digests.values() if number > 1),
        two_cases=sum(1 for numbers in cases.values() if len(numbers) > 1),
        two_records=_count(database, TWO_JUDGEMENTS) + _count(database, TWO_EVENTS),
        cases_of_nothing=_count(database, ORPHANS),
        never_sent=len(digests.keys() - ledger.sent),
        undecided=undecided,
        broken_file=int(database.broken()),
    )


def _count(database: Database, query: str) -> int:
    return int(database.rows(query)[0][0])


def _arrivals(database: Database) -> tuple[Counter[bytes], dict[bytes, set[int]], int]:
    """Return how often each message is there, the cases of each, and how many were not decided."""
    digests: Counter[bytes] = Counter()
    cases: dict[bytes, set[int]] = {}
    undecided = 0
    for raw, state, case_id in database.rows(_MESSAGES):
        message = digest(bytes(raw))
        digests[message] += 1
        cases.setdefault(message, set()).update(() if case_id is None else (case_id,))
        undecided += state not in _SETTLED
    return digests, cases, undecided


def claims(database: Database) -> list[tuple[Any, ...]]:
    """Return what is being judged: the numbers of the arrivals, by whom, since when."""
    return database.rows("SELECT id, claimed_by, claimed_at FROM arrivals WHERE state = 'claimed' ORDER BY id")


def waiting(database: Database) -> int:
    """Return how many arrivals are still to be judged."""
    return _count(database, "SELECT count(*) FROM arrivals WHERE state IN ('waiting', 'claimed')")
