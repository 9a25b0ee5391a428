"""What agents read of one case in a line: why it lies there, its alarm, its calls; and its text with words marked."""

from collections.abc import Iterable
from dataclasses import dataclass

from dtm_contact.labels.coded_text import quoted, text_of, texts_of
from dtm_contact.labels.formats import because
from dtm_contact.labels.judging import ALARM_LEVELS, ALARM_SOURCES, SOURCE_FIELDS
from dtm_contact.model import (
    WRITER_FIELDS,
    Alarm,
    AlarmSource,
    Call,
    Contact,
    Evidence,
    Judgement,
    Part,
    Sourced,
)
from dtm_contact.reasons import heaviest_words, reasons, who_calls


def reason(judgement: Judgement) -> str:
    """Return, in French, the words that made the topic, those that raised the priority, and the rule.

    Of a call: what became of it, and how often the party has called by now.

    For instance "« grosse fuite » ; P1 : « sous oxygène » ; règle urgence-autre-sujet".
    """
    return texts_of(reasons(judgement))


def alarm_line(alarm: Alarm) -> str:
    """Return, in French, how sure a danger is, who says so by what probability, and what speaks against; "" of none.

    For instance "Danger possible d'après le modèle (probabilité 41 %, seuil 70 %)".
    """
    if alarm == Alarm():
        return ""
    head = ALARM_LEVELS[alarm.level]
    if alarm.raised_by is not None:
        head += f" d'après {ALARM_SOURCES[alarm.raised_by]}"
    # Beside what words or people said, the model's own probability only confuses.
    by_model = alarm.raised_by in {None, AlarmSource.MODEL, AlarmSource.FRAILTY}
    if by_model and alarm.score is not None and alarm.limit is not None:
        head += f" (probabilité {_percent(alarm.score)}, seuil {_percent(alarm.limit)})"
    return f"{head}, abaissé {because(text_of(alarm.why_not))}" if alarm.why_not is not None else head


def _percent(probability: float) -> str:
    """Return a probability in whole hundredths, never as certain."""
    return f"{min(99, round(probability * 100))}\u00a0%"


def source_line(sourced: Sourced) -> str:
    """Return, in French, from which source a contact comes, and what that asserts.

    For instance "Agence numérique : compte vérifié par cette source ; affirme nom, numéro de bail".
    """
    if sourced.partner:
        return f"{sourced.label} (partenaire)"
    fields = ", ".join(SOURCE_FIELDS[each.field] for each in sourced.fields if each.field not in WRITER_FIELDS)
    writer = ", ".join(each.value for each in sourced.fields if each.field in WRITER_FIELDS)
    parts = [
        "" if sourced.read else "champs non lus",
        "compte vérifié par cette source" if sourced.proven else "",
        f"écrit par {writer} au sujet d'une autre personne" if writer else "",
        f"affirme {fields}" if fields else "",
    ]
    told = " ; ".join(filter(None, parts))
    return f"{sourced.label} : {told}" if told else sourced.label


def quoted_words(evidence: Iterable[Evidence]) -> str:
    """Return the words that say most, each in quotation marks, the heaviest first; "" where there are none."""
    return quoted(heaviest_words(evidence))


def caller(call: Call) -> str:
    """Return a caller as the switchboard gives them: number and name; anybody can send any."""
    return text_of(who_calls(call))


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
