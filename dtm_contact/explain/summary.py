"""What was understood of a contact, in plain French sentences for people who know nothing of models and rules."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from dtm_contact.explain.names import Names
from dtm_contact.explain.reason import quoted_words
from dtm_contact.labels.coded_text import text_of
from dtm_contact.labels.formats import day_and_time
from dtm_contact.labels.judging import ALARM_RAISED, KINDS, LANGUAGES, OUTCOMES, PERILS, SCRIPTS, SOME_DANGER, UNREAD
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    CaseKind,
    Judgement,
    Peril,
    Understanding,
)

_BY_TOPIC: Final[Mapping[str, frozenset[Peril | None]]] = {
    "gas": frozenset({Peril.GAS}),
    "fire": frozenset({Peril.FIRE}),
    "elevator_trapped": frozenset({Peril.TRAPPED}),
    "danger": frozenset({*Peril, None}),
}
"""Topics that say no more than the kind of danger does: they are not told beside it."""
_NO_MATTER: Final = frozenset({Peril.VIOLENCE, Peril.SUICIDE})
"""Dangers beside which the topic is another matter, such as a debt, not the thing that endangers."""

_LETTERS_LOOKED_AT: Final = 400


def summary(judgement: Judgement, names: Names, *, alarm: Alarm | None = None, due: datetime | None = None) -> str:
    """Return what was understood: the danger, or why there is none, the matter, and by when somebody must answer.

    For instance "Risque de suicide : « plus envie de vivre ». Alarme certaine, relevée par une formule ; l'astreinte
    est prévenue. À traiter tout de suite, au plus tard mar. 24/11/2026 10:00."

    Args:
        judgement: what was judged.
        names: what topics are called, and the clock of the offices.
        alarm: the alarm as it stands now, where somebody has changed it since.
        due: when the first answer is due; without it nothing is said of that.
    """
    understanding, decision = judgement.understanding, judgement.decision
    told = alarm or decision.alarm
    if decision.kind is not CaseKind.CASE:
        return f"C'est {KINDS[decision.kind]} : aucun dossier n'est ouvert. {_no_alarm(understanding, told)}"
    sentences = [
        _alarm(understanding, told, on_call="on_call" in decision.notify),
        "Prudence : qui partage le logement peut lire ou écouter." if judgement.violence_at_home else "",
        *_matter(judgement, names, told),
        _due(told, day_and_time(due.astimezone(names.zone))) if due else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def named_language(declared: str, text: str) -> str:
    """Return in which foreign language a text is ("en arabe"), as far as it declares it or its letters say; or "".

    Letters count before what a mail program declares: that is often the program's own language.
    """
    scripts = [unicodedata.name(letter, "").split(" ")[0] for letter in text[:_LETTERS_LOOKED_AT] if letter.isalpha()]
    most = max(SCRIPTS, key=scripts.count)
    if 2 * scripts.count(most) > len(scripts):
        return SCRIPTS[most]
    code = declared[:2].lower()
    return f"en {LANGUAGES[code]}" if code in LANGUAGES and code != "fr" else ""


def _alarm(understanding: Understanding, alarm: Alarm, *, on_call: bool) -> str:
    """Return the sentence on the danger."""
    if not alarm.any:
        return _no_alarm(understanding, alarm)
    danger = PERILS[understanding.peril] if understanding.peril else SOME_DANGER
    said = [piece for piece in understanding.raised_by if piece.name == "danger.phrase"] or understanding.raised_by
    words = quoted_words(said)
    named = f"{danger} : {words}" if words else danger
    if alarm.level is AlarmLevel.POSSIBLE:
        lowered = f" Ce n'est pas une alarme certaine, car {text_of(alarm.why_not)}." if alarm.why_not else ""
        named = f"({named[0].lower()}{named[1:]})" if said else "que rien de précis ne nomme"
        return f"Peut-être un danger {named} : montré en tête de file, personne n'est réveillé.{lowered}"
    waking = " ; l'astreinte est prévenue" if on_call else ""
    return f"{named}. Alarme certaine, {ALARM_RAISED[alarm.raised_by]}{waking}."


def _no_alarm(understanding: Understanding, alarm: Alarm) -> str:
    """Return the sentence on why there is no alarm."""
    reasons = []
    if alarm.why_not:
        reasons.append(text_of(alarm.why_not))
    denied = quoted_words(understanding.denied)
    if denied:
        reasons.append(f"{denied} est nié")
    rest = "rien d'autre n'annonce un danger" if reasons else "rien n'annonce un danger"
    return f"Pas d'alarme : {' ; '.join((*reasons, rest))}."


def _matter(judgement: Judgement, names: Names, alarm: Alarm) -> Iterator[str]:
    """Yield what the contact is about: the topic, why it was not read, in which language it is."""
    understanding, contact = judgement.understanding, judgement.contact
    if contact.call is not None:
        yield f"C'est un appel : {OUTCOMES[contact.call.outcome]}."
    if understanding.unread is not None:
        yield UNREAD[understanding.unread]
        return
    language = named_language(contact.language, contact.new_text or contact.subject)
    if not understanding.readable:
        yield f"Le programme comprend mal ce message{f' {language}' if language else ''} : à faire traduire."
    elif language:
        yield f"Message lu {language}."
    topic = understanding.topic
    if topic is None or (alarm.any and understanding.peril in _BY_TOPIC.get(topic, ())):
        return
    deciding = next((finding for finding in understanding.findings if finding.topic == topic), None)
    words = quoted_words(deciding.evidence) if deciding is not None and not alarm.any else ""
    named = f"{names.topics.get(topic, topic)} ({words})" if words else names.topics.get(topic, topic)
    yield f"{'Demande aussi' if alarm.any and understanding.peril in _NO_MATTER else 'Sujet'} : {named}."


def _due(alarm: Alarm, when: str) -> str:
    """Return by when somebody must act, always in the same words."""
    if alarm.certain:
        return f"À traiter tout de suite, au plus tard {when}."
    if alarm.any:
        return f"À lire au plus tard {when}."
    return f"Première réponse au plus tard {when}."
