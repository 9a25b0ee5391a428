"""One case: who, where, what, how urgent, why here, what next."""

from collections.abc import Mapping
from typing import Any

from dtm_contact.access import sees
from dtm_contact.cases.addressees import Addressee, Care, addressees, usual
from dtm_contact.cases.verbs.closing import DANGER_OVER
from dtm_contact.cases.verbs.confirming import known_to_household, reached_by, why_not_learnt
from dtm_contact.console.card import (
    by_register,
    guarded,
    household,
    proposals,
    residence_caretakers,
    violence_at_home,
    voice_messages,
    wishes,
)
from dtm_contact.console.registering import note_protection, proposed, register_of_case, shown_register
from dtm_contact.console.registry import page
from dtm_contact.console.telling import time_line
from dtm_contact.console.visit import LONGEST_SEARCH, Visit
from dtm_contact.console.words import undoable
from dtm_contact.errors import NotFoundError
from dtm_contact.explain import NOT_READ, summary
from dtm_contact.explain.words import CARE
from dtm_contact.model import Judgement, KeptHistory, Proposal, RuleTrace
from dtm_contact.outbound.wording import moment, opening_hours
from dtm_contact.rules import decide
from dtm_contact.rules.answer_templates import AnswerFailedError, fill_in
from dtm_contact.store import Case, CaseFile

OF_ANOTHER_OFFICE = "un logement d’un autre bureau"
"""Instead of where somebody lives whose dwelling the agent's office does not work."""

_CANDIDATES = 6
_OTHERS = 12


@page("/dossier/{number}")
def case(visit: Visit) -> Mapping[str, Any]:
    """Show a case; that its household's card was read is noted before it is shown."""
    return shown(visit)


def shown(visit: Visit, *, alert: str = "", refused: str = "", said: str = "") -> Mapping[str, Any]:
    """Return what the page of the path's case needs.

    Args:
        visit: who sees it.
        alert: why what they asked for was refused.
        refused: the form that was refused, by the last word of its path: what was typed in it comes back.
        said: the verb that was carried out.
    """
    since = visit.desk.store.desk.latest_event()
    file = visit.file()
    visit.note("read", file.case.number, dwelling=file.case.dwelling_id, tenant=file.case.tenant_id)
    registered = register_of_case(visit, file.case)
    last = next((each.judgement for each in reversed(file.contacts) if each.judgement), None)
    directory, names = visit.desk.known()[0].directory, visit.desk.names
    found, answerable = file.case, addressees_of(visit, file)
    elsewhere = found.dwelling_id is not None and not visit.sees_dwelling(found.dwelling_id)
    shows_home = found.dwelling_id is not None and not elsewhere
    card = household(directory, names, found.dwelling_id or "", visit.now) if shows_home else None
    care = violence_at_home(file.contacts)
    if card is not None and care:
        card = guarded(card, file.contacts)
    card = by_register(card, registered) if card is not None else None
    theirs = not elsewhere and (shows_home or (found.tenant_id is not None and visit.sees_tenant(found.tenant_id)))
    if theirs:
        note_protection(visit, registered, found.number)
    caretakers = card.caretakers if card else ()
    residence = directory.residences.get(found.residence_id or "")
    if not caretakers and residence is not None and sees(visit.account, residence.office_id):
        caretakers = residence_caretakers(directory, names, residence.residence_id, visit.now)
    candidates = [each for each in last.match.candidates if visit.sees_tenant(each.tenant_id)] if last else []
    return {
        "case": found,
        "line": time_line(file, visit.now),
        "arrivals": [each.arrival_id for each in file.contacts],
        "judged": last,
        "summary": summary(last, names, alarm=found.alarm) if last else "",
        "card": card,
        "care": CARE if care else "",
        "elsewhere": elsewhere,
        "lives_at": _lives_at(visit, last),
        "caretakers": caretakers,
        "wishes": wishes(file.contacts),
        "proposals": [each for each in _proposals(visit, file) if each.value not in registered.never],
        "register": shown_register(visit, registered, whole=theirs),
        "register_proposals": proposed(file.contacts, found.tenant_id, registered) if theirs else [],
        "voices": voice_messages(file.contacts),
        "others": _others(visit, found),
        "candidates": candidates[:_CANDIDATES],
        "findings": last.understanding.findings if last else (),
        "topics": sorted(visit.desk.known()[0].rules.reader.topics.items(), key=lambda each: each[1].label),
        "all_queues": visit.desk.known()[0].rules.queues.values(),
        "answers": visit.desk.known()[0].rules.answers,
        "addressees": answerable,
        "usual": usual(answerable),
        "draft": _draft(visit, found),
        "can_undo": undoable(file.events, visit.account.name),
        "since": since,
        "said": said or visit.text("fait"),
        "not_read": NOT_READ,
        "alert": alert,
        "refused": refused,
        "dangers_over": DANGER_OVER,
        "status": 409 if alert else 200,
    }


