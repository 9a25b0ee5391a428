"""How far the learned model may be trusted: judged on batches of writers of whom it has learned nothing."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dtm_contact.model import CaseKind, Priority
from dtm_contact.rehearsal.examples import Example
from dtm_contact.rehearsal.learning import Sheet, writer_of
from dtm_contact.topics import Learned, Opinion, Trust, Words, decisive_score, with_opinion

Opinions = dict[int, Opinion]
"""What was made of messages, by their places."""

_SHARES = (2.0, 3.0, 4.0, 5.0)
_MOST = 20.0
_DANGER_FROM = (-0.6, -0.2, 0.2, 0.6, 1.0, 1.4, 1.8)
_DOUBT_UNDER = (-5.0, -4.0, -3.0, -2.0, -1.0, 0.0)

_MISSED_DANGER = 3.0
_FALSE_ALARM = 1.5
_WRONG_TOPIC = 0.5
"""What one mistake of each kind weighs. Every fifth labelled message tells a danger, of real ones perhaps every
thirtieth: there six times as many false alarms come of it for each danger found."""

_TURNS = 6
"""So often is the model learned anew, some writers left out each time."""

_CONFUSIONS = 10

_SAFELY_ABOVE = 0.75
"""How far above the person whose message looks most like an advertisement a message is set aside."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out on messages that were not learned.

    Attributes:
        trust: how much the model could say.
        messages, topics: how many there were, and how many topics were right.
        dangers, found: people in danger, and those found.
        quiet, alarms: messages of nobody in danger, and false alarms among them.
        confusions: the topics most often taken for others: the right one, the one said, how often.
    """

    trust: Trust
    messages: int
    topics: int
    dangers: int
    found: int
    quiet: int
    alarms: int
    confusions: tuple[tuple[str, str, int], ...] = ()

    @property
    def loss(self) -> float:
        """What the mistakes weigh together."""
        missed = self.dangers - self.found
        wrong = self.messages - self.topics
        return _MISSED_DANGER * missed + _FALSE_ALARM * self.alarms + _WRONG_TOPIC * wrong


def held_out(sheet: Sheet, batches: Iterable[str]) -> Opinions:
    """Return for each message of the batches what the model makes of it that has learned nothing of its writer."""
    chosen = set(batches)
    writers = np.array([writer_of(example.batch) for example in sheet.examples])
    of_batch = np.array([example.batch in chosen for example in sheet.examples])
    found: Opinions = {}
    for left_out in _turns(Counter(writers[of_batch].tolist())):
        out = np.isin(writers, left_out)
        asked = np.flatnonzero(out & of_batch)
        model = sheet.taught(np.flatnonzero(~out))
        found.update((row, _opinion(model, sheet.words[row])) for row in asked.tolist())
    return found


def _opinion(model: Learned, words: Words) -> Opinion:
    """Return the model's opinion without the words that moved it: there are many thousands."""
    opinion = model.opinion(words.passage, words.markers, words.muted)
    return replace(opinion, seen=((),), rows=opinion.rows.sum(axis=0, keepdims=True))


def _trusting(opinion: Opinion, trust: Trust) -> Opinion:
    return replace(opinion, model=replace(opinion.model, trust=trust))


def _turns(messages: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield the writers to be left out together, so that about as many messages are judged each time."""
    turns: list[list[str]] = [[] for _ in range(min(_TURNS, len(messages)))]
    for writer in sorted(messages, key=lambda name: (-messages[name], name)):
        min(turns, key=lambda turn: sum(messages[name] for name in turn)).append(writer)
    yield from turns


def choose_trust(sheet: Sheet, opinions: Opinions) -> Tried:
    """Return the trust that does best on messages that were not learned: the alarms first, then the topics."""
    limits = itertools.product(_DANGER_FROM, _DOUBT_UNDER)
    scores = {row: _score(sheet, row, opinion) for row, opinion in opinions.items()}
    trust = min((Trust(most=_MOST, danger_from=alarm, doubt_under=doubt) for alarm, doubt in limits),
                key=lambda trust: _loss_of_alarms(sheet, scores, trust))  # fmt: skip
    trust = replace(trust, aside_from=_safe_aside(sheet, opinions))
    tried = (try_trust(sheet, opinions, replace(trust, share=share)) for share in _SHARES)
    return min(tried, key=lambda one: one.loss)


def _score(sheet: Sheet, row: int, opinion: Opinion) -> float:
    return decisive_score(sheet.words[row].ordered[0], opinion, sheet.lexicon)


def _loss_of_alarms(sheet: Sheet, scores: dict[int, float], trust: Trust) -> float:
    loss = 0.0
    for row, score in scores.items():
        by_words = sheet.words[row].ordered[0].priority is Priority.P1
        alarm = score >= (trust.doubt_under if by_words else trust.danger_from)
        if sheet.examples[row].priority is Priority.P1:
            loss += 0.0 if alarm else _MISSED_DANGER
        elif Priority.P1 not in sheet.examples[row].priorities and alarm:
            loss += _FALSE_ALARM
    return loss


def _safe_aside(sheet: Sheet, opinions: Opinions) -> float:
    """Return the score that no person's message comes near, of those that the model can read."""
    persons = [
        opinion.aside
        for row, opinion in opinions.items()
        if sheet.examples[row].kind is CaseKind.CASE and opinion.can_read
    ]
    return round(max(persons, default=0.0) + _SAFELY_ABOVE, 1)


def try_trust(sheet: Sheet, opinions: Opinions, trust: Trust) -> Tried:
    """Judge the messages with a trust and count what is right."""
    rows = [row for row in opinions if sheet.examples[row].kind is CaseKind.CASE]
    outcomes = [_outcome(sheet.words[row], _trusting(opinions[row], trust), sheet) for row in rows]
    return _counted(trust, [sheet.examples[row] for row in rows], outcomes)


def _outcome(words: Words, opinion: Opinion, sheet: Sheet) -> tuple[str, bool]:
    """Return the deciding topic, and whether an alarm was raised."""
    deciding = with_opinion(words.ordered, words.found, opinion, sheet.lexicon)[0]
    return deciding.topic, deciding.priority is Priority.P1


def _counted(trust: Trust, examples: Sequence[Example], outcomes: Sequence[tuple[str, bool]]) -> Tried:
    judged = list(zip(examples, outcomes, strict=True))
    danger = [alarm for example, (_, alarm) in judged if example.priority is Priority.P1]
    quiet = [alarm for example, (_, alarm) in judged if Priority.P1 not in example.priorities]
    wrong = Counter((example.topic, topic) for example, (topic, _) in judged if topic not in example.topics)
    often = tuple((*pair, times) for pair, times in sorted(wrong.items(), key=lambda item: (-item[1], item[0])))
    right = len(judged) - wrong.total()
    return Tried(trust, len(judged), right, len(danger), sum(danger), len(quiet), sum(quiet), often[:_CONFUSIONS])
