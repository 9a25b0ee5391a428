"""From an arrival to a decision, in four pure calls; live work, `route` and `explain` cannot differ."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dtm_contact.directory import Directory
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Arrival, History, Judgement
from dtm_contact.reading import read
from dtm_contact.rules import RuleSet, decide
from dtm_contact.settings import Settings
from dtm_contact.topics import understand


@dataclass(frozen=True, slots=True)
class Grounds:
    """What judging rests on, made ready once.

    Attributes:
        directory: the estate and its people.
        index: the look-ups that matching made of the directory.
        rules: the rules in force.
        zone: where days begin and end.
    """

    directory: Directory
    index: MatchIndex
    rules: RuleSet
    zone: ZoneInfo

    @classmethod
    def build(cls, directory: Directory, rules: RuleSet, settings: Settings) -> "Grounds":
        """Make the look-ups for a directory and put the rules beside them."""
        return cls(directory, MatchIndex.build(directory, settings), rules, settings.zone)


def judge(arrival: Arrival, now: datetime, grounds: Grounds, history: History, *, trace: bool = False) -> Judgement:
    """Judge one arrival: who it is, what is asked, where it goes.

    Args:
        arrival: what came in.
        now: the time that due dates and duties count from, aware: the arrival's own unless fixed from outside.
        grounds: directory and rules.
        history: what is already known of the party.
        trace: also evaluate every rule and keep what each saw.

    Raises:
        UnreadableArrivalError: the bytes exceed what reading can bear; the arrival is to be parked.
    """
    contact = read(arrival)
    matched = match(contact, now.astimezone(grounds.zone).date(), grounds.index, history)
    understanding = understand(contact, grounds.rules.lexicon)
    decision = decide(contact, matched, understanding, now, grounds.rules, grounds.directory, trace=trace)
    return Judgement(arrival.external_id, contact, matched, understanding, decision)
