"""What agents read of one case in a line: why it lies there, its alarm, its calls; and its text with words marked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import ALARM_LEVELS, ALARM_SOURCES, NUMBER_WITHHELD, OUTCOMES, PERILS, SPOKE
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Call,
    Contact,
    Evidence,
    Judgement,
    Outcome,
    Part,
    Peril,
    Unread,
)
from dtm_contact.text import fold

_WORDS_SHOWN = 3
_WORD_LENGTH = 40
_UNHEARD = "message vocal non transcrit, laissé hors des heures d'ouverture"


def reason(judgement: Judgement) -> str:
    """Return, in French, the words that made the topic, those that raised the priority, and the rule.

    Of a call: what became of it, and how often the party has called by now.

    For instance "« grosse fuite » ; P1 : « sous oxygène » ; règle urgence-autre-sujet".
    """
    understanding, decision = judgement.understanding, judgement.decision
    deciding = next((finding for finding in understanding.findings if finding.topic == understanding.topic), None)
    parts = [
        *_of_call(judgement.contact),
        quoted(deciding.evidence if deciding else ()),
        f"{decision.priority} : {quoted(understanding.raised_by)}" if understanding.raised_by else "",
        _danger(judgement),
        _UNHEARD if understanding.unread is Unread.VOICE else "",
        f"règle {decision.rule.rpartition(':')[2]}",
    ]
    return " ; ".join(part for part in parts if part)


def _danger(judgement: Judgement) -> str:
    """Return the kind of danger, and whether it is a possible one; "" where there is none."""
    level, peril = judgement.decision.alarm.level, judgement.understanding.peril
    if level is AlarmLevel.NONE:
        return ""
    named = PERILS[peril].lower() if peril else ""
    if level is AlarmLevel.CERTAIN:
        return named
    return f"{ALARM_LEVELS[level].lower()} ({named})" if named else ALARM_LEVELS[level].lower()


def alarm_line(alarm: Alarm, peril: Peril | None = None) -> str:
    """Return, in French, how sure a danger is, who says so by what probability, and what speaks against; "" of none.

    For instance "Danger possible : alerte donnée par le modèle (probabilité 41 %, seuil 70 %)".

    Args:
        alarm: as it stands.
        peril: what kind of danger it is, named with it; None where that is not known, or not to be named.
    """
    if alarm == Alarm():
        return ""
    parts = []
    if alarm.raised_by is not None:
        parts.append(f"alerte donnée par {ALARM_SOURCES[alarm.raised_by]}")
    # Beside what words or people said, the model's own probability only confuses.
    by_model = alarm.raised_by in {None, AlarmSource.MODEL, AlarmSource.FRAILTY}
    if by_model and alarm.score is not None and alarm.limit is not None:
        limits = f"probabilité {_percent(alarm.score)}, seuil {_percent(alarm.limit)}"
        parts.append(f"{parts.pop()} ({limits})" if parts else limits)
    if alarm.why_not is not None:
        parts.append(f"n'alerte pas parce que : {alarm.why_not}")
    level = ALARM_LEVELS[alarm.level]
    named = f"{level} ({PERILS[peril].lower()})" if peril is not None and alarm.any else level
    return " : ".join(filter(None, (named, " ; ".join(parts))))


def _percent(probability: float) -> str:
    """Return a probability in whole hundredths, never as certain."""
    return f"{min(99, round(probability * 100))}\u00a0%"


def _of_call(contact: Contact) -> Iterator[str]:
    if contact.call is None:
        return
    yield OUTCOMES[contact.call.outcome]
    if contact.standing is not None and contact.standing.joins is not None:
        yield f"{contact.standing.count} appels"


def quoted(evidence: Iterable[Evidence]) -> str:
    """Return the words that say most, each in quotation marks, the heaviest first; "" where there are none."""
    heaviest = sorted(evidence, key=lambda piece: -piece.weight)
    chosen: list[str] = []
    for piece in heaviest:
        words = " ".join(piece.seen.split())[:_WORD_LENGTH]
        if words and not any(_same(words, other) for other in chosen):
            chosen.append(words)
    return ", ".join(f"« {words} »" for words in chosen[:_WORDS_SHOWN])


def _same(words: str, other: str) -> bool:
    """Return whether one says no more than the other."""
    return fold(words) in fold(other) or fold(other) in fold(words)


def call_back_subject(outcomes: Sequence[Outcome]) -> str:
    """Return the subject of a call-back: what became of its latest call, how often there was one, and any message.

    Args:
        outcomes: of its calls, the oldest first; one at least.
    """
    parts = [OUTCOMES[outcomes[-1]]]
    if len(outcomes) > 1:
        parts.append(f"{len(outcomes)} appels")
    if Outcome.VOICEMAIL in outcomes[:-1] and outcomes[-1] is not Outcome.VOICEMAIL:
        parts.append("message vocal laissé")
    return " ; ".join(parts)


def outcome_text(outcome: Outcome, before: Outcome | None = None) -> str:
    """Return what became of a call and, where its records said otherwise before, what they said."""
    return OUTCOMES[outcome] if before is None else f"{OUTCOMES[outcome]}, et non « {OUTCOMES[before]} »"


def spoke_although_taken(owner: str) -> str:
    """Return why a call-back is closed whose party was spoken to though an agent had taken it."""
    return f"{SPOKE}, alors que {owner} l'avait pris"


def who_calls(call: Call) -> str:
    """Return a caller as the switchboard gives them: number and name; anybody can send any."""
    number = NUMBER_WITHHELD if call.number is None else spaced(call.number)
    return f"{number} ({call.name})" if call.name else number


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text; `mark` says what counted there ("" where nothing did)."""

    text: str
    mark: str = ""


def mark(contact: Contact, part: Part, marks: Iterable[tuple[str, Evidence]]) -> list[Segment]:
    """Cut one part's text at the words that counted.

    Args:
        contact: the contact whose text it is.
        part: which text.
        marks: a mark's name and a piece of evidence that bears it; where two overlap, the one that begins first, and of
            those the longer, is shown.
    """
    text = contact.text(part)
    spans = sorted(
        (evidence.span.start, -evidence.span.end, name)
        for name, evidence in marks
        if evidence.span is not None and evidence.span.part is part
    )
    segments: list[Segment] = []
    done = 0
    for start, negative_end, name in spans:
        end = min(-negative_end, len(text))
        if start < done or end <= start:
            continue
        segments += [Segment(text[done:start]), Segment(text[start:end], name)]
        done = end
    segments.append(Segment(text[done:]))
    return [segment for segment in segments if segment.text]
