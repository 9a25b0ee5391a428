"""One judgement told to somebody who knows nothing of models and rules, in plain French sentences.

What is asked, whether it is a danger, who writes, where it is, why it lies in this queue, what follows. Numbers, codes
and refused rules are for `explain.terminal` and for the desk's page of the rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dtm_contact.explain.danger import danger_told
from dtm_contact.explain.names import Names, without_code
from dtm_contact.explain.quoting import sentence
from dtm_contact.explain.summary import matter_told
from dtm_contact.explain.whom import where_told, who_told
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.labels.events import rule_label
from dtm_contact.labels.formats import because, lasting, moment
from dtm_contact.labels.judging import UNANSWERED, WISHES
from dtm_contact.model import ON_CALL, Alarm, CaseKind, Judgement, Priority, Unanswered, Wish
from dtm_contact.rules import Queue, RuleSet
from dtm_contact.rules.saying import SaidRule, said_rules
from dtm_contact.rules.schedule import Action, Until

_TOPIC, _ALARM = "topic", "alarm"


@dataclass(frozen=True, slots=True)
class ExplanationBlock:
    """What is told of one question."""

    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences in a row."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class AnswerTold:
    """What goes out by itself of a message that has just come in.

    Attributes:
        subject, begins: of the answer to its writer.
        why_not: why none goes out; None where it does.
        on_call: the addresses of those on call, in the order in which they would be notified.
        closed: the offices are closed now.
        asks: it asks the writer whether they are in danger; a yes notifies those on call.
    """

    subject: str
    why_not: Unanswered | None
    begins: str = ""
    on_call: tuple[str, ...] = ()
    closed: bool = False
    asks: bool = False


def explained(
    judgement: Judgement,
    names: Names,
    rules: RuleSet,
    *,
    alarm: Alarm | None = None,
    answer: AnswerTold | None = None,
    with_people: bool = True,
) -> tuple[ExplanationBlock, ...]:
    """Return what was understood and decided of a message or a call, and why.

    Args:
        judgement: what was judged, traced where the rule's reasons are to be told.
        names: how people, places and topics are called.
        rules: the rules that it was traced by.
        alarm: the alarm as it stands now, where somebody has changed it since.
        answer: what goes out by itself, where it has just come in: then also what agents are to do; None: neither is
            said, it stands beside what is told.
        with_people: also who writes and where it is.
    """
    alarm = alarm or judgement.decision.alarm
    why = "Pourquoi cette file" if judgement.decision.queue else "Pourquoi aucun dossier"
    follows = ("La suite", [*_what_follows(judgement, names, rules, answer)])
    paragraphs = (
        ("Ce qui est demandé", [*matter_told(judgement, alarm, names, rules.reader), *_wishes(judgement)]),
        ("Danger ou non", [*danger_told(judgement, alarm, names, rules.reader), *_on_call(judgement)]),
        # Whoever reads of a danger acts before they ask who wrote.
        *((follows,) if alarm.any else ()),
        (
            "Qui écrit" if judgement.contact.call is None else "Qui appelle",
            [*who_told(judgement, names)] if with_people else [],
        ),
        ("Où c'est", [*where_told(judgement, names)] if with_people else []),
        (why, [*_why_here(judgement, names, rules)]),
        *(() if alarm.any else (follows,)),
        ("La consigne des bureaux", [*_instruction(judgement, alarm, rules)] if answer is not None else []),
    )
    return tuple(
        ExplanationBlock(title, tuple(filter(None, sentences))) for title, sentences in paragraphs if any(sentences)
    )


def rule_told(said: SaidRule) -> str:
    """Return a rule's name as agents know it: what it says of itself, else its identifier in words."""
    return f"« {said.rule.says or rule_label(said.rule.id)} »"


def called_by(names: Names, rules: RuleSet) -> dict[str, str]:
    """Return what topics, offices and sources are called, by their codes."""
    offices = {office.office_id: office.name for office in names.directory.records.offices}
    sources = {code: source.label for code, source in rules.sources.sources.items()}
    return {**sources, **offices, **names.topics}


