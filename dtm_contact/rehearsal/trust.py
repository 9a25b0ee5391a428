"""How far the learned model may be trusted: judged on batches that it has not learned, each left out in turn."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dtm_contact.model import CaseKind, Priority
from dtm_contact.rehearsal.examples import Example
from dtm_contact.rehearsal.learning import Sheet, opinion_of
from dtm_contact.topics import Opinion, Trust, Words, with_opinion
from dtm_contact.topics.learned import Floats

_SHARES = (2.0, 3.0)
_MOST = (10.0,)
_DANGER_FROM = (0.4, 0.7, 1.0, 1.3, 1.6)
_DOUBT_UNDER = (-3.5, -3.0, -2.5, -2.0)

_MISSED_DANGER = 3.0
_FALSE_ALARM = 2.0
_WRONG_TOPIC = 0.5
"""What one mistake of each kind weighs. Every fourth labelled message is of somebody in danger, of real ones perhaps
every thirtieth: there as many false alarms would come of it as here, and far fewer people be found."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out on messages that were not learned.

    Attributes:
        trust: how much the model could say.
        messages, topics: how many there were, and how many topics were right.
        dangers, found: people in danger, and those found.
        quiet, alarms: messages of nobody in danger, and false alarms among them.
    """

    trust: Trust
    messages: int
    topics: int
    dangers: int
    found: int
    quiet: int
    alarms: int

    @property
    def loss(self) -> float:
        """What the mistakes weigh together."""
        missed = self.dangers - self.found
        wrong = self.messages - self.topics
        return _MISSED_DANGER * missed + _FALSE_ALARM * self.alarms + _WRONG_TOPIC * wrong


def held_out(sheet: Sheet, batches: Iterable[str]) -> dict[int, Floats]:
    """Return for each message of the batches what the model makes of it that has learned all other batches."""
    of = np.array([example.batch for example in sheet.examples])
    found: dict[int, Floats] = {}
    for batch in sorted(set(batches)):
        asked = np.flatnonzero(of == batch)
        totals = sheet.totals(np.flatnonzero(of != batch), asked)
        found.update(zip(asked.tolist(), totals, strict=True))
    return found


def choose_trust(sheet: Sheet, totals: dict[int, Floats]) -> Tried:
    """Return the trust that does best on messages that were not learned."""
    return min(_all_tried(sheet, totals), key=lambda tried: tried.loss)


def _all_tried(sheet: Sheet, totals: dict[int, Floats]) -> Iterator[Tried]:
    for values in itertools.product(_SHARES, _MOST, _DANGER_FROM, _DOUBT_UNDER):
        yield try_trust(sheet, totals, Trust(*values))


def try_trust(sheet: Sheet, totals: dict[int, Floats], trust: Trust) -> Tried:
    """Judge the messages with a trust and count what is right."""
    rows = [row for row in totals if sheet.examples[row].kind is CaseKind.CASE]
    outcomes = [
        _outcome(
            sheet.examples[row], sheet.words[row], opinion_of(totals[row], sheet.topics, sheet.senses, trust), sheet
        )
        for row in rows
    ]
    return _counted(trust, [sheet.examples[row] for row in rows], outcomes)


def _outcome(example: Example, words: Words, opinion: Opinion, sheet: Sheet) -> tuple[bool, bool]:
    """Return whether the topic is right, and whether an alarm was raised."""
    deciding = with_opinion(words.ordered, words.found, opinion, sheet.lexicon)[0]
    return deciding.topic in example.topics, deciding.priority is Priority.P1


def _counted(trust: Trust, examples: Sequence[Example], outcomes: Sequence[tuple[bool, bool]]) -> Tried:
    danger = [alarm for example, (_, alarm) in zip(examples, outcomes, strict=True) if example.priority is Priority.P1]
    quiet = [
        alarm for example, (_, alarm) in zip(examples, outcomes, strict=True) if Priority.P1 not in example.priorities
    ]
    right = sum(topic for topic, _ in outcomes)
    return Tried(trust, len(examples), right, len(danger), sum(danger), len(quiet), sum(quiet))
