"""Who writes, and where they live: every candidate with named, weighed evidence, and what is sure enough to be said."""

from datetime import date

from dtm_contact.matching.candidates import Weighing
from dtm_contact.matching.clues import extract, identify
from dtm_contact.matching.households import at_home
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.verdict import verdict
from dtm_contact.model import Contact, History, Match

__all__ = ["MatchIndex", "match"]


def match(contact: Contact, on: date, index: MatchIndex, history: History) -> Match:
    """Return whom and which place a contact is about.

    Args:
        contact: what came in, as reading made it.
        on: the day: it tells which leases are in force and who is on duty.
        index: the directory, made ready.
        history: what is known of the thread, and what agents confirmed.

    Returns:
        Up to 20 candidates, best first, with probabilities over all candidates and "nobody in the directory"; a
        tenant, a dwelling and a residence only where their probability reaches the settings' thresholds.
    """
    clues = extract(contact, index)
    identity = identify(contact, clues, index, history)
    clues.mentions.extend(at_home(clues, identity, index))
    weighing = Weighing(clues, identity, index, on)
    weighed, rest = weighing.weigh(weighing.collect())
    return verdict(weighing, weighed, rest)
