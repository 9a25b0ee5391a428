"""Cases that belong together: linked, made one, made two."""

from typing import Annotated, Any

from pydantic import Field

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.model import Alarm, AlarmLevel, CaseKind, CodedText, KeptHistory, Mailbox, Priority, Understanding
from dtm_contact.reasons import shown_mailbox
from dtm_contact.rules import Queue, decide
from dtm_contact.store import Case, LockedCase, LockedContact
from dtm_contact.store.alarm_labels import ALARM_COLUMNS, alarm_values
from dtm_contact.store.timers import RAISED_FROM

_MOST_SPLIT = 500
Arrivals = Annotated[tuple[int, ...], Field(min_length=1, max_length=_MOST_SPLIT)]


@verb("link")
def link(act: Act, other: Code) -> None:
    """Lie un dossier à un autre, sans les réunir."""
    with_ = _other(act, other)
    if not act.work.link(act.held, with_, "linked"):
        raise WrongStateError(f"il est déjà lié au dossier {other}")
    act.tell("linked", {"other": {"number": other, "changed": {}, "linked": True}, "changed": {}})
    act.tell("linked", {"with": act.case.number}, of=with_)


@verb("merge")
def merge(act: Act, into: Code, reason: Line | None = None) -> None:
    """Réunit un dossier à un autre : ses contacts y passent et il est clos ; le plus urgent l'emporte, motif compris.

    Un P1 ne s'y perd pas : l'autre dossier en devient un, à qui s'occupait du P1, ou à prendre par quelqu'un.
    """
    act.must_be_open()
    to = _other(act, into)
    _may_be_one(act.held, to)
    arrivals = [contact.arrival_id for contact in act.work.contacts(act.held)]
    act.work.move_contacts(arrivals, to)
    linked = act.work.link(act.held, to, "merged")
    urgent = min((act.case, to.case), key=_urgency)
    soonest = min(act.case.due, to.case.due)
    waiting = None if urgent is act.case else to.case.waiting_until
    changes: dict[str, Any] = {"due": soonest, "waiting_until": waiting}
    changes |= {name: getattr(urgent, name) for name in ("priority", *ALARM_COLUMNS)}
    if _urgency(act.case) < _urgency(to.case):
        # What is most urgent in it says what it is about.
        changes |= {"topic": act.case.topic, "subject": act.case.subject}
    raised = {}
    if urgent.priority < to.case.priority:
        raised = {RAISED_FROM: to.case.priority}
        act.work.restart_escalation(to, urgent.priority)
        if urgent.priority is Priority.P1:
            # Whoever has the other case has said nothing of the danger.
            changes["owner"] = act.case.owner
    changed = act.work.change(to, **changes)
    other = {"number": into, "changed": changed, "linked": linked}
    data: dict[str, Any] = {"moved": arrivals, "other": other, "reason": reason}
    closed = CodedText("merged_into", {"case": into})
    act.change("merged", data=data, state="closed", closed_at=act.now, done_reason=closed, waiting_until=None)
    act.tell("absorbed", {"with": act.case.number, "contacts": len(arrivals), **raised}, of=to)


def _urgency(case: Case) -> tuple[int, Priority]:
    """Return how urgent a case is; the least is the most urgent."""
    return -case.alarm_level.rank, case.priority


def _may_be_one(held: LockedCase, to: LockedCase) -> None:
    if to.case.state != "open":
        raise WrongStateError(f"le dossier {to.case.number} est clos")
    for name, what in (("tenant_id", "du même locataire"), ("dwelling_id", "du même logement")):
        one, other = getattr(held.case, name), getattr(to.case, name)
        if one is not None and other is not None and one != other:
            raise WrongStateError(f"les deux dossiers ne sont pas {what} ; liez-les plutôt")


@verb("split")
def split(act: Act, arrivals: Arrivals) -> None:
    """Sépare des contacts d'un dossier : ils en forment un nouveau, dans la même file."""
    act.must_be_open()
    contacts = {contact.arrival_id: contact for contact in act.work.contacts(act.held)}
    missing = [arrival_id for arrival_id in arrivals if arrival_id not in contacts]
    if missing:
        raise WrongArgumentError(f"ces messages ne sont pas dans ce dossier : {', '.join(map(str, missing))}")
    if len(set(arrivals)) == len(contacts):
        raise WrongArgumentError("il faut en laisser un au moins")
    moved = sorted(set(arrivals))
    new = act.work.open_like(act.case, **_as_of(contacts[moved[0]], act))
    act.work.move_contacts(moved, new)
    act.work.link(new, act.held, "split")
    act.opened = new.case.number
    other = {"number": new.case.number, "changed": {}, "linked": True, "opened": True}
    act.tell("split", {"moved": moved, "other": other, "changed": {}})
    act.tell("opened", {"with": act.case.number, "contacts": len(moved)}, of=new)


