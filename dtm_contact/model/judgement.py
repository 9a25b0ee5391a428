"""All that was judged of one arrival."""

from dataclasses import dataclass, field

from dtm_contact.model.contact import Contact, Mailbox
from dtm_contact.model.conversation import ConversationMatch, KnownCase
from dtm_contact.model.decision import CaseKind, Decision
from dtm_contact.model.history import Answers
from dtm_contact.model.match import Match
from dtm_contact.model.understanding import THANKS, Understanding


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `judge` returns; live work, `route` and `explain` show the same value.

    Attributes:
        source: the arrival's external id.
        contact, match, understanding, decision: what each step said.
        history: what was already known of the party, as far as it was asked.
        joining: which earlier case a message joins, and why not; empty for a call.
    """

    source: str
    contact: Contact
    match: Match
    understanding: Understanding
    decision: Decision
    history: Answers = field(default_factory=Answers)
    joining: ConversationMatch = field(default_factory=ConversationMatch)

    @property
    def writer(self) -> Mailbox:
        """Whose message it is: of what a colleague passes on, the first writer; else the sender."""
        wrote = self.joining.writer
        return wrote if wrote.name or wrote.address else self.contact.sender

    @property
    def whom(self) -> dict[str, str | None]:
        """Whom and where it is about, by `tenant_id`, `dwelling_id` and `residence_id`."""
        found = {
            "tenant_id": self.match.tenant,
            "dwelling_id": self.match.dwelling,
            "residence_id": self.match.residence,
        }
        return {name: likely.id if likely else None for name, likely in found.items()}

    @property
    def joined(self) -> KnownCase | None:
        """The case that it joins, as it was before; None where it joins none."""
        number = self.joining.case_number
        return next((case for case in self.history.cases if case.number == number), None)

    @property
    def violence_at_home(self) -> bool:
        """Whether it, or the case that it joins, tells of violence at home."""
        return self.understanding.violence_at_home or (self.joined is not None and self.joined.violence_at_home)

    @property
    def unwritable(self) -> bool:
        """Whether it, or the case that it joins, forbids that anything is written to its writer."""
        return self.understanding.unwritable or (self.joined is not None and self.joined.unwritable)

    @property
    def asks_nothing(self) -> bool:
        """Whether nobody has to answer it: a machine's message, thanks and no more, or a colleague's own answer."""
        only_thanks = self.understanding.topics == (THANKS,)
        return self.decision.kind is not CaseKind.CASE or only_thanks or self.joining.by_staff