def _wishes(judgement: Judgement) -> Iterator[str]:
    """Yield how the writer wishes to be treated, in their own sentences."""
    wishes = judgement.understanding.wishes
    asked: dict[str, list[str]] = {}
    for wished in wishes:
        asked.setdefault(sentence(judgement.contact, wished.evidence), []).append(WISHES[wished.wish])
    for words, wanted in asked.items():
        yield f"Souhait lu dans « {words} », à confirmer par un agent : {' ; '.join(wanted)}."


def _ways_left(judgement: Judgement) -> str:
    """Return how agents may still reach somebody who wants no call or no letter; "" where anything goes.

    Of violence at home neither goes, whatever they wish: whoever hits them may answer and open.
    """
    wished = {wished.wish for wished in judgement.understanding.wishes} & {Wish.NO_PHONE, Wish.NO_POST}
    refused = {Wish.NO_PHONE, Wish.NO_POST} if judgement.violence_at_home else wished
    if not refused:
        return ""
    ways = [
        "l'adresse électronique d'où vient ce message" if judgement.writer.address else "",
        "le téléphone" if Wish.NO_PHONE not in refused else "un numéro que la personne donne elle-même",
        "le courrier postal" if Wish.NO_POST not in refused else "",
    ]
    shared = ", en s'assurant d'abord que personne d'autre du foyer ne lit ni n'écoute"
    left = " ou ".join(filter(None, ways))
    who = "Un agent ou l'astreinte peut" if ON_CALL in judgement.decision.notify else "Un agent peut"
    return f"{who} joindre la personne, mais seulement par {left}{shared if judgement.violence_at_home else ''}."


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
        yield f"C'est la règle générale qui s'applique : {rule_told(chosen)}."
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
        yield _answer(answer) if answer is not None else ""
        return
    queue, called = rules.queues.get(decision.queue or ""), ON_CALL in decision.notify
    file = _queue_told(judgement, names, rules)
    yield _who_acts(judgement, names, file, answer)
    if called:
        yield "Celui qui prend le dossier appelle lui-même ceux que nomme la consigne, dans l'ordre où elle le dit."
        yield _called_next(queue or rules.desks.reception)
        yield _NOTIFIED_OF_VIOLENCE if judgement.violence_at_home else ""
        yield f"Le dossier est dans la file {file}."
    if judgement.joining.case_number:
        yield f"Il rejoint le dossier {judgement.joining.case_number}, qui existe déjà."
    if answer is not None:
        yield _answer(answer)
    yield _ways_left(judgement)


def _instruction(judgement: Judgement, alarm: Alarm, rules: RuleSet) -> Iterator[str]:
    """Yield what agents are to do of such a topic, as the offices wrote it."""
    topic = rules.reader.topics.get(judgement.understanding.topic or "")
    if judgement.decision.kind is CaseKind.CASE and topic is not None and topic.instruction:
        reserved = topic.priority is Priority.P1 and not alarm.certain
        yield f"Pour « {topic.label} »{', seulement si le danger se confirme' if reserved else ''} :"
        yield from topic.instruction


def _who_acts(judgement: Judgement, names: Names, file: str, answer: AnswerTold | None) -> str:
    """Return who acts next, until when, and who else is told of it.

    Args:
        judgement: what was judged.
        names: how people are called.
        file: the queue that it lies in, as it is called.
        answer: what goes out by itself, where it has just come in.
    """
    decision = judgement.decision
    by = f" au plus tard {moment(decision.due, names.zone)}" if decision.due is not None else ""
    beside = "".join(f" ; {each}" for each in _told_beside(judgement, names))
    if ON_CALL in decision.notify:
        first = answer.on_call[:1] if answer is not None else ()
        at = f", prévenue aussitôt par courriel{f' à {first[0]}' if first else ''}"
        return f"C'est d'abord à la personne d'astreinte d'agir{at}{beside}. Il faut agir tout de suite,{by}."
    if decision.alarm.any:
        return (
            f"{_read_when_open(answer)}C'est à un agent de la file {file} d'agir : il lit ce message avant les"
            f" autres,{by}{beside}. Pour savoir s'il y a danger, il demande à la personne ce qui se passe. Si oui, il"
            " clique sur « Danger réel », et l'astreinte est prévenue ; si non, sur « Pas de danger », et la demande"
            " reste à traiter."
        )
    if judgement.asks_nothing:
        return f"Aucune réponse n'est attendue ; un agent de la file {file} le lit{by}{beside}, et clôture."
    return f"C'est à un agent de la file {file} de répondre,{by}{beside}."


