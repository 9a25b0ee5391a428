"""What the program did by itself, told to the person whose case it is: a line for each thing, in a layman's words.

How it read a message and what it decided, what guided it in a case, what it will do unless somebody sees to it, and
whether it told somebody in danger what to do.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

from dtm_contact.cases.safety_words import SafetyOutcome, SafetyWords
from dtm_contact.labels.cases import PRIORITIES
from dtm_contact.labels.events import rule_label
from dtm_contact.labels.judging import ASKERS, SCOPES
from dtm_contact.model import Asker, Scope
from dtm_contact.privacy.export_html import lines
from dtm_contact.privacy.export_parts import ExportNames
from dtm_contact.privacy.identified import explain_identification
from dtm_contact.rules.schedule import Action, Until

Row = Mapping[str, Any]
When = Callable[[datetime], str]
_WILL: Final = {
    Action.REMIND: "le service reçoit un rappel : votre demande attend toujours une réponse",
    Action.RAISE: "l’urgence de votre demande est relevée",
    Action.HAND_OVER: "votre demande est transmise au service « {queue} »",
    Action.CALL_NEXT: "la personne d’astreinte suivante est prévenue",
}
_UNLESS: Final = {
    Until.TAKEN: "sauf si un agent s’en est chargé avant",
    Until.ANSWERED: "sauf si quelqu’un vous a répondu avant",
    Until.CLOSED: "sauf si le dossier est clos avant",
}
_PRIORITY: Final = re.compile(r"\bP[1-4]\b")
_OTHER_RULES: Final = "d’après les règles d’aujourd’hui, qui ne sont plus celles d’alors"
SAFETY: Final = "consignes_de_securite"
"""Under what the row of a case says what became of the words that tell somebody in danger what to do."""


def how_read(judged: Row, names: ExportNames, when: When) -> Iterator[str]:
    """Yield, as HTML, how the program read a message: what it understood, whom it took for its writer, what it decided.

    Args:
        judged: the row of its judgement.
        names: how things are called.
        when: how a moment is told.
    """
    found: Row = judged["judgement"].get("understanding") or {}
    decision: Row = judged["decision"]
    identified = explain_identification(judged["judgement"]["identification"])
    for head, told in (
        ("Ce que le programme en a compris", _understood(found, names)),
        ("Qui il a pensé que c’était", identified),
        ("Ce qu’il a décidé seul", _decided(decision, found, names, when)),
    ):
        if listed := lines(told):
            yield f"<strong>{head}</strong> :{listed}"


def _understood(found: Row, names: ExportNames) -> Iterator[str]:
    if topics := [names.topic(each) for each in found.get("topics") or ()]:
        yield f"{'sujets' if len(topics) > 1 else 'sujet'} : {', '.join(topics)}"
    if found.get("scope"):
        yield f"concerne {SCOPES[Scope(found['scope'])]}"
    if found.get("asker"):
        yield f"demandé par {ASKERS[Asker(found['asker'])]}"
    wished = [each["evidence"]["seen"] for each in found.get("wishes") or () if each.get("evidence")]
    yield from (f"souhait : « {each} »" for each in wished)


def _decided(decision: Row, found: Row, names: ExportNames, when: When) -> Iterator[str]:
    """Yield what was decided; of what was understood so, too, no more than what it says otherwise."""
    topics, read = ([names.topic(each) for each in row.get("topics") or ()] for row in (decision, found))
    if topics and topics != read:
        yield f"{'sujets retenus' if len(topics) > 1 else 'sujet retenu'} : {', '.join(topics)}"
    if priority := decision.get("priority"):
        told = PRIORITIES[priority].lower()
        first = found.get("priority")
        changed = f" (par ses mots seuls : {PRIORITIES[first].lower()})" if first and first != priority else ""
        yield f"urgence : {told}{changed}"
    if queue := decision.get("queue"):
        yield f"service à qui le confier : {names.queue(queue)}"
    if due := decision.get("due"):
        yield f"réponse prévue avant le {when(datetime.fromisoformat(due))}"
    if rule := decision.get("rule"):
        yield f"règle de tri appliquée : « {rule_label(rule)} »"


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


def upcoming(case: Row, timers: Iterable[Row], queue: Callable[[str], str], when: When) -> Iterator[str]:
    """Yield what will happen to a case unless somebody sees to it before, the next first.

    Args:
        case: its row.
        timers: the rows of its steps.
        queue: what a queue is called.
        when: how a moment is told.
    """
    for step in sorted(timers, key=lambda row: row["at"]):
        data = step["data"]
        # Another urgency has steps of its own, and nothing is done to a closed case.
        stands = step["state"] == "waiting" and case["state"] == "open" and data["priority"] == case["priority"]
        if stands:
            will = _WILL[Action(data["does"])].format(queue=queue(data["to"]) if data.get("to") else "")
            yield f"le {when(step['at'])}, {will}, {_UNLESS[Until(data['until'])]}"


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
    mail = f' ; <a href="#courriel-{words["courriel"]}">leur texte</a>' if words["courriel"] else ""
    match SafetyOutcome(words["etat"]):
        case SafetyOutcome.SENT:
            at = f" le {when(words['le'])}" if words["le"] else ""
            return f"envoyées à {to}{at}{mail}"
        case SafetyOutcome.WAITING:
            return f"écrites pour {to}, pas encore parties{mail}"
        case SafetyOutcome.FAILED:
            return f"écrites pour {to}, mais le courriel n’a pas été remis{mail}"
        case SafetyOutcome.NOT_WRITTEN:
            of_today = f" ({_OTHER_RULES})" if words["regles_d_aujourd_hui"] else ""
            return f"non envoyées – {escape(words['raison'])}{of_today}"
