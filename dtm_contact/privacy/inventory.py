"""What is kept of a person, place by place: how much of it their copy gives, how much it does not, and why not.

It goes down the same list as an erasure (`PLACES`, `COPIES`), so that a copy can name no fewer places than a plan.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.engine import Connection

from dtm_contact.privacy.copies import COPIES, Erasing
from dtm_contact.privacy.data_place import DataPlace
from dtm_contact.privacy.subject import SubjectScope

_REPEATED: Final = "cela répète ce qui est donné dans cette copie"


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """What one place holds of a person.

    Attributes:
        name: the place's name.
        holds: what it is, in French.
        given: how much of it the copy gives.
        withheld: how much it does not give.
        why: why not, in French; "" where all is given.
    """

    name: str
    holds: str
    given: int
    withheld: int
    why: str

    @property
    def as_json(self) -> dict[str, str | int]:
        """The line as it stands in the file of data."""
        told: dict[str, str | int] = {"table": self.name, "contenu": self.holds}
        told |= {"donne": self.given, "non_donne": self.withheld}
        return told | ({"pourquoi": self.why} if self.withheld else {})


def in_store(
    connection: Connection, scope: SubjectScope, given: Iterable[tuple[DataPlace, int]]
) -> Iterator[InventoryLine]:
    """Yield a line for each place of the store that holds something of a person, or that the copy promises to count.

    Args:
        connection: a transaction.
        scope: all that is the person's.
        given: each place, with how many of its rows the copy gives.
    """
    for place, rows in given:
        withheld = place.withheld(connection, scope)
        if rows or withheld or place.promised:
            yield InventoryLine(place.name, place.holds, rows, withheld, place.not_given if withheld else "")


def outside_of_store(looked_for: Erasing) -> Iterator[InventoryLine]:
    """Yield a line for each place beside the store that holds something of a person: what it repeats is given."""
    for place in COPIES:
        if found := place.find(looked_for):
            yield InventoryLine(place.name, place.holds, 0, found, _REPEATED)
