"""Why a case lies where it lies, and why it is an alarm or none, in one line each for agents."""

from collections.abc import Iterable, Iterator

from dtm_contact.labels.judging import ALARM_LEVELS, ALARM_SOURCES, OUTCOMES, PERILS
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, Contact, Evidence, Judgement, Peril, Unread
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
        peril: what kind of danger it is, told with it; None where that is not known, or not to be told.
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
