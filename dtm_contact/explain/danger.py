"""Whether it is a danger and why, in plain French sentences: one place for the reason of an alarm's level."""

from collections.abc import Iterator
from typing import Final

from dtm_contact.explain.names import Names
from dtm_contact.explain.quoting import sentences
from dtm_contact.explain.reason import quoted_words
from dtm_contact.explain.summary import named_language
from dtm_contact.labels.coded_text import text_of
from dtm_contact.labels.formats import because
from dtm_contact.labels.judging import ALARM_DOUBTED, ALARM_RAISED, PERILS
from dtm_contact.model import ALWAYS_DANGER, CALMING, Alarm, AlarmSource, Judgement, Priority, Understanding
from dtm_contact.topics.reader import Reader

_SENTENCES_TOLD: Final = 2
_BY_PHRASE: Final = frozenset({"danger.phrase", ALWAYS_DANGER})


def explain_danger(judgement: Judgement, alarm: Alarm, names: Names, reader: Reader) -> Iterator[str]:
    """Yield whether it is a danger, by which sentence, and what made it that sure and no surer.

    Args:
        judgement: what was judged.
        alarm: the alarm as it stands now.
        names: how topics are called.
        reader: knows which topics are dangers.
    """
    understanding = judgement.understanding
    if not alarm.any:
        yield from _no_danger(judgement, alarm, names, reader)
        return
    quoted = sentences(judgement.contact, understanding.raised_by, _SENTENCES_TOLD)
    danger = PERILS[understanding.peril] if understanding.peril else ""
    told = f" : {danger[:1].lower()}{danger[1:]}" if danger else ""
    told += f", d'après {quoted}" if quoted else ""
    if alarm.certain:
        yield f"Danger certain{told}."
        yield _why_certain(understanding, alarm)
    else:
        yield f"Danger possible, mais pas certain{told}."
        yield _why_possible(understanding, alarm)
    language = named_language(judgement.contact.language, judgement.contact.new_text) if quoted else ""
    yield f"Ces mots sont {language} : faites-les traduire si vous ne lisez pas cette langue." if language else ""
    if judgement.violence_at_home:
        yield "Prudence : qui partage le logement peut lire ou écouter."


def _why_certain(understanding: Understanding, alarm: Alarm) -> str:
    """Return what stands behind a certain alarm: the words of the list, who says so; "" where what is quoted does."""
    if alarm.raised_by is AlarmSource.MODEL and understanding.raised_by:
        return ""
    told = f"C'est certain {because(ALARM_RAISED[alarm.raised_by])}"
    if alarm.raised_by is AlarmSource.WORDS:
        words = _listed(understanding)
        listed = f" : {words}" if words else ""
        return f"{told}{listed}. Une tournure de cette liste, que tiennent les bureaux, suffit à elle seule."
    return f"{told}."


def _why_possible(understanding: Understanding, alarm: Alarm) -> str:
    """Return what raised an alarm that is possible, and why it is not certain: what lowered it, or what is missing."""
    if alarm.why_not:
        raised = because(ALARM_RAISED[alarm.raised_by])
        return f"On y a pensé {raised} ; il n'est pas certain, car {text_of(alarm.why_not)}."
    if alarm.raised_by is AlarmSource.MODEL:
        by = "Ces mots peuvent" if understanding.raised_by else "Aucun passage précis ne l'annonce : l'ensemble peut"
        return f"{by} aussi dire autre chose, et le programme ne tranche pas."
    raised = because(ALARM_DOUBTED[alarm.raised_by])
    if alarm.raised_by is AlarmSource.WORDS and (words := _listed(understanding)):
        raised += f" : {words}"
    return f"C'est possible {raised}."


def _no_danger(judgement: Judgement, alarm: Alarm, names: Names, reader: Reader) -> Iterator[str]:
    understanding, contact = judgement.understanding, judgement.contact
    calming = [piece for piece in understanding.denied if piece.name == CALMING]
    denied = quoted_words(piece for piece in understanding.denied if piece.name != CALMING)
    dangers = [topic for topic in understanding.topics if _is_danger(topic, reader)]
    if alarm.why_not:
        yield f"Pas d'alerte, car {text_of(alarm.why_not)}."
    elif denied:
        yield f"Pas de danger : le message nie {denied}, et rien d'autre n'annonce un danger."
    elif dangers:
        said = sentences(contact, calming, 1)
        because_of = f"le message dit {said}" if said else "rien n'y dit que quelqu'un est en danger maintenant"
        yield f"Pas d'alerte : il est question de « {names.topics.get(dangers[0], dangers[0])} », mais {because_of}."
    else:
        yield "Pas de danger : rien dans le message n'en annonce un."


def _is_danger(topic: str, reader: Reader) -> bool:
    known = reader.topics.get(topic)
    return known is not None and known.priority is Priority.P1


def _listed(understanding: Understanding) -> str:
    """Return the words that are on the list of dangers, as they stand in the message."""
    return quoted_words(piece for piece in understanding.raised_by if piece.name in _BY_PHRASE)
