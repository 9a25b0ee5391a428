"""What is asked, in plain French sentences for who knows nothing of models and rules."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from dtm_contact.explain.acts import ANY_DANGER
from dtm_contact.explain.names import Names
from dtm_contact.explain.quoting import heaviest_sentence, questions
from dtm_contact.explain.reason import quoted_words
from dtm_contact.explain.waterfall import short
from dtm_contact.labels.judging import LANGUAGES, OUTCOMES, SCOPES, SCRIPTS, UNREAD
from dtm_contact.model import Alarm, CaseKind, Contact, Evidence, Judgement, Part, Priority, Understanding
from dtm_contact.text import tokenize
from dtm_contact.topics.phrases import Effect
from dtm_contact.topics.reader import Reader

_TOPICS_TOLD: Final = 3
_QUESTIONS_TOLD: Final = 2
_LETTERS_LOOKED_AT: Final = 400
_SET_ASIDE: Final = {
    CaseKind.AUTOMATIC: "C'est un message automatique, qu'un programme envoie tout seul : il ne demande rien.",
    CaseKind.SPAM: "C'est un message indésirable, comme une publicité : il ne demande rien.",
    CaseKind.NONE: "Rien n'est demandé.",
}


def explain_matter(judgement: Judgement, alarm: Alarm, names: Names, reader: Reader) -> Iterator[str]:
    """Yield what a contact asks and by which words that was seen, why it was not read, in which language it is.

    Args:
        judgement: what was judged.
        alarm: the alarm as it stands now: a topic that is a danger is told as no more than that.
        names: how topics are called.
        reader: knows which topics are dangers.
    """
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
    topics = [topic for place, topic in enumerate(understanding.topics) if topic != ANY_DANGER or not place]
    subject = short(contact.subject)
    yield f"Objet du message : « {subject} »." if subject else ""
    asked = _asked(contact, reader)
    told: set[str] = set()
    for place, topic in enumerate(topics[:_TOPICS_TOLD]):
        head = "Il est aussi question de" if place else "Sujet"
        words = heaviest_sentence(contact, evidence.get(topic, ())) if topic != ANY_DANGER else ""
        by = f" – d'après {'la même phrase' if words in told else words}" if words and words not in asked else ""
        told.add(words)
        yield f"{head} : {names.topics.get(topic, topic)}{_reserve(topic, alarm, reader)}{by}."
    yield f"L'auteur demande : {' et '.join(asked)}." if asked else ""
    yield _more_urgent(understanding)
    if understanding.scope is not None:
        yield f"Cela touche {SCOPES[understanding.scope]}."


def _asked(contact: Contact, reader: Reader) -> list[str]:
    """Return the writer's own sentences that ask something, in quotation marks."""
    tokens = tokenize([(Part.NEW, contact.new_text)])
    hits = reader.requests.find(tokens, reader.model.mended(tokens), reader.model.common)
    places = [(hit.places[0], hit.places[-1]) for hit in hits if not hit.denied]
    asking = [Evidence(Effect.REQUEST.value, 1.0, tokens.written(*place), tokens.span(*place)) for place in places]
    return [f"« {each} »" for each in questions(contact, asking, _QUESTIONS_TOLD)]


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


def _reserve(topic: str, alarm: Alarm, reader: Reader) -> str:
    """Return what must stand behind the name of a danger where none is certain; "" of any other topic."""
    known = reader.topics.get(topic)
    if known is None or known.priority is not Priority.P1 or alarm.certain:
        return ""
    return " (supposé, à vérifier : le danger n'est que possible)" if alarm.any else " (sans danger en cours)"


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
