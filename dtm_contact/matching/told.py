"""What a contact says of its writer, as it counts where candidates are held against each other."""

from dataclasses import dataclass

from dtm_contact.matching.statements import Statement

_GENDERS = {Statement.A_WOMAN: "f", Statement.A_MAN: "m"}
_OF_HIS_OWN = frozenset({Statement.SPOUSE_OF, Statement.HOLDS_THE_LEASE, Statement.DIED})


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says of its writer.

    Attributes:
        said: what it says or shows of him.
        for_another: whether it names somebody for whom it is written, known or not.
    """

    said: frozenset[Statement]
    for_another: bool

    @property
    def gender(self) -> str:
        """Which of a couple he is, "f" or "m"; empty where he does not say, or says both."""
        genders = [gender for statement, gender in _GENDERS.items() if statement in self.said]
        return genders[0] if len(genders) == 1 else ""

    @property
    def of_his_own(self) -> bool:
        """Whether the writer's own case is told with that of a relative whom he names."""
        return not _OF_HIS_OWN.isdisjoint(self.said)

    @property
    def is_borrowed(self) -> bool:
        """Whether he writes from the account of whom he lives with."""
        return Statement.BORROWED in self.said
