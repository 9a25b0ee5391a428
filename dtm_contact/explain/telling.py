"""One judgement told to somebody who knows nothing of models and rules, in plain French sentences.

What is asked, whether it is a danger, who writes, where it is, why it lies in this queue, what follows. Numbers, codes
and refused rules are for `explain.terminal` and for the desk's page of the rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dtm_contact.explain.names import Names
from dtm_contact.explain.summary import danger_told, matter_told
from dtm_contact.explain.whom import where_told, who_told
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.labels.events import rule_label
from dtm_contact.labels.formats import because, moment
from dtm_contact.labels.judging import UNANSWERED, WISHES
from dtm_contact.model import Alarm, CaseKind, Judgement, Unanswered
from dtm_contact.rules import RuleSet
from dtm_contact.rules.saying import SaidRule, said_rules

_TOPIC, _ALARM = "topic", "alarm"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What is told of one question."""

    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences in a row."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class AnswerTold:
    """The answer that goes out by itself: what its writer reads as its subject; or why none goes out."""

    subject: str
    why_not: Unanswered | None


def told(
    judgement: Judgement,
    names: Names,
    rules: RuleSet,
    *,
    alarm: Alarm | None = None,
    answer: AnswerTold | None = None,
    with_people: bool = True,
) -> tuple[Paragraph, ...]:
    """Return what was understood and decided of a message or a call, and why.

    Args:
        judgement: what was judged, traced where the rule's reasons are to be told.
        names: how people, places and topics are called.
        rules: the rules that it was traced by.
        alarm: the alarm as it stands now, where somebody has changed it since.
        answer: the answer that goes out by itself; None: nothing is said of it.
        with_people: also who writes and where it is.
    """
    why = "Pourquoi cette file" if judgement.decision.queue else "Pourquoi aucun dossier"
    paragraphs = (
        ("Ce qui est demandé", [*matter_told(judgement, names), *_wishes(judgement)]),
        ("Danger ou non", [*danger_told(judgement, alarm or judgement.decision.alarm), *_on_call(judgement)]),
        (
            "Qui écrit" if judgement.contact.call is None else "Qui appelle",
            [*who_told(judgement, names)] if with_people else [],
        ),
        ("Où c'est", [*where_told(judgement, names)] if with_people else []),
        (why, [*_why_here(judgement, names, rules)]),
        ("La suite", [*_what_follows(judgement, names, rules, answer)]),
    )
    return tuple(Paragraph(title, tuple(filter(None, sentences))) for title, sentences in paragraphs if any(sentences))


def rule_told(said: SaidRule) -> str:
    """Return a rule's name as agents know it: what it says of itself, else its identifier in words."""
    return f"« {said.rule.says or rule_label(said.rule.id)} »"


def called_by(names: Names, rules: RuleSet) -> dict[str, str]:
    """Return what topics, offices and sources are called, by their codes."""
    offices = {office.office_id: office.name for office in names.directory.records.offices}
    sources = {code: source.label for code, source in rules.sources.sources.items()}
    return {**sources, **offices, **names.topics}


def _wishes(judgement: Judgement) -> Iterator[str]:
    for wished in judgement.understanding.wishes:
        yield f"Souhait de la personne : {WISHES[wished.wish]} (« {' '.join(wished.evidence.seen.split())} »)."


def _on_call(judgement: Judgement) -> Iterator[str]:
    decision = judgement.decision
    if not decision.alarm.any and "on_call" in decision.notify:
        yield "Mais cela n'attend pas : l'astreinte est prévenue, comme le veut la règle ci-dessous."


def _why_here(judgement: Judgement, names: Names, rules: RuleSet) -> Iterator[str]:
    called = called_by(names, rules)
    joining, decision = judgement.joining, judgement.decision
    if joining.why:
        conversation = texts_of(joining.why)
        yield f"Dans la conversation : {conversation}."
    asked = list(said_rules(rules.rules, decision.trace))
    chosen = next((each for each in asked if each.rule.key == decision.rule), None)
    if chosen is None:
        kept = next((SaidRule(rule, None) for rule in rules.rules if rule.key == decision.rule), None)
        named = rule_told(kept) if kept is not None else f"« {rule_label(decision.rule)} »"
        yield f"La règle {named} a décidé."
    elif chosen.rule.when is None:
        yield f"Aucune règle particulière ne convient : c'est donc la règle {rule_told(chosen)} qui décide."
    elif chosen.held:
        yield f"La règle {rule_told(chosen)} décide {because(*chosen.clauses(called))}."
    else:
        yield f"La règle {rule_told(chosen)} a décidé ; aujourd'hui elle ne conviendrait plus."
    for each in asked:
        if each.rule.key in decision.added and each.held:
            yield f"S'y ajoute la règle {rule_told(each)} {because(*each.clauses(called))}."
    nearly = _nearly(asked, chosen, in_danger=judgement.understanding.alarm.any)
    if nearly is not None:
        yield f"La règle {rule_told(nearly)} ne joue pas {because(*nearly.clauses(called))}."


def _nearly(asked: Sequence[SaidRule], chosen: SaidRule | None, *, in_danger: bool) -> SaidRule | None:
    """Return the first rule above the one that decided that is about the same topic and lacks one thing.

    Where nobody may be in danger, that it is no danger is said already.
    """
    for each in asked:
        if chosen is not None and each.rule is chosen.rule:
            return None
        about = any(reason.test.condition.name == _TOPIC for reason in each.met)
        if not in_danger and any(reason.test.condition.name == _ALARM for reason in each.reasons):
            continue
        if each.rule.ends and each.held is False and each.unmet == 1 and about:
            return each
    return None


def _what_follows(judgement: Judgement, names: Names, rules: RuleSet, answer: AnswerTold | None) -> Iterator[str]:
    decision = judgement.decision
    if decision.kind is not CaseKind.CASE:
        yield "Le message est gardé, mais personne n'a à s'en occuper ; un agent peut en faire un dossier."
        return
    queue = rules.queues.get(decision.queue or "")
    named = queue.label if queue is not None else decision.queue
    due = f" ; {_by_when(judgement)} {moment(decision.due, names.zone)}" if decision.due is not None else ""
    yield f"Le dossier attend dans la file « {named} »{due}."
    if judgement.joining.case_number:
        yield f"Il rejoint le dossier {judgement.joining.case_number}, qui existe déjà."
    if decision.notify:
        yield f"On prévient aussitôt {' et '.join(_NOTIFIED.get(whom, whom) for whom in decision.notify)}."
    if answer is not None:
        yield _answer(answer)


_NOTIFIED: Final = {"on_call": "l'astreinte", "caretaker": "le gardien de service"}


def _by_when(judgement: Judgement) -> str:
    if judgement.decision.alarm.certain:
        return "quelqu'un doit agir tout de suite, au plus tard"
    if judgement.decision.alarm.any:
        return "un agent doit le lire au plus tard"
    if judgement.asks_nothing:
        return "il n'y a rien à répondre, mais un agent le lit avant"
    return "un agent doit répondre au plus tard"


def _answer(answer: AnswerTold) -> str:
    if answer.why_not is None:
        return f"L'auteur reçoit tout de suite une réponse automatique : « {answer.subject} »."
    return f"Aucune réponse automatique ne part : {UNANSWERED[answer.why_not]}."