def _lives_at(visit: Visit, last: Judgement | None) -> str:
    """Return where the tenant lives, where the matter is elsewhere, as far as the agent may see it."""
    home = last.match.home if last else None
    if home is None:
        return ""
    seen = home.dwelling_id is not None and visit.sees_dwelling(home.dwelling_id)
    return visit.desk.names.home(home) if seen else OF_ANOTHER_OFFICE


def _others(visit: Visit, found: Case) -> list[Case]:
    if not found.dwelling_id and not found.tenant_id:
        return []
    ways = {"dwellings": [found.dwelling_id] if found.dwelling_id else []}
    ways["tenants"] = [found.tenant_id] if found.tenant_id else []
    others = visit.desk.store.desk.of(**ways, limit=_OTHERS + 1)
    return [each for each in others if each.number != found.number and sees(visit.account, each.office_id)][:_OTHERS]


def _proposals(visit: Visit, file: CaseFile) -> list[Proposal]:
    """Return what the contacts give that an agent may confirm, and that nobody has confirmed yet."""
    tenant_id = file.case.tenant_id
    if tenant_id is None or not visit.sees_tenant(tenant_id):
        return []
    grounds = visit.desk.known()[0]
    reached = [Proposal(kind, value, tenant_id, value) for kind, value in reached_by(file.contacts)]
    given = {(each.kind, each.value): each for each in (*proposals(file.contacts, tenant_id), *reached)}
    known = visit.desk.store.desk.confirmed(tenant_id, [value for _kind, value in given])
    of_household = known_to_household(tenant_id, grounds.directory)
    return [
        each
        for fact, each in given.items()
        if each.value not in known and fact not in of_household and why_not_learnt(fact, file.contacts, grounds) is None
    ]


def addressees_of(visit: Visit, file: CaseFile) -> tuple[Addressee, ...]:
    """Return the addresses that a case may be answered at, the one to be chosen first."""
    tenant_id, known = file.case.tenant_id, visit.desk.known()[0]
    if tenant_id is not None and not visit.sees_tenant(tenant_id):
        tenant_id = None
    confirmed = visit.desk.store.desk.confirmations([tenant_id]) if tenant_id else ()
    care = Care(
        lambda reaches: visit.desk.store.desk.never_used(reaches, visit.now.date()),
        register_of_case(visit, file.case).protected,
    )
    return addressees(file.contacts, tenant_id, confirmed, known.directory, known.settings, care)


def _draft(visit: Visit, found: Case) -> str:
    """Return the answer that the page was asked to begin with, filled in; "" where none was."""
    rules, settings = visit.desk.known()[0].rules, visit.desk.settings
    answer = rules.answers.get(visit.text("modele"))
    if answer is None:
        return ""
    calendar = (rules.queues.get(found.queue) or rules.desks.reception).calendar
    values = {
        "case": found.number,
        "due": moment(found.due, settings.zone),
        "phone": settings.numbers[0] if settings.numbers else "",
        "hours": opening_hours(calendar),
        "open": calendar.is_open(visit.now),
        "urgent": found.priority == "P1",
        "known": found.tenant_id is not None or found.dwelling_id is not None,
        "again": False,
    }
    try:
        return fill_in(answer, values)[1]
    except AnswerFailedError:
        return ""


@page("/dossier/{number}/regles")
def case_rules(visit: Visit) -> Mapping[str, Any]:
    """Show what every rule saw of the latest message, by the rules in force now."""
    file = visit.file()
    judged = next((each.judgement for each in reversed(file.contacts) if each.judgement), None)
    if judged is None:
        raise NotFoundError("judgement")
    visit.note("read", file.case.number, rules=True)
    return {"case": file.case, "judged": judged, "trace": _trace(visit, judged)}


def _trace(visit: Visit, judged: Judgement) -> tuple[RuleTrace, ...]:
    known = visit.desk.known()[0]
    decision = decide(
        judged.contact,
        judged.match,
        judged.understanding,
        judged.contact.at,
        known.rules,
        known.directory,
        history=KeptHistory(judged.history),
        trace=True,
    )
    return decision.trace


@page("/dossier/{number}/locataires")
def tenants(visit: Visit) -> Mapping[str, Any]:
    """Find people whom a case may be about."""
    found = visit.case()
    asked = visit.text("q")[:LONGEST_SEARCH]
    return {"case": found, "people": visit.find_people(asked, found.number), "q": asked}
