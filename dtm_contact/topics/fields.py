"""Whether a field of a form tells of danger: its label asks, its value answers, and both together are a sentence."""

import re
from typing import Final

from dtm_contact.model import AlarmLevel, Part
from dtm_contact.text import NEGATIONS, FieldDanger, fold, tokenize, word_set
from dtm_contact.topics.danger import judge_danger
from dtm_contact.topics.details import advice_score, settled_score
from dtm_contact.topics.phrases import Effect
from dtm_contact.topics.reader import Heard, Reader

AFFIRMATIONS: Final = word_set(
    "oui yes si sim ja tak da да نعم 是 有 "
    "vrai true confirme confirmee detecte detectee constate constatee avere averee declenche declenchee "
    "confirmed detected"
)
"""Words that answer yes, a person's and a machine's."""
_FEWEST: Final = 2
"""Words from which an answer that is no yes says something."""
_BARE: Final = 4
"""Words up to which an answer that begins with a no, or with nought, is no more than that ("aucune à ce jour")."""
_NOUGHT: Final = re.compile(r"\W*0+(?![\d.,/:]*\d)")
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")


def danger_of_field(reader: Reader, label: str, value: str) -> FieldDanger:
    """Return what a label with its value tells of danger, read as one sentence.

    A bare no answers that there is none, but where the label asks whether it is over ("Personne libérée : non"); a
    single word other than yes ("normal", "essai") says too little. Phrases
    count where they begin in the label: in a value that is who or where the model must see the danger too.

    Args:
        reader: model, phrases, limits.
        label: what stands before the colon; empty to read the value alone.
        value: what stands behind it, to the end of the line.
    """
    words = [*filter(None, re.split(r"[\W_]+", fold(value)))]
    affirmed = bool(words) and words[0] in AFFIRMATIONS
    if words and len(words) <= _BARE and (words[0] in NEGATIONS or _NOUGHT.match(value)):
        return _not_over(reader, label)
    if not affirmed and (len(words) < _FEWEST or not _LETTERS.search(value)):
        return FieldDanger()
    heard = Heard.of(tokenize([(Part.NEW, f"{label} : {value}" if label else value)]), reader)
    asked = [
        hit
        for hit in heard.hits
        if hit.phrase.effect is Effect.NOT_DANGER or heard.tokens.ends[hit.places[0]] <= len(label)
    ]
    found = judge_danger(heard.tokens, heard.reading, asked, reader.scale, reader.limits.danger, outage=False)
    # What reads like advice stays in the text, where it is told apart from the rest: as a field it adds nothing.
    advises = bool(label) and found.alarm.any and is_advice(reader, f"{label} : {value}")
    return FieldDanger(found.alarm.level, 0.0 if advises else found.alarm.score or 0.0)


def is_advice(reader: Reader, sentence: str) -> bool:
    """Return whether a sentence tells everybody what to do if something happened, and reports nothing.

    Args:
        reader: model, limits.
        sentence: a sentence of what a program wrote or laid out.
    """
    tokens = tokenize([(Part.NEW, sentence)])
    return advice_score(tokens, reader.details, reader.model) >= reader.limits.advice


def _not_over(reader: Reader, label: str) -> FieldDanger:
    """Return what a no to a label tells: nothing, unless the label says that it is over; then its words are read."""
    tokens = tokenize([(Part.NEW, label)])
    reading = reader.model.read(tokens, in_order=False)
    over = settled_score(tokens, reading, reader.details, reader.model)[0] > 0
    return FieldDanger(AlarmLevel.POSSIBLE if over else AlarmLevel.NONE)
