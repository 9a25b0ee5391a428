"""One judgement told to somebody who knows nothing of models and rules, in plain French sentences.

What is asked, whether it is a danger, who writes, where it is, why it lies in this queue, what follows. Numbers, codes
and refused rules are for `explain.terminal` and for the desk's page of the rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dtm_contact.explain.acts import ActGroup, Acts
from dtm_contact.explain.danger import explain_danger
from dtm_contact.explain.names import Names, without_code
from dtm_contact.explain.quoting import sentence
from dtm_contact.explain.summary import explain_matter
from dtm_contact.explain.whom import explain_where, explain_who, place_title, place_to_ask
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.labels.events import rule_label
from dtm_contact.labels.formats import because, lasting, moment
from dtm_contact.labels.judging import UNANSWERED, WISH_HEADINGS
from dtm_contact.model import ON_CALL, Alarm, AlarmSource, CaseKind, Judgement, Priority, Unanswered, Wish
from dtm_contact.rules import Queue, RuleSet
from dtm_contact.rules.saying import SaidRule, said_rules
from dtm_contact.rules.schedule import Action, Until

_TOPIC, _ALARM = "topic", "alarm"


@dataclass(frozen=True, slots=True)
class ExplanationBlock:
    """What is told of one question; `acts`: what is to be done, in numbered groups."""

    title: str
    sentences: tuple[str, ...]
    acts: tuple[ActGroup, ...] = ()

    @property
    def text(self) -> str:
        """The sentences in a row."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands now, where it was judged before: what an explanation says of it goes by that.

    Attributes:
        alarm: its alarm.
        queue: where it lies.
        due: when it must be answered; None where nothing waits any more.
        open: it is not closed.
        placed: an agent said where it is, or whom it is about: the place is theirs.
    """

    alarm: Alarm
    queue: str | None
    due: datetime | None
    open: bool = True
    placed: bool = False


@dataclass(frozen=True, slots=True)
class AnswerPreview:
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


def explained(  # noqa: PLR0913 - what was judged, how things are called, and how it stands
    judgement: Judgement,
    names: Names,
    rules: RuleSet,
    *,
    standing: Standing | None = None,
    answer: AnswerPreview | None = None,
    acts: Acts | None = None,
    with_people: bool = True,
) -> tuple[ExplanationBlock, ...]:
    """Return what was understood and decided of a message or a call, and why.

    Args:
        judgement: what was judged, traced where the rule's reasons are to be told.
        names: how people, places and topics are called.
        rules: the rules that it was traced by.
        standing: how its case stands now, where somebody may have changed it since.
        answer: what goes out by itself, where it has just come in; None: that is not said.
        acts: what is to be done; None: that stands beside what is told.
        with_people: also who writes and where it is.
    """
    decision = judgement.decision
    standing = standing or Standing(decision.alarm, decision.queue, decision.due)
    alarm = standing.alarm
    why = "Pourquoi cette file" if decision.queue else "Pourquoi aucun dossier"
    to_ask = place_to_ask(judgement, names) if alarm.any and with_people and not standing.placed else ""
    came = ("Quand", [_came(judgement, names, answer)])
    asked = ("Ce qui est demandé", [*explain_matter(judgement, alarm, names, rules.reader), *_wishes(judgement)])
    danger = ("Danger ou non", [*explain_danger(judgement, alarm, names, rules.reader)])
    where = (
        place_title(judgement, names) if to_ask else "Où c'est",
        [*explain_where(judgement, names), to_ask] if with_people else [],
    )
    who = (
        "Qui écrit" if judgement.contact.call is None else "Qui appelle",
        [*explain_who(judgement, names)] if with_people else [],
    )
    because_of = (why, [*_why_here(judgement, names, rules)])
    follows = ("Qui agit", [*_who_acts(judgement, names, rules, standing, answer)])
    order = (
        # Whoever reads of a danger acts before they ask who wrote, and sends nobody to a place that is not sure.
        (
            came,
            *((where,) if to_ask else ()),
            danger,
            *(() if to_ask else (where,)),
            follows,
            TO_DO,
            who,
            asked,
            because_of,
        )
        if alarm.any
        else (came, asked, danger, who, where, because_of, follows, TO_DO)
    )
    blocks = (
        ExplanationBlock(TO_DO_TITLE, (), acts.groups if acts is not None else ())
        if each is TO_DO
        else ExplanationBlock(each[0], tuple(filter(None, each[1])))
        for each in order
    )
    return tuple(block for block in blocks if block.sentences or block.acts)


def describe_rule(said: SaidRule) -> str:
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
        heading = WISH_HEADINGS[wished.wish]
        asked.setdefault(sentence(judgement.contact, wished.evidence), []).append(f"{heading[0].lower()}{heading[1:]}")
    for words, wanted in asked.items():
        yield f"Souhait que le programme croit lire, à vérifier – {' ; '.join(wanted)} : « {words} »."


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
    return f"On peut joindre la personne, mais seulement par {left}{shared if judgement.violence_at_home else ''}."


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
        named = describe_rule(kept) if kept is not None else f"« {rule_label(decision.rule)} »"
        yield f"La règle {named} a décidé."
    elif chosen.rule.when is None:
        yield f"C'est la règle générale qui s'applique : {describe_rule(chosen)}."
    elif chosen.held:
        yield f"La règle {describe_rule(chosen)} décide {because(*chosen.clauses(called))}."
    else:
        yield f"La règle {describe_rule(chosen)} a décidé ; aujourd'hui elle ne conviendrait plus."
    for each in asked:
        if each.rule.key in decision.added and each.held:
            yield f"S'y ajoute la règle {describe_rule(each)} {because(*each.clauses(called))}."
    nearly = _nearly(asked, chosen, in_danger=judgement.understanding.alarm.any)
    if nearly is not None:
        yield f"La règle {describe_rule(nearly)} ne joue pas {because(*nearly.clauses(called))}."


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


def _came(judgement: Judgement, names: Names, answer: AnswerPreview | None) -> str:
    """Return when and by which way it came in, and whether the offices are closed."""
    contact = judgement.contact
    closed = " ; les bureaux sont fermés" if answer is not None and answer.closed else ""
    return f"Reçu le {moment(contact.at, names.zone)} ({contact.channel.label}){closed}."


def _who_acts(
    judgement: Judgement, names: Names, rules: RuleSet, standing: Standing, answer: AnswerPreview | None
) -> Iterator[str]:
    """Yield who acts until when, who is notified or not, what happens if nobody does, and what goes out by itself."""
    decision = judgement.decision
    if decision.kind is not CaseKind.CASE:
        yield "Le message est gardé, mais personne n'a à s'en occuper ; un agent peut en faire un dossier."
        yield _answer(judgement, answer) if answer is not None else ""
        return
    if not standing.open:
        yield "Le dossier est clos : il n'y a plus rien à faire."
        return
    file = _explain_queue(judgement, names, rules, standing.queue)
    by = f" au plus tard {moment(standing.due, names.zone)}" if standing.due is not None else ""
    beside = [*_explain_second_place(judgement, names)]
    notified = ON_CALL in decision.notify
    if standing.alarm.certain or (notified and not decision.alarm.any):
        yield from _on_call_acts(judgement, standing, answer, by)
        yield from beside
        yield _called_next(rules.queues.get(standing.queue or "") or rules.desks.reception)
        yield f"Le dossier est dans la file {file}."
    elif standing.alarm.any:
        yield _read_when_open(answer)
        yield f"Un agent de la file {file} lit ce message avant les autres,{by}."
        yield (
            "L'astreinte est prévenue, comme le veut la règle ci-dessous."
            if notified
            else "L'astreinte n'est pas prévenue : elle ne l'est que pour un danger certain."
        )
        yield from beside
    else:
        if decision.alarm.any:
            before = "L'astreinte avait été prévenue à l'arrivée du message. " if notified else ""
            yield f"{before}Depuis, un agent a dit qu'il n'y a pas de danger."
        yield (
            f"Aucune réponse n'est attendue ; un agent de la file {file} le lit{by}, et clôture."
            if judgement.asks_nothing
            else f"Un agent de la file {file} répond{by}."
        )
        yield from beside
    if judgement.joining.case_number:
        yield f"Le message rejoint le dossier {judgement.joining.case_number}, qui existe déjà."
    if answer is not None:
        yield _answer(judgement, answer)
    yield "" if judgement.violence_at_home and standing.alarm.any else _ways_left(judgement)


def _on_call_acts(judgement: Judgement, standing: Standing, answer: AnswerPreview | None, by: str) -> Iterator[str]:
    """Yield that those on call act at once, and why where there is no danger."""
    first = answer.on_call[:1] if answer is not None else ()
    at = f", par courriel à {first[0]}" if first else ""
    if not standing.alarm.any:
        yield f"Cela ne peut pas attendre : l'astreinte est prévenue{at}, comme le veut la règle ci-dessus."
        yield f"Elle agit tout de suite, et répond{by}." if by else "Elle agit tout de suite."
        return
    called = ON_CALL in judgement.decision.notify or standing.alarm.raised_by in _BY_PEOPLE
    if called:
        yield f"L'astreinte est prévenue tout de suite{at}. C'est à elle d'agir, sans attendre."
        yield "Elle prend le dossier et appelle elle-même ceux que nomme « Que faire », dans l'ordre."
    else:
        yield "L'astreinte n'est pas prévenue : un agent agit tout de suite."


def _read_when_open(answer: AnswerPreview | None) -> str:
    """Return that nobody reads a possible danger before the offices open, and what makes it known all the same."""
    if answer is None or not answer.closed:
        return ""
    asks = answer.asks and answer.why_not is None
    yes = (
        " La réponse automatique demande à l'auteur s'il est en danger : s'il répond oui, l'astreinte est prévenue"
        " aussitôt."
    )
    return f"Les bureaux sont fermés : personne ne lit ce message avant leur ouverture.{yes if asks else ''}"


def _explain_second_place(judgement: Judgement, names: Names) -> Iterator[str]:
    """Yield who is notified of it beside those on call."""
    for whom in judgement.decision.notify:
        if whom == "caretaker":
            known = (names.directory.caretakers.get(each.id) for each in judgement.match.caretakers if each.id)
            present = [without_code(names.caretaker(each.caretaker_id)) for each in known if each and each.email]
            if not present:
                yield "Aucun gardien n'est prévenu : le programme n'a pas d'adresse à qui écrire."
                continue
            who = "Le gardien de service" if len(present) == 1 else "Les gardiens de service"
            gets = "reçoit" if len(present) == 1 else "reçoivent"
            yield (
                f"{who}, {' et '.join(present)}, {gets} aussi un courriel du programme ; il faut quand même appeler si"
                " « Que faire » le demande."
            )
        elif whom != ON_CALL:
            yield f"Le programme écrit aussi à {whom}."


def _called_next(queue: Queue) -> str:
    """Return when the next of those on call is notified, as long as nobody has done what makes that needless."""
    steps = [step for step in queue.steps(Priority.P1) if step.does is Action.CALL_NEXT and not step.past_due]
    waits = [lasting(step.wait.amount) for step in steps if not step.wait.business and not step.wait.months]
    if not waits:
        return ""
    after = " puis ".join(f"au bout de {wait}" for wait in waits)
    return f"Si {_UNLESS[steps[0].until]}, la personne d'astreinte suivante est prévenue à son tour, {after}."


def _explain_queue(judgement: Judgement, names: Names, rules: RuleSet, lies_in: str | None) -> str:
    """Return what a queue is called, with the agency's town, and why it is that office."""
    queue = rules.queues.get(lies_in or "")
    named = queue.label if queue is not None else lies_in or ""
    offices = names.directory.records.offices
    moved = lies_in != judgement.decision.queue
    of_queue = queue.office_id if queue is not None else None
    office_id = of_queue if moved else judgement.decision.office_id
    office = next((each for each in offices if each.office_id == office_id), None)
    at_agency = queue is not None and queue.office_id is None
    town = f" ({office.commune})" if office is not None and at_agency else ""
    residence = names.directory.residences.get(judgement.match.residence.id) if judgement.match.residence else None
    theirs = residence is not None and residence.office_id == office_id
    return f"« {named} »{town}{' (ce bureau suit cette résidence)' if theirs else ''}"


TO_DO_TITLE: Final = "Que faire"
TO_DO: Final = (TO_DO_TITLE, [""])
_BY_PEOPLE: Final = frozenset({AlarmSource.AGENT, AlarmSource.ANSWER})
_UNLESS: Final = {
    Until.TAKEN: "personne n'a pris le dossier",
    Until.ANSWERED: "personne n'a répondu",
    Until.CLOSED: "le dossier n'est pas clos",
}


def _answer(judgement: Judgement, answer: AnswerPreview) -> str:
    if answer.why_not is not None:
        return f"Aucune réponse automatique ne part, car {UNANSWERED[answer.why_not]}."
    begins = f", qui commence ainsi : « {answer.begins} »" if answer.begins else ""
    nothing = " Elle ne dit rien de ce qui est écrit dans le message." if judgement.violence_at_home else ""
    sent = f"Une réponse automatique part à l'adresse d'où vient le message : « {answer.subject} »{begins}"
    return f"{sent}{'' if begins.endswith('. »') else '.'}{nothing}"
