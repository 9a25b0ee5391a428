"""Whether somebody is in danger: what words and the model say, of the whole message and of its sharpest stretch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, CodedText
from dtm_contact.text import Tokens
from dtm_contact.topics.convolution import IN_DANGER
from dtm_contact.topics.model import BY_OUTAGE, DANGER, WINDOW, Calibration, Model, Reading, Values
from dtm_contact.topics.phrases import Effect, Hit

_BY_WORDS: Final = {
    Effect.ALWAYS_DANGER: AlarmLevel.CERTAIN,
    Effect.DANGER: AlarmLevel.CERTAIN,
    Effect.POSSIBLE: AlarmLevel.POSSIBLE,
    Effect.VIOLENCE_AT_HOME: AlarmLevel.POSSIBLE,
}


OF_DANGER: Final = frozenset(_BY_WORDS)
"""What phrases do that tell of danger where they are not denied."""


@dataclass(frozen=True, slots=True)
class DangerLimits:
    """From which probability the model calls a danger certain, and from which possible."""

    certain: float = 0.7
    possible: float = 0.14


_SURE: Final = 0.0001
"""How near to nought or to one a probability may come before its odds are asked."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a program's mail says of whether anything is still the matter.

    Attributes:
        score: how clearly one of its sentences says that nothing is: over, a test, planned, in general.
        said: that sentence, as it was written.
        raised: how clearly the whole reports, as programs do, what puts somebody in danger, from nought on.
        scale: what the log-odds of danger and these scores are worth together in such mail.
        own: the mail is a program's throughout: no person speaks in it. Of another no sentence lowers an alarm.
    """

    score: float
    said: str
    raised: float
    scale: Calibration
    own: bool = True

    @property
    def as_spoken(self) -> "Settled":
        """The same of a mail in which a person speaks: no sentence of it lowers an alarm."""
        return replace(self, score=0.0, own=False)

    def probability(self, probability: float) -> float:
        """Return how likely a danger is, by what the message is like and by what it says of that."""
        return self.scale.probability([log_odds(probability), self.score, self.raised])


def with_field(probability: float, field: float) -> float:
    """Return how likely a danger is by a whole form and by its sharpest field, half and half, where that is sharper.

    A machine's news is one line among many that are the same every day.
    """
    if field <= probability:
        return probability
    return Calibration((0.5, 0.5), 0.0).probability([log_odds(probability), log_odds(field)])


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability, within bounds."""
    kept = min(max(probability, _SURE), 1 - _SURE)
    return float(np.log(kept / (1 - kept)))


@dataclass(frozen=True, slots=True)
class DangerFinding:
    """What was found of danger.

    Attributes:
        alarm: the alarm that it makes.
        stretch: the places of the sharpest stretch, and the place behind it.
        column: the model's column that says most.
        hits: the phrases of danger that are heard, whether or not they raised it to this level.
        silenced: the numbers of the sentences that are no danger by a phrase.
    """

    alarm: Alarm
    stretch: tuple[int, int]
    column: str
    hits: tuple[Hit, ...]
    silenced: frozenset[int] = frozenset()

    @property
    def deciding(self) -> tuple[Hit, ...]:
        """The phrases that raise the alarm to its level by themselves; none where the model alone does."""
        if self.alarm.raised_by is AlarmSource.FRAILTY:
            return self.hits
        return tuple(hit for hit in self.hits if _BY_WORDS.get(hit.phrase.effect) is self.alarm.level)


@dataclass(frozen=True, slots=True)
class DangerScale:
    """The model's probability of danger: by itself, and where something is out, by that too.

    That an outage puts somebody in danger is learned of messages about outages alone: there "no heating" says nothing,
    and the newborn all. Each counts half by the whole message, half by its sharpest stretch.

    Attributes:
        model: what was learned.
        dangerous: the columns of the topics that are dangers.
        harmless: the columns of the other topics.
    """

    model: Model
    dangerous: Sequence[int]
    harmless: Sequence[int]

    def probability(self, reading: Reading, scores: Values, *, outage: bool) -> tuple[float, tuple[int, int], str]:
        """Return the probability that somebody is in danger, the sharpest stretch of the message, and the column.

        Args:
            reading: the message.
            scores: what the columns say of it.
            outage: it is about something that is out.
        """
        if not len(reading.rows):
            return 0.0, (0, 0), DANGER
        columns = (DANGER, BY_OUTAGE) if outage else (DANGER,)
        said, stretches = [], []
        for column in columns:
            stretch, sharpest = (0, reading.words), scores
            if reading.words > WINDOW:
                stretch, _ = max(self.model.window_scores(reading, column), key=lambda told: told[1])
                sharpest = self.model.scores(reading.between(*stretch))
            said.append(self._score(scores, column) + self._score(sharpest, column))
            stretches.append(stretch)
        calibration = self.model.calibrations[columns[-1]]
        said.append(float(reading.in_order[IN_DANGER]) if len(reading.in_order) else 0.0)
        parts = calibration.parts(said)
        most = max(range(len(columns)), key=lambda place: parts[place])
        return calibration.probability(said), stretches[most], columns[most]

    def _score(self, scores: Values, column: str) -> float:
        """Return half of what a column says; of danger by itself also a quarter of the odds of the dangers' topics."""
        said = float(scores[self.model.column[column]]) / 2
        if column == BY_OUTAGE:
            return said
        return said + float(scores[self.dangerous].max() - scores[self.harmless].max()) / 4


