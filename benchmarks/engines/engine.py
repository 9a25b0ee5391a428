"""What an engine is: made from the people of a directory, then asked for the best one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fixtures.hard_contacts.landlord import Landlord, Person
from fixtures.hard_contacts.queries import Query


@dataclass(frozen=True, slots=True)
class Answer:
    """The best person and how sure the engine is, on a scale of its own; empty where it has none."""

    tenant_id: str = ""
    score: float = 0.0


class Engine(Protocol):
    """An engine made ready."""

    def best(self, query: Query) -> Answer:
        """Return the best person for a form."""
        ...


Make = Callable[[Landlord, Sequence[Query]], Engine]
"""An engine from a directory and filled forms of other people to learn from."""


class NotInstalledError(Exception):
    """The engine's package is missing."""


def filed(answers: Sequence[tuple[float, bool]], tenants: int) -> float:
    """Return the share of tenants filed right at the loosest score at which 99 % of all that is filed is right.

    Args:
        answers: the score of each answer, on any scale, and whether it was right.
        tenants: how many forms were by tenants.
    """
    right = best = 0
    for count, (_score, good) in enumerate(sorted(answers, key=lambda answer: -answer[0]), start=1):
        right += good
        if right >= 0.99 * count:
            best = right
    return best / tenants


@dataclass(frozen=True, slots=True)
class Record:
    """One person with the dwelling he lives in, as fields."""

    tenant_id: str
    first: str
    last: str
    birth: str
    number: str
    street: str
    commune: str
    residence: str
    phones: tuple[str, ...]
    email: str

    @property
    def name(self) -> str:
        """First name, surname and birth name."""
        return " ".join(filter(None, (self.first, self.last, self.birth)))

    @property
    def address(self) -> str:
        """Number, street and town."""
        return f"{self.number} {self.street} {self.commune}"


def records(landlord: Landlord) -> list[Record]:
    """Return a record a person."""
    return [_record(landlord, person) for person in landlord.everybody]


def _record(landlord: Landlord, person: Person) -> Record:
    entrance = landlord.entrance(landlord.home(person))
    return Record(
        person.tenant_id,
        person.first,
        person.last,
        person.birth,
        entrance.number,
        entrance.street,
        entrance.commune,
        landlord.residences[entrance.residence_id].name,
        person.phones,
        person.email.lower(),
    )