@verb("divide")
def divide(act: Act, arrival: int, topic: Code, queue: Code | None = None) -> None:
    """Ouvre un autre dossier pour une autre demande du même message : les deux le gardent, chacun à son bureau.

    Sans `queue`, la file est celle que les règles donnent à ce motif. L'urgence est celle du motif : un danger reste au
    dossier où il a été vu.
    """
    act.must_be_open()
    if topic not in act.rules.reader.topics:
        raise WrongArgumentError("ce motif n'existe pas")
    if topic == act.case.topic:
        raise WrongArgumentError("c'est déjà le motif de ce dossier ; choisissez celui de l'autre demande")
    contact = next((each for each in act.work.contacts(act.held) if each.arrival_id == arrival), None)
    if contact is None:
        raise WrongArgumentError("ce message n'est pas dans ce dossier")
    to, priority = _where_to(act, arrival, topic, queue)
    office = to.office_id or act.grounds.directory.agency.office_id
    values = {
        **_as_of(contact, act),
        "topic": topic,
        "why": (CodedText("other_matter_of", {"case": act.case.number}),),
        "queue": to.id,
        "office_id": office,
        "due": to.due_at(priority, act.now, topic, alarm=AlarmLevel.NONE),
        "priority": priority,
        **alarm_values(Alarm()),
    }
    whom = dict(zip(("tenant_id", "dwelling_id", "residence_id"), contact.whom, strict=True))
    if not any(whom.values()):
        values |= {name: getattr(act.case, name) for name in whom}
    new = act.work.open_like(act.case, **values)
    act.work.share_contact(arrival, new)
    act.work.link(new, act.held, "linked")
    act.opened = new.case.number
    # A new version, so that a colleague who changes the case at the same time is told.
    act.work.change(act.held)
    other = {"number": new.case.number, "changed": {}, "linked": True, "opened": True}
    act.tell("divided", {"with": new.case.number, "other": other, "changed": {}})
    act.tell("opened", {"with": act.case.number}, of=new)


def _where_to(act: Act, arrival: int, topic: str, queue: str | None) -> tuple[Queue, Priority]:
    """Return the queue of a message's further matter, and how urgent that is by its topic."""
    usual = max(act.rules.reader.topics[topic].priority, Priority.P2)
    if queue is not None:
        return act.queue(queue), usual
    judged = next(each.judgement for each in act.work.judged_contacts(act.held) if each.arrival_id == arrival)
    if judged is None:
        return act.rules.desks.of_office(act.case.office_id), usual
    understanding = Understanding(CaseKind.CASE, (topic,), usual)
    grounds, history = act.grounds, KeptHistory(judged.history)
    decision = decide(
        judged.contact, judged.match, understanding, act.now, grounds.rules, grounds.directory, history=history
    )
    decided = act.rules.queues.get(decision.queue or "")
    to = decided or act.rules.desks.of_office(decision.office_id or act.case.office_id)
    return to, max(decision.priority, Priority.P2)


def _as_of(contact: LockedContact, act: Act) -> dict[str, Any]:
    tenant_id, dwelling_id, residence_id = contact.whom
    name, address = contact.sender_name, contact.sender_address
    return {
        "channel": contact.channel,
        "topic": contact.topic or act.case.topic,
        "subject": CodedText.plain(contact.subject),
        "who": CodedText.plain(shown_mailbox(Mailbox(name, address))) if name or address else act.case.who,
        "why": (CodedText("split_from", {"case": act.case.number}),),
        "tenant_id": tenant_id,
        "dwelling_id": dwelling_id,
        "residence_id": residence_id,
    }


def _other(act: Act, number: str) -> LockedCase:
    if number == act.case.number:
        raise WrongArgumentError("c'est le même dossier")
    return act.other_case(number)