def _read_when_open(answer: AnswerTold | None) -> str:
    """Return that nobody reads a possible danger before the offices open, and what makes it known all the same."""
    if answer is None or not answer.closed:
        return ""
    asks = answer.asks and answer.why_not is None
    yes = (
        "La réponse automatique demande à l'auteur s'il est en danger : s'il répond oui, l'astreinte est prévenue"
        " aussitôt. "
    )
    return f"Bureaux fermés : personne ne lit ce message avant leur ouverture. {yes if asks else ''}"


def _told_beside(judgement: Judgement, names: Names) -> Iterator[str]:
    """Yield, as clauses, who is told of it beside those on call."""
    for whom in judgement.decision.notify:
        if whom == "caretaker":
            known = (names.directory.caretakers.get(each.id) for each in judgement.match.caretakers if each.id)
            present = [without_code(names.caretaker(each.caretaker_id)) for each in known if each and each.email]
            called = ", ".join(present)
            yield (
                f"le programme écrit aussi au gardien de service, {called}"
                if present
                else "le programme n'a pas d'adresse de gardien à qui écrire"
            )
        elif whom != ON_CALL:
            yield f"le programme écrit aussi à {whom}"


def _called_next(queue: Queue) -> str:
    """Return when the next of those on call is notified, as long as nobody has done what makes that needless."""
    steps = [step for step in queue.steps(Priority.P1) if step.does is Action.CALL_NEXT and not step.past_due]
    waits = [lasting(step.wait.amount) for step in steps if not step.wait.business and not step.wait.months]
    if not waits:
        return ""
    after = " puis ".join(f"au bout de {wait}" for wait in waits)
    return f"Si {_UNLESS[steps[0].until]}, la personne d'astreinte suivante est prévenue {after}."


def _queue_told(judgement: Judgement, names: Names, rules: RuleSet) -> str:
    """Return what a queue is called, with the agency's town, and why it is that office."""
    decision = judgement.decision
    queue = rules.queues.get(decision.queue or "")
    named = queue.label if queue is not None else decision.queue or ""
    offices = names.directory.records.offices
    office = next((each for each in offices if each.office_id == decision.office_id), None)
    at_agency = queue is not None and queue.office_id is None
    town = f" ({office.commune})" if office is not None and at_agency else ""
    residence = names.directory.residences.get(judgement.match.residence.id) if judgement.match.residence else None
    theirs = residence is not None and residence.office_id == decision.office_id
    return f"« {named} »{town}{' (ce bureau suit cette résidence)' if theirs else ''}"


_NOTIFIED_OF_VIOLENCE: Final = (
    "L'avis qui les prévient dit d'abord de n'appeler aucun numéro du foyer et de n'écrire à aucune adresse partagée"
    " sans être sûr de qui répond."
)
_UNLESS: Final = {
    Until.TAKEN: "personne n'a pris le dossier",
    Until.ANSWERED: "personne n'a répondu",
    Until.CLOSED: "le dossier n'est pas clos",
}


def _answer(answer: AnswerTold) -> str:
    if answer.why_not is None:
        begins = f" (elle commence ainsi : « {answer.begins} »)" if answer.begins else ""
        at = "L'auteur reçoit tout de suite, à l'adresse d'où il écrit,"
        return f"{at} la réponse automatique « {answer.subject} »{begins}."
    return f"Aucune réponse automatique ne part, car {UNANSWERED[answer.why_not]}."
