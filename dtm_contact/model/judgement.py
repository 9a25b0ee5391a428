"""All that was judged of one arrival."""

from dataclasses import dataclass, field

from dtm_contact.model.contact import Contact
from dtm_contact.model.conversation import Joining
from dtm_contact.model.decision import Decision
from dtm_contact.model.history import Answers
from dtm_contact.model.match import Match
from dtm_contact.model.understanding import Understanding


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
    joining: Joining = field(default_factory=Joining)