def judge_danger(  # noqa: PLR0913 - a message, and what it is judged by
    tokens: Tokens,
    reading: Reading,
    hits: Sequence[Hit],
    scale: DangerScale,
    limits: DangerLimits,
    *,
    outage: bool,
    field: float = 0.0,
    settled: Settled | None = None,
) -> DangerFinding:
    """Return what words and model say of danger.

    A phrase `not_danger` takes its sentence out of what is judged, unless an `always_danger` stands in it too. What a
    program's mail says of whether it is over weighs with what the model says, never with words, and never makes a
    danger of the model's less than possible. Nothing else lowers what words or model say: of both the higher level
    counts.

    Args:
        tokens: the words.
        reading: the same as the model sees them.
        hits: the phrases that stand in them.
        scale: the model's probability.
        limits: from which probability it counts.
        outage: the matter is one that puts frail people in danger.
        field: the probability of the sharpest field of a form, read by itself.
        settled: what a program's mail says of whether it is over; None for a person's.
    """
    said = [hit for hit in hits if not hit.denied]
    silenced = silenced_sentences(tokens, said)
    kept = [hit for hit in said if tokens.sentences[hit.places[0]] not in silenced]
    scores = scale.model.scores(reading)
    probability, stretch, column = scale.probability(reading, scores, outage=outage)
    heard = probability
    if silenced:
        rest = scale.model.read(tokens, silenced)
        heard, stretch, column = scale.probability(rest, scale.model.scores(rest), outage=outage)
    heard, probability = with_field(heard, field), with_field(probability, field)
    if settled is not None:
        # A sentence lets nobody be woken; it does not keep from being looked at what the model calls a danger.
        heard = max(settled.probability(heard), min(heard, limits.possible))
    by_model = _level(heard, limits)
    frail = [hit for hit in kept if outage and hit.phrase.effect is Effect.FRAIL]
    raising = [hit for hit in kept if hit.phrase.effect in _BY_WORDS]
    by_words = level_by_words(raising) if raising or not frail else AlarmLevel.POSSIBLE
    level = max(by_words, by_model, key=lambda each: each.rank)
    silent = max(_level(probability, limits), level_by_words(said), key=lambda each: each.rank)
    return DangerFinding(
        Alarm(
            level,
            _source(level, by_words, frail=bool(frail), raising=bool(raising)),
            round(heard, 3),
            limits.certain,
            _why_not(said, settled) if silent.rank > level.rank else None,
        ),
        stretch,
        column,
        tuple(raising or frail),
        silenced,
    )


def level_by_words(hits: Iterable[Hit]) -> AlarmLevel:
    """Return the highest level that phrases which are not denied raise by themselves."""
    levels = (_BY_WORDS.get(hit.phrase.effect, AlarmLevel.NONE) for hit in hits)
    return max(levels, key=lambda level: level.rank, default=AlarmLevel.NONE)


def silenced_sentences(tokens: Tokens, said: Iterable[Hit]) -> frozenset[int]:
    """Return the numbers of the sentences that are no danger by a phrase: none in which an `always_danger` stands.

    Args:
        tokens: the words.
        said: the phrases that stand in them and are not denied.
    """
    said = list(said)
    harmless = {tokens.sentences[hit.places[0]] for hit in said if hit.phrase.effect is Effect.NOT_DANGER}
    always = {tokens.sentences[hit.places[0]] for hit in said if hit.phrase.effect is Effect.ALWAYS_DANGER}
    return frozenset(harmless - always)


def _level(probability: float, limits: DangerLimits) -> AlarmLevel:
    if probability >= limits.certain:
        return AlarmLevel.CERTAIN
    return AlarmLevel.POSSIBLE if probability >= limits.possible else AlarmLevel.NONE


def _source(level: AlarmLevel, by_words: AlarmLevel, *, frail: bool, raising: bool) -> AlarmSource | None:
    if level is AlarmLevel.NONE:
        return None
    if raising and by_words is level:
        return AlarmSource.WORDS
    return AlarmSource.FRAILTY if frail else AlarmSource.MODEL


def _why_not(said: Sequence[Hit], settled: Settled | None) -> CodedText:
    phrases = [hit.phrase.text for hit in said if hit.phrase.effect is Effect.NOT_DANGER]
    if settled is not None and not phrases:
        return CodedText("settled", {"said": settled.said})
    return CodedText("harmless_phrase", {"phrases": phrases})
