"""What the program did by itself, told to the person whose case it is: a line for each thing, in a layman's words.

How it read a message and what it decided, what guided it in a case, and whether it told somebody in danger what to do.
What it was to do later is `export_steps`'s.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Any, Final

from dtm_contact.cases.safety_words import SafetyOutcome, SafetyWords
from dtm_contact.labels.cases import PRIORITIES
from dtm_contact.labels.events import SENT_STATES, WITHHELD_BECAUSE, rule_label
from dtm_contact.labels.formats import percent
from dtm_contact.labels.judging import ASKERS, SCOPES, UNANSWERED
from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    Asker,
    CaseKind,
    Channel,
    OutgoingKind,
    Scope,
    Unanswered,
    Withheld,
)
from dtm_contact.privacy.export_html import lines
from dtm_contact.privacy.export_parts import ExportNames
from dtm_contact.privacy.export_wishes import said_in
from dtm_contact.privacy.identified import explain_identification

Row = Mapping[str, Any]
When = Callable[[datetime], str]
_SAW_DANGER: Final = {
    AlarmLevel.CERTAIN: "oui, quelqu’un pouvait être en danger",
    AlarmLevel.POSSIBLE: "possible, à vérifier par un agent",
    AlarmLevel.NONE: "pas de danger vu",
}
_RAISED_BY: Final = {
    AlarmSource.WORDS: "une phrase que des responsables ont désignée",
    AlarmSource.MODEL: "cette note",
    AlarmSource.RULE: "une règle",
    AlarmSource.EQUIPMENT: "ce que l’annuaire dit d’un équipement",
    AlarmSource.FRAILTY: "ce qu’une panne peut faire à une personne fragile",
    AlarmSource.ANSWER: "la réponse à notre question",
    AlarmSource.SOURCE: "le code de l’installation qui a appelé",
    AlarmSource.AGENT: "un agent",
}
_PRIORITY: Final = re.compile(r"\bP[1-4]\b")
_OTHER_RULES: Final = "d’après les règles d’aujourd’hui, qui ne sont plus celles d’alors"
SAFETY: Final = "consignes_de_securite"
"""Under what the row of a case says what became of the words that tell somebody in danger what to do."""


class ProgramChoice(StrEnum):
    """What the program decides of a message by itself, in the words that the page says it in of all messages."""

    TOPIC = "le sujet"
    URGENCY = "l’urgence"
    DUE = "le délai de réponse"
    QUEUE = "le service à qui confier le dossier"
    DANGER = "s’il peut y avoir un danger"
    NOTIFIED = "qui est alors prévenu"
    CASE = "si le message ouvre un dossier, en rejoint un ou est mis de côté"
    ANSWER = "si une réponse automatique part ou non"


def how_read(judged: Row, names: ExportNames, when: When, answer: str) -> Iterator[str]:
    """Yield, as HTML, how the program read a message: what it understood, whom it took for its writer, what it decided.

    Args:
        judged: the row of its judgement.
        names: how things are called.
        when: how a moment is told.
        answer: whether an answer went out by itself, as `answered` tells it.
    """
    found: Row = judged["judgement"].get("understanding") or {}
    told: Row = judged["judgement"].get("contact") or {}
    decision: Row = judged["decision"]
    identified = explain_identification(judged["judgement"]["identification"])
    for head, reasons in (
        ("Ce que le programme en a compris", _understood(found, names, told.get("new_text") or "")),
        ("Qui il a pensé que c’était", identified),
        ("Ce qu’il a décidé seul", [*decided(decision, found, names, when, answer).values(), *_by_rule(decision)]),
    ):
        if listed := lines(reasons):
            yield f"<strong>{head}</strong> :{listed}"


def _understood(found: Row, names: ExportNames, text: str) -> Iterator[str]:
    if topics := [names.topic(each) for each in found.get("topics") or ()]:
        yield f"{'sujets' if len(topics) > 1 else 'sujet'} : {', '.join(topics)}"
    if found.get("scope"):
        yield f"concerne {SCOPES[Scope(found['scope'])]}"
    if found.get("asker"):
        yield f"demandé par {ASKERS[Asker(found['asker'])]}"
    if found.get("violence_at_home"):
        yield "le danger peut venir de quelqu’un qui vit au logement : nous prenons garde à ce qui y est écrit ou dit"
    wished = [said_in(each["evidence"], text) for each in found.get("wishes") or () if each.get("evidence")]
    yield from (f"souhait : « {each} »" for each in dict.fromkeys(wished))


def decided(decision: Row, understood: Row, names: ExportNames, when: When, answer: str) -> dict[ProgramChoice, str]:
    """Return what was decided of a message: a sentence for each choice, whatever it was.

    Args:
        decision: what of it is the person's.
        understood: what was understood.
        names: how things are called.
        when: how a moment is told.
        answer: whether an answer went out by itself, as `answered` tells it.
    """
    topics = ", ".join(map(names.topic, decision.get("topics") or ()))
    due, queue, first = decision.get("due"), decision.get("queue"), understood.get("priority")
    priority = decision.get("priority")
    changed = f" (par ses mots seuls : {PRIORITIES[first].lower()})" if first and first != priority else ""
    told = {
        ProgramChoice.TOPIC: f"sujet : {topics or 'aucun'}",
        ProgramChoice.URGENCY: f"urgence : {PRIORITIES[priority].lower()}{changed}" if priority else "urgence : aucune",
        ProgramChoice.DUE: f"réponse prévue avant le {when(datetime.fromisoformat(due))}"
        if due
        else "réponse : aucun délai",
        ProgramChoice.QUEUE: f"service à qui le confier : {names.queue(queue) if queue else 'aucun'}",
        ProgramChoice.DANGER: f"danger : {_danger(decision.get('alarm') or understood.get('alarm') or {})}",
        ProgramChoice.NOTIFIED: f"prévenu aussitôt : {', '.join(decision.get('avertis') or ()) or 'personne'}",
        ProgramChoice.CASE: f"dossier : {_case(decision)}",
        ProgramChoice.ANSWER: f"réponse automatique : {answer}",
    }
    return {choice: told[choice] for choice in ProgramChoice}


def _danger(alarm: Row) -> str:
    level = AlarmLevel(alarm.get("level") or AlarmLevel.NONE)
    why_not = alarm.get("why_not")
    told = _SAW_DANGER[level]
    if alarm.get("score") is not None and alarm.get("limit") is not None:
        told += f" ; note calculée sur tout le message : {percent(alarm['score'])}, danger sûr à partir de "
        told += percent(alarm["limit"])
    if alarm.get("raised_by"):
        told += f" ; vu par {_RAISED_BY[AlarmSource(alarm['raised_by'])]}"
    return told + (f" ({without_codes(why_not)})" if isinstance(why_not, str) else "")


def _case(decision: Row) -> str:
    if (decision.get("kind") or CaseKind.CASE) != CaseKind.CASE:
        return "aucun, le message est mis de côté"
    return "rejoint un dossier déjà ouvert" if decision.get("joins") else "n’en rejoint aucun, un dossier est ouvert"


def _by_rule(decision: Row) -> Iterator[str]:
    if rule := decision.get("rule"):
        yield f"règle de tri appliquée : « {rule_label(rule)} »"


def answered(contact: Row, mails: Iterable[Row], happened: Iterable[Row], case: Row | None) -> str:
    """Return whether an answer to a message went out by itself, and why not, as far as that is kept.

    Args:
        contact: the message's row.
        mails: the rows of the outbox of its case.
        happened: the rows of the events of its case.
        case: the row of its case, with `SAFETY` where there was a danger; None where it has none.
    """
    # An answer is written, or not, in the transaction that judges its message.
    at = contact["judged_at"]
    for mail in mails:
        if mail["kind"] == OutgoingKind.ANSWER and mail["created_at"] == at:
            return f"oui ({SENT_STATES[mail['state']]})"
    for event in happened:
        data = event["data"]
        withheld = event["what"] == "not sent" and data.get("kind") == OutgoingKind.ANSWER and event["at"] == at
        if withheld and data.get("reason") in set(Withheld):
            return f"non, {WITHHELD_BECAUSE[Withheld(data['reason'])]}"
    if case is None:
        return f"non, {UNANSWERED[Unanswered.NO_CASE]}"
    if contact["channel"] != Channel.EMAIL:
        return f"non, {UNANSWERED[Unanswered.NO_EMAIL]}"
    why: str = (case.get(SAFETY) or {}).get("raison") or "la raison n’en est pas gardée"
    return f"non, {why}"


def guided_by(case: Row) -> Iterator[str]:
    """Yield what guided the program in a case, a line for each reason.

    Args:
        case: its row.
    """
    for told in case["why"]:
        word, _, rule = told.partition(" ")
        if word == "règle" and rule:
            yield f"règle de tri appliquée : « {rule_label(rule)} »"
        else:
            yield f"mots relevés : {told}" if told.startswith("«") else without_codes(told)


def without_codes(text: str) -> str:
    """Return a reason with an urgency's words in place of its code."""
    return _PRIORITY.sub(lambda found: f"urgence « {PRIORITIES[found[0]]} »", text)


