"""What is asked and whether it is a danger, in plain French sentences for who knows nothing of models and rules."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from dtm_contact.explain.names import Names
from dtm_contact.explain.quoting import clauses
from dtm_contact.explain.reason import quoted_words
from dtm_contact.labels.coded_text import text_of
from dtm_contact.labels.formats import because
from dtm_contact.labels.judging import ALARM_DOUBTED, ALARM_RAISED, LANGUAGES, OUTCOMES, PERILS, SCOPES, SCRIPTS, UNREAD
from dtm_contact.model import Alarm, AlarmSource, CaseKind, Evidence, Judgement, Understanding

_ANY_DANGER: Final = "danger"
"""The topic that says no more than that there is a danger: its words are told with the danger."""
_TOPICS_TOLD: Final = 3
_PASSAGES_TOLD: Final = 3
_LETTERS_LOOKED_AT: Final = 400
_SET_ASIDE: Final = {
    CaseKind.AUTOMATIC: "C'est un message automatique, qu'un programme envoie tout seul : il ne demande rien.",
    CaseKind.SPAM: "C'est un message indésirable, comme une publicité : il ne demande rien.",
    CaseKind.NONE: "Rien n'est demandé.",
}


def matter_told(judgement: Judgement, names: Names) -> Iterator[str]:
    """Yield what a contact asks and by which words that was seen, why it was not read, in which language it is."""
    understanding, contact = judgement.understanding, judgement.contact
    if contact.call is not None:
        yield f"C'est un appel : {_small(OUTCOMES[contact.call.outcome])}."
    if judgement.decision.kind is not CaseKind.CASE:
        yield _SET_ASIDE[judgement.decision.kind]
        return
    if understanding.unread is not None:
        yield UNREAD[understanding.unread]
        return
    language = named_language(contact.language, contact.new_text or contact.subject)
    if not understanding.readable:
        yield f"Le programme comprend mal ce message{f' {language}' if language else ''} : à faire traduire."
    elif language:
        yield f"Message lu {language}."
    evidence = {finding.topic: finding.evidence for finding in understanding.findings}
    topics = [topic for place, topic in enumerate(understanding.topics) if topic != _ANY_DANGER or not place]
    for place, topic in enumerate(topics[:_TOPICS_TOLD]):
        head = "Il est aussi question de" if place else "Sujet"
        words = quoted_words(evidence.get(topic, ())) if topic != _ANY_DANGER else ""
        yield f"{head} : {names.topics.get(topic, topic)}{f' – reconnu à {words}' if words else ''}."
    yield _more_urgent(understanding)
    if understanding.scope is not None:
        yield f"Cela touche {SCOPES[understanding.scope]}."


def danger_told(judgement: Judgement, alarm: Alarm) -> Iterator[str]:
    """Yield whether it is a danger, by which words, how sure that is, and who is woken or not, and why.

    Args:
        judgement: what was judged.
        alarm: the alarm as it stands now.
    """
    understanding = judgement.understanding
    if not alarm.any:
        yield from _no_danger(understanding, alarm)
        return
    words = clauses(judgement.contact, understanding.raised_by, _PASSAGES_TOLD)
    danger = _small(PERILS[understanding.peril]) if understanding.peril else ""
    on_call = "on_call" in judgement.decision.notify
    if alarm.certain:
        named = ", ".join(filter(None, (danger, f"d'après {words}" if words else "")))
        yield f"Danger certain{f' : {named}' if named else ''}."
        yield f"C'est certain {because(ALARM_RAISED[alarm.raised_by])}."
        by_person = alarm.raised_by in {AlarmSource.AGENT, AlarmSource.ANSWER}
        yield "L'astreinte est prévenue aussitôt." if on_call or by_person else ""
    else:
        yield f"Danger possible, mais pas certain{f' : {danger}' if danger else ''}."
        yield _in_doubt(alarm, words)
        if on_call:
            yield "L'astreinte est prévenue, parce que la règle ci-dessous le demande."
        else:
            yield (
                "Le dossier passe en tête de la file pour qu'un agent le lise vite ; l'astreinte n'est pas appelée,"
                " car elle ne l'est que pour un danger certain."
            )
    if judgement.violence_at_home:
        yield "Prudence : qui partage le logement peut lire ou écouter."


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


def _in_doubt(alarm: Alarm, words: str) -> str:
    """Return what speaks for a danger and why it is not certain: what lowered it, else that the program wavers."""
    if alarm.why_not:
        raised = because(ALARM_RAISED[alarm.raised_by])
        by = f", d'après {words}" if words else ""
        return f"On y a pensé {raised}{by} ; il n'est pas certain, car {text_of(alarm.why_not)}."
    if alarm.raised_by is not AlarmSource.MODEL:
        by = f", d'après {words}" if words else ""
        return f"On le pense {because(ALARM_DOUBTED[alarm.raised_by])}{by}."
    if not words:
        return "Le programme hésite, d'après l'ensemble du message : aucun passage précis ne l'annonce."
    return f"Le programme hésite : {words} peut annoncer un danger, ou autre chose."


def _no_danger(understanding: Understanding, alarm: Alarm) -> Iterator[str]:
    denied = quoted_words(understanding.denied)
    if alarm.why_not:
        yield f"Pas d'alerte, car {text_of(alarm.why_not)}."
    elif denied:
        yield f"Pas de danger : le message nie {denied}, et rien d'autre n'annonce un danger."
    else:
        yield "Pas de danger : rien dans le message n'en annonce un."


def _more_urgent(understanding: Understanding) -> str:
    """Return what makes it more urgent than its topic is, danger apart: words beside those that say the topic."""
    if understanding.alarm.any or not understanding.raised_by:
        return ""
    known = {piece.seen.casefold() for finding in understanding.findings[:1] for piece in finding.evidence}
    further: list[Evidence] = [piece for piece in understanding.raised_by if piece.seen.casefold() not in known]
    words = quoted_words(further)
    return f"C'est plus urgent que d'ordinaire, d'après {words or 'l’ensemble du message'}."


def _small(words: str) -> str:
    return f"{words[:1].lower()}{words[1:]}"