def as_data(words: SafetyWords, to: str) -> dict[str, Any]:
    """Return what became of the safety words of a case as the row of the case holds it.

    Args:
        words: what became of them.
        to: to whom, as the person may have it.
    """
    return {
        "etat": words.outcome.value,
        "a": to,
        "le": words.at,
        "courriel": words.outgoing or None,
        "raison": words.why_not,
        "question": words.asks,
        "regles_d_aujourd_hui": words.under_other_rules,
    }


def told_safety(case: Row, when: When) -> str:
    """Return, as HTML, whether somebody in danger was told what to do, when and where these words stand.

    Args:
        case: its row, with `SAFETY` where there was a danger; "" is returned where there was none.
        when: how a moment is told.
    """
    words: Row | None = case.get(SAFETY)
    if words is None:
        return ""
    to = escape(words["a"])
    within = "dans la question « y a-t-il un danger ? », " if words["question"] else ""
    mail = f' ; <a href="#courriel-{words["courriel"]}">leur texte</a>' if words["courriel"] else ""
    match SafetyOutcome(words["etat"]):
        case SafetyOutcome.SENT:
            at = f" le {when(words['le'])}" if words["le"] else ""
            return f"{within}envoyées à {to}{at}{mail}"
        case SafetyOutcome.WAITING:
            return f"{within}écrites pour {to}, pas encore parties{mail}"
        case SafetyOutcome.FAILED:
            return f"{within}écrites pour {to}, mais le courriel n’a pas été remis{mail}"
        case SafetyOutcome.NOT_WRITTEN:
            of_today = f" ({_OTHER_RULES})" if words["regles_d_aujourd_hui"] else ""
            return f"non envoyées – {escape(words['raison'])}{of_today}"
