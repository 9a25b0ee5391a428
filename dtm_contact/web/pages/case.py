"""One case: who, where, what, how urgent, why here, what next; and an action for each verb that agents have."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.parser import BytesParser
from email.policy import default as default_policy
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from dtm_contact.access import Right, sees, sees_case
from dtm_contact.cases import NeverUsedError, NothingAttachedError, RefusedError, WrongArgumentError
from dtm_contact.cases.act import UNDONE, handed_over
from dtm_contact.cases.addressees import Addressee, Care, addressees, usual
from dtm_contact.cases.verbs.confirming import known_to_household, reached_by, why_not_learnt
from dtm_contact.cases.verbs.correcting import is_denied
from dtm_contact.errors import NotFoundError
from dtm_contact.explain.acts import Acts, acts_of, topics_to_act_on
from dtm_contact.explain.names import without_code
from dtm_contact.explain.telling import ExplanationBlock, Standing, called_by, explained
from dtm_contact.explain.whom import place_to_ask
from dtm_contact.labels.cases import DANGERS_OVER
from dtm_contact.labels.coded_text import NOT_READ
from dtm_contact.labels.events import SENT_STATES, event_name
from dtm_contact.labels.formats import LONG_DAYS
from dtm_contact.labels.judging import CARE
from dtm_contact.model import (
    Candidate,
    Judgement,
    KeptHistory,
    Priority,
    Proposal,
    RuleTrace,
)
from dtm_contact.rules import decide
from dtm_contact.rules.free_words import FreeWordsHint
from dtm_contact.rules.saying import said_rules
from dtm_contact.store import Case, CaseFile, Event
from dtm_contact.topics.reader import Topic
from dtm_contact.web.call_back_view import call_back_panel
from dtm_contact.web.canned import library, offered
from dtm_contact.web.case_view import (
    appointment_notice,
    by_register,
    coming_appointments,
    guarded,
    household_card,
    how_it_came,
    proposals,
    residence_caretakers,
    time_line,
    violence_at_home,
    voice_messages,
    wishes,
)
from dtm_contact.web.danger_view import caretaker_states_of, entrance_first, safety_line
from dtm_contact.web.drafts import FORMS, TypedFields, keep_typed, typed_on, writing_in
from dtm_contact.web.letters import files_of_form, forwardable, own_signature, reply_subject, useful_contacts
from dtm_contact.web.pages.canned import filled, previewed
from dtm_contact.web.register_view import asked_entry, note_protection, proposed, register_of_case, shown_register
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import LONGEST_SEARCH, PAGE, RequestContext, go, time_of

OF_ANOTHER_OFFICE = "un logement d’un autre bureau"
"""Instead of where somebody lives whose dwelling the agent's office does not work."""

_CANDIDATES = 6
_ANSWERED = frozenset({"message", "visit", "voice"})
_DENIES = frozenset({"no_danger", "priority"})
_PASSED_ON = frozenset({*_ANSWERED, "call"})
_LIKELY = 0.5
_OTHERS = 12
_CANNED = 8
_MORNING: Final = "09:00"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAYS_OFFERED: Final = 4
"""Working days that a case may be set waiting until by one click, beside tomorrow."""


@page("/dossier/{number}")
def case(context: RequestContext) -> Mapping[str, Any]:
    """Show a case; that its household's card was read is noted before it is shown."""
    return case_page(context)


def case_page(context: RequestContext, *, alert: str = "", refused: str = "", said: str = "") -> Mapping[str, Any]:
    """Return what the page of the path's case needs.

    Args:
        context: who sees it.
        alert: why what they asked for was refused.
        refused: the form that was refused, by the last word of its path: what was typed in it comes back.
        said: the verb that was carried out.
    """
    since = context.app.store.desk.latest_event()
    file = context.file()
    topic_now = context.app.rules.reader.topics.get(file.case.topic or "")
    told = _topics_of(context, file)
    useful = useful_contacts(context, [each.code for each in told], file.case.residence_id)
    sent = {each.message_id: each for each in context.app.store.outbox.of_case(file.case.number)}
    context.audit("read", file.case.number, dwelling=file.case.dwelling_id, tenant=file.case.tenant_id)
    registered = register_of_case(context, file.case)
    last = next((each.judgement for each in reversed(file.contacts) if each.judgement), None)
    judged_first = [each.judgement for each in file.contacts[:1] if each.judgement]
    own = frozenset(domain.lower() for domain in context.app.settings.domains)
    directory, names = context.app.directory, context.app.names
    found, answerable = file.case, addressees_of(context, file)
    # Of a letter that an agent entered they are what it is read from, and stand there.
    read = {piece.sha256 for each in file.contacts if each.judgement for piece in each.judgement.contact.attachments}
    handed_in = context.app.store.files.of_arrivals([each.arrival_id for each in file.contacts])
    handed_in = [each for each in handed_in if each.sha256 not in read]
    entries = time_line(file, context.app.naming(context.now), sent, handed_in)
    elsewhere = found.dwelling_id is not None and not context.sees_dwelling(found.dwelling_id)
    shows_home = found.dwelling_id is not None and not elsewhere
    card = household_card(directory, names, found.dwelling_id or "", context.now) if shows_home else None
    care = violence_at_home(file.contacts)
    if card is not None and care:
        card = guarded(card, file.contacts)
    card = by_register(card, registered) if card is not None else None
    theirs = not elsewhere and (shows_home or (found.tenant_id is not None and context.sees_tenant(found.tenant_id)))
    if theirs:
        note_protection(context, registered, found.number)
    caretakers = card.caretakers if card else ()
    residence = directory.residences.get(found.residence_id or "")
    if not caretakers and residence is not None and sees(context.account, residence.office_id):
        caretakers = residence_caretakers(directory, names, residence.residence_id, context.now)
    caretaker_states = caretaker_states_of(context, file, caretakers, sent.values())
    candidates = [each for each in last.match.candidates if context.sees_tenant(each.tenant_id)] if last else []
    answered_at = context.app.store.desk.answered_at(found.number)
    typed = typed_on(context, found, refused)
    return {
        "case": found,
        "formerly": file.numbers_before,
        "line": entries,
        # Whoever is in danger is not helped by an answer: it still waits, and the page says for what.
        "answered_at": None if found.alarm.certain else answered_at,
        "written_at": answered_at if found.alarm.certain else None,
        "arrivals": [each.arrival_id for each in file.contacts],
        "judged": last,
        "paragraphs": _paragraphs(context, last, found) if last else (),
        "card": card,
        # Which numbers are kept apart does not change with it: only that is said while somebody may be in danger.
        "care": CARE if care and not is_denied(found.alarm) else "",
        "elsewhere": elsewhere,
        "lives_at": _lives_at(context, last),
        "caretakers": entrance_first(caretakers, caretaker_states),
        "caretaker_states": caretaker_states,
        "safety": safety_line(context, file),
        "wishes": wishes(file.contacts),
        "proposals": [each for each in _proposals(context, file) if each.value not in registered.never],
        "register": shown_register(context, registered, whole=theirs),
        "register_proposals": proposed(file.contacts, found.tenant_id, registered, own) if theirs else [],
        "voices": voice_messages(file.contacts),
        "call_back": call_back_panel(context, file),
        "others": _others(context, found),
        **_linked(context, found),
        "hold": context.app.store.holds.held(found.number),
        "visits": coming_appointments(file.events, context.app.store.desk.appointments_of(found.number, context.now)),
        "appointment_notice": appointment_notice(file.events, context.now),
        "candidates": candidates[:_CANDIDATES],
        "written_place": file.written_place,
        "likely": _likely_of_home(found, candidates),
        "findings": last.understanding.findings if last else (),
        "topics": sorted(context.app.rules.reader.topics.items(), key=lambda each: each[1].label),
        "days": _working_days(context, found),
        "all_queues": context.app.rules.queues.values(),
        **previewed(context, file, registered, offered(context.app, found.topic)[:_CANNED]),
        "library": library(context.app),
        "acts": _acts(context, file),
        # What is to be done in danger is said while there is one.
        "only_in_danger": topic_now is not None and topic_now.priority is Priority.P1 and not found.alarm.any,
        "denied": _denied(found, file.events),
        "came": next((how_it_came(each.contact) for each in judged_first), ""),
        "addressees": answerable,
        "usual": usual(answerable, corrected="tenant_id" in found.by_hand),
        "begun_for": _begun_for(context, found, typed),
        "draft": _draft(context),
        "undoable": _undoable(file.events, context.account.name),
        "undone": _undone(file.events),
        "since": since,
        "said": said or context.text("fait"),
        "note_hints": _note_hints(context, file.events) if "note" in (said, context.text("fait")) else (),
        "not_read": NOT_READ,
        "alert": alert,
        "refused": refused,
        "asks_for_files": False,
        "typed": typed,
        "writing": writing_in(context, found),
        "passable": [each for each in entries if each.kind in _PASSED_ON],
        "answered": next((each for each in entries if each.kind in _ANSWERED), None),
        "signature": own_signature(context, found),
        "subject_of_reply": reply_subject(found, last, protected=bool(registered.protected)),
        "caretaker_apart": topic_now is not None and topic_now.caretaker_apart,
        "useful": useful,
        "forward_to": forwardable(context, caretakers, useful),
        "attachable": context.app.settings.attachments,
        "unseen_since": _unseen_since(context, file.events) if refused else None,
        "dangers_over": DANGERS_OVER,
        "unconfirmed": found.alarm.certain and context.app.store.desk.calls_nobody(found.number),
        "status": 409 if alert else 200,
    }


NOBODY: Final = "personne"
SOMEBODY_ELSE: Final = "autre"
"""For whom a reply was begun: nobody that the case named; somebody whom its writer may not see."""


def _for_whom(context: RequestContext, tenant_id: str | None) -> str:
    """Return for whom a reply is written, as its form tells it: by their identifier, as far as the agent may see it."""
    if tenant_id in (None, NOBODY):
        return NOBODY
    return tenant_id if tenant_id and context.sees_tenant(tenant_id) else SOMEBODY_ELSE


def _begun_for(context: RequestContext, found: Case, typed: TypedFields) -> Mapping[str, str]:
    """Return for whom a reply is written, for whom it was begun, and who that was, in words, where it is another."""
    now = _for_whom(context, found.tenant_id)
    begun = _for_whom(context, typed("repondre", "pour")) if typed("repondre", "pour") else now
    named = {NOBODY: "quelqu’un que le dossier ne nommait pas", SOMEBODY_ELSE: "quelqu’un d’autre"}
    called = named.get(begun) or without_code(context.app.names.person(begun))
    return {"now": now, "begun": begun, "called": called if begun != now else ""}


def _acts(context: RequestContext, file: CaseFile) -> Acts:
    """Return what is to be done of a case as it stands now."""
    judgements = [each.judgement for each in file.contacts if each.judgement]
    found, grounds = file.case, context.app.in_force()
    to_ask = place_to_ask(judgements[-1], context.app.names) if judgements and not _placed(found) else ""
    return acts_of(judgements, found.topic, found.alarm, grounds.rules, grounds.directory, context.now, to_ask=to_ask)


def _placed(found: Case) -> bool:
    """Return whether an agent said where a case is, or whom it is about."""
    return not {"tenant_id", "dwelling_id", "residence_id"}.isdisjoint(found.by_hand)


def _topics_of(context: RequestContext, file: CaseFile) -> tuple[Topic, ...]:
    """Return the topics that say what is to be done of a case."""
    judgements = [each.judgement for each in file.contacts if each.judgement]
    return topics_to_act_on(judgements, file.case.topic, file.case.alarm, context.app.rules)


def _undoable(events: Iterable[Event], who: str) -> str:
    """Return what the last change by hand that stands is called, if it is this agent's; else nothing."""
    undone, last = set(), None
    for event in events:
        if "undoes" in event.data:
            undone.add(event.data["undoes"])
    for event in events:
        if "changed" in event.data and event.id not in undone:
            last = event
    return event_name(last.what) if last is not None and last.who == who else ""


def _undone(events: Sequence[Event]) -> tuple[str, bool]:
    """Return what the newest undoing took back is called, and whether something was sent since that was done."""
    undoing = next((event for event in reversed(events) if event.what == UNDONE), None)
    if undoing is None:
        return "", False
    since = next((event.at for event in events if event.id == undoing.data.get("undoes")), undoing.at)
    was_sent = any(event.what in {"replied", "forwarded"} and event.at >= since for event in events)
    return event_name(undoing.data.get("what", "")), was_sent


def _working_days(context: RequestContext, current: Case) -> list[tuple[int, str]]:
    """Return the working days that follow tomorrow, each by how far off it is and by its name ("jeudi 3")."""
    queue = context.app.rules.queues.get(current.queue) or context.app.rules.desks.reception
    days = [(ahead, context.now.date() + timedelta(days=ahead)) for ahead in range(2, 2 + 3 * _DAYS_OFFERED)]
    opens = [(ahead, day) for ahead, day in days if queue.calendar.last_open_on_or_before(day).date() == day]
    return [(ahead, f"{LONG_DAYS[day.weekday()]} {day.day}") for ahead, day in opens[:_DAYS_OFFERED]]


def _denied(current: Case, events: Sequence[Event]) -> Event | None:
    """Return by what an agent said that nobody is in danger, where that stands; None where nobody did."""
    if not is_denied(current.alarm):
        return None
    return next((event for event in reversed(events) if event.what in _DENIES), None)


def _note_hints(context: RequestContext, events: Iterable[Event]) -> tuple[FreeWordsHint, ...]:
    """Return what is to be said of the words of the agent's own last note."""
    own = [each for each in events if each.what == "noted" and each.who == context.account.name]
    return context.app.rules.free_words.hints(own[-1].data.get("text", "")) if own else ()


def _lives_at(context: RequestContext, last: Judgement | None) -> str:
    """Return where the writer lives, where the matter is elsewhere, as far as the agent may see it."""
    home = last.match.home if last else None
    if home is None:
        return ""
    # A residence alone tells no household: the message itself names it.
    seen = home.dwelling_id is None or context.sees_dwelling(home.dwelling_id)
    return context.app.names.home(home) if seen else OF_ANOTHER_OFFICE


def _likely_of_home(found: Case, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the likeliest, to be confirmed by one click, where their home is sure and nobody is named yet."""
    best = candidates[0] if candidates else None
    if best is None or found.dwelling_id is None or found.tenant_id is not None or "tenant_id" in found.by_hand:
        return None
    return best if best.dwelling_id == found.dwelling_id and best.probability >= _LIKELY else None


def _others(context: RequestContext, current: Case) -> list[Case]:
    if not current.dwelling_id and not current.tenant_id:
        return []
    ways = {"dwellings": [current.dwelling_id] if current.dwelling_id else []}
    ways["tenants"] = [current.tenant_id] if current.tenant_id else []
    others = context.app.store.desk.of(**ways, limit=_OTHERS + 1)
    return [other for other in others if other.number != current.number and sees_case(context.account, other)][:_OTHERS]


def _linked(context: RequestContext, current: Case) -> Mapping[str, Any]:
    """Return the cases that this one is linked to, as far as they see them; of others those that they opened."""
    linked = context.app.store.desk.linked(current.number)
    return {
        "linked": [each for each in linked if sees_case(context.account, each)],
        "linked_elsewhere": context.opened_elsewhere(linked),
    }


def _proposals(context: RequestContext, file: CaseFile) -> list[Proposal]:
    """Return what the contacts give that an agent may confirm, and that nobody has confirmed yet."""
    tenant_id = file.case.tenant_id
    if tenant_id is None or not context.sees_tenant(tenant_id):
        return []
    grounds = context.app.in_force()
    reached = [Proposal(kind, value, tenant_id, value) for kind, value in reached_by(file.contacts)]
    given = {(each.kind, each.value): each for each in (*proposals(file.contacts, tenant_id), *reached)}
    known = context.app.store.desk.confirmed(tenant_id, [value for _kind, value in given])
    of_household = known_to_household(tenant_id, grounds.directory)
    return [
        each
        for fact, each in given.items()
        if each.value not in known and fact not in of_household and why_not_learnt(fact, file.contacts, grounds) is None
    ]


def addressees_of(context: RequestContext, file: CaseFile) -> tuple[Addressee, ...]:
    """Return the addresses that a case may be answered at, the one to be chosen first."""
    tenant_id, in_force = file.case.tenant_id, context.app.in_force()
    if tenant_id is not None and not context.sees_tenant(tenant_id):
        tenant_id = None
    confirmed = context.app.store.desk.confirmations([tenant_id]) if tenant_id else ()
    care = Care(
        lambda reaches: context.app.store.desk.never_used(reaches, context.now.date()),
        register_of_case(context, file.case).protected,
    )
    return addressees(
        file.contacts,
        tenant_id,
        confirmed,
        in_force.directory,
        in_force.settings,
        care,
        machines=in_force.rules.sources.machines,
    )


def _draft(context: RequestContext) -> str:
    """Return the canned answer that the page was asked to begin with, filled in; "" where none was."""
    answer = library(context.app).get(context.text("modele"))
    return filled(context, answer) if answer is not None else ""


@page("/dossier/{number}/envoi/{outgoing}")
def sent_mail(context: RequestContext) -> Mapping[str, Any]:
    """Show a message that went out because of a case: to whom, when, what it says."""
    found = context.case()
    if not context.path["outgoing"].isdecimal():
        raise NotFoundError("message")
    mail, raw = context.app.store.outbox.message(found.number, int(context.path["outgoing"]))
    context.audit("read", found.number, sent=mail.id)
    message = BytesParser(policy=default_policy).parsebytes(raw)
    body = message.get_body(("plain",))
    return {
        "case": found,
        "mail": mail,
        "state": SENT_STATES[mail.state],
        "subject": str(message["Subject"] or ""),
        "text": body.get_content() if body is not None else "",
        "files": [each.get_filename() for each in message.iter_attachments() if each.get_filename()],
    }


def _paragraphs(context: RequestContext, judged: Judgement, found: Case) -> tuple[ExplanationBlock, ...]:
    """Return why a case lies where it lies, in plain sentences: people and places only as far as the account sees them.

    What may be confirmed of a tenant stands on their card.
    """
    match = judged.match
    seen = [each for each in match.candidates if _sees_home(context, each.tenant_id, each.dwelling_id)]
    sure = (match.tenant.id if match.tenant else None, match.dwelling.id if match.dwelling else None)
    homes = [sure, (None, match.home.dwelling_id if match.home else None)]
    with_people = seen[:1] == [*match.candidates[:1]] and all(_sees_home(context, *home) for home in homes)
    decision = replace(judged.decision, trace=_trace(context, judged))
    shown = replace(judged, match=replace(match, candidates=tuple(seen), proposals=()), decision=decision)
    rules = context.app.in_force().rules
    is_open = found.state == "open"
    standing = Standing(found.alarm, found.queue, found.due if is_open else None, is_open, _placed(found))
    return explained(shown, context.app.names, rules, standing=standing, with_people=with_people)


def _sees_home(context: RequestContext, tenant_id: str | None, dwelling_id: str | None) -> bool:
    """Return whether an account may see somebody and where they live, as far as either is given."""
    tenant = tenant_id is None or context.sees_tenant(tenant_id)
    return tenant and (dwelling_id is None or context.sees_dwelling(dwelling_id))


@page("/dossier/{number}/regles")
def case_rules(context: RequestContext) -> Mapping[str, Any]:
    """Show what every rule saw of the latest message, by the rules in force now."""
    file = context.file()
    judged = next((contact.judgement for contact in reversed(file.contacts) if contact.judgement), None)
    if judged is None:
        raise NotFoundError("judgement")
    context.audit("read", file.case.number, rules=True)
    rules = context.app.in_force().rules
    asked = list(said_rules(rules.rules, _trace(context, judged)))
    return {
        "case": file.case,
        "judged": judged,
        "holding": [each for each in asked if each.held is not False],
        "others": [each for each in asked if each.held is False],
        "called": called_by(context.app.names, rules),
    }


def _trace(context: RequestContext, judged: Judgement) -> tuple[RuleTrace, ...]:
    in_force = context.app.in_force()
    decision = decide(
        judged.contact,
        judged.match,
        judged.understanding,
        judged.contact.at,
        in_force.rules,
        in_force.directory,
        history=KeptHistory(judged.history),
        trace=True,
    )
    return decision.trace


@page("/dossier/{number}/locataires")
def tenants(context: RequestContext) -> Mapping[str, Any]:
    """Find people whom a case may be about."""
    current = context.case()
    asked = context.text("q")[:LONGEST_SEARCH]
    return {"case": current, "people": context.find_people(asked, current.number), "q": asked}


Arguments = Callable[[RequestContext], Mapping[str, Any]]
_LEAVES = frozenset({"done", "move", "reply_done", "call_settled"})


def _verb_action(word: str, verb: str, *, versioned: bool = True) -> Callable[[Arguments], Arguments]:
    """Register the action `/dossier/{number}/<word>`; the function reads the verb's arguments from the form."""

    def register(arguments: Arguments) -> Arguments:
        @post(f"/dossier/{{number}}/{word}", Right.WORK, template="case.html")
        def done(context: RequestContext) -> Mapping[str, Any] | Response:
            number = context.case().number
            version = context.number("version") if versioned else None
            try:
                given = {name: value for name, value in arguments(context).items() if value not in (None, "", ())}
                of_draft = context.text(PAGE) if word in FORMS and not context.text("bandeau") else None
                applied = context.apply(verb, number, given, version, of_draft=of_draft)
            except RefusedError as error:
                keep_typed(context, word, number)
                page = case_page(context, alert=_why_refused(context, error), refused=word)
                return {**page, "asks_for_files": isinstance(error, NothingAttachedError)}
            return _after(context, verb, number, applied.opened)

        return arguments

    return register


def _why_refused(context: RequestContext, error: RefusedError) -> str:
    """Return why something is refused, with what helps to go on."""
    match error:
        case NeverUsedError():
            return f"{error}{_other_address(context)}"
        case _:
            return str(error)


def _unseen_since(context: RequestContext, events: Iterable[Event]) -> datetime | None:
    """Return when the last thing happened that the page showed from which a refused form was sent; None if unknown."""
    seen = context.number("vu")
    times = [event.at for event in events if seen is not None and 0 < event.id <= seen]
    return max(times, default=None)


def _other_address(context: RequestContext) -> str:
    """Return the address that may be written to instead, said behind what was refused; "" where none is sure."""
    other = usual(addressees_of(context, context.file()))
    return f" Adresse connue : {other.address}." if other else ""


def _after(context: RequestContext, verb: str, number: str, opened: str | None = None) -> Mapping[str, Any] | Response:
    if context.is_script and context.text("bandeau"):
        return {"template": "announced.html", "said": verb, "about": number}
    done = _done_as(context, verb)
    if done in _LEAVES and not (context.text("reste") and _still_seen(context, number)):
        to = f"&vers={quote(context.text('file'))}" if verb == "move" else ""
        return go(f"/file?fait={done}&de={number}{to}")
    if not context.is_script:
        return go(f"/dossier/{number}?fait={done}")
    # Whoever opened it may not see it any more: its number and its queue are said once.
    further = context.app.store.desk.case(opened) if opened else None
    return {**case_page(context, said=done), "further": further}


def _done_as(context: RequestContext, verb: str) -> str:
    """Return what was done, as it is told: a verb that does one of several things, by which."""
    if verb == "reply" and context.text("puis") == "clore":
        return "reply_done"
    return f"call_{context.text('issue')}" if verb == "call_back" else verb


def _still_seen(context: RequestContext, number: str) -> bool:
    try:
        context.case(number)
    except NotFoundError:
        return False
    return True


@_verb_action("prendre", "take")
def take(context: RequestContext) -> Mapping[str, Any]:
    """Take a case; one that a colleague took only where asked for."""
    return {"from_colleague": context.text("collegue") == "1" or None}


@_verb_action("rendre", "release")
def release(context: RequestContext) -> Mapping[str, Any]:
    """Let a case go."""
    del context
    return {}


@_verb_action("transmettre", "move")
def move(context: RequestContext) -> Mapping[str, Any]:
    """Hand a case over to another queue."""
    return {"queue": context.text("file"), "reason": context.text("raison")}


@_verb_action("attendre", "wait")
def wait(context: RequestContext) -> Mapping[str, Any]:
    """Set a case waiting."""
    return {"until": _time(context), "reason": context.text("raison")}


@_verb_action("reprendre", "resume")
def resume(context: RequestContext) -> Mapping[str, Any]:
    """Lay a waiting case back into its order."""
    del context
    return {}


@_verb_action("clore", "done")
def close(context: RequestContext) -> Mapping[str, Any]:
    """Close a case; a P1 by saying why the danger is over."""
    return {
        "reason": context.text("raison"),
        "danger_over": context.text("danger_ecarte"),
    }


@_verb_action("rappeler", "call_back")
def call_back(context: RequestContext) -> Mapping[str, Any]:
    """Say what came of calling somebody back, and what was said; again later."""
    return {"outcome": context.text("issue"), "text": context.text("texte"), "again": _time(context)}


@_verb_action("rouvrir", "reopen")
def reopen(context: RequestContext) -> Mapping[str, Any]:
    """Open a closed case again."""
    return {"reason": context.text("raison")}


@_verb_action("noter", "note", versioned=False)
def note(context: RequestContext) -> Mapping[str, Any]:
    """Leave words for colleagues."""
    return {"text": context.text("texte"), "files": files_of_form(context)}


@_verb_action("etiqueter", "tag")
def tag(context: RequestContext) -> Mapping[str, Any]:
    """Put labels to a case, or take one off."""
    return {
        "add": tuple(context.text("ajouter").split(",")) if context.text("ajouter") else (),
        "remove": context.values("retirer"),
    }


@_verb_action("locataire", "tenant")
def tenant(context: RequestContext) -> Mapping[str, Any]:
    """Say whom a case is about."""
    return {"tenant": context.text("locataire"), "dwelling": context.text("logement")}


@_verb_action("retenir", "confirm")
def confirm(context: RequestContext) -> Mapping[str, Any]:
    """Keep that an address or number is the tenant's."""
    return {"value": context.text("valeur")}


@_verb_action("inscrire", "register", versioned=False)
def register(context: RequestContext) -> Mapping[str, Any]:
    """Enter something into the register of the case's household."""
    return asked_entry(context)


@_verb_action("terminer-inscription", "register_end", versioned=False)
def register_end(context: RequestContext) -> Mapping[str, Any]:
    """End an entry of the register."""
    return {"entry": context.number("inscription") or 0, "reason": context.text("raison")}


@_verb_action("motif", "topic")
def topic(context: RequestContext) -> Mapping[str, Any]:
    """Say what a case is about; of one in which somebody is in danger, or may be, twice."""
    if context.case().in_danger and context.text("confirme") != "1":
        raise WrongArgumentError("un danger est signalé dans ce dossier : confirmez le nouveau motif, le danger reste")
    return {"topic": context.text("motif")}


@_verb_action("danger-reel", "danger")
def danger(context: RequestContext) -> Mapping[str, Any]:
    """Say that somebody is in danger: those on call are told at once."""
    return {"reason": context.text("raison")}


@_verb_action("pas-de-danger", "no_danger")
def no_danger(context: RequestContext) -> Mapping[str, Any]:
    """Say that nobody is in danger."""
    return {"reason": context.text("raison")}


@_verb_action("priorite", "priority")
def priority(context: RequestContext) -> Mapping[str, Any]:
    """Say how urgent a case is."""
    return {"priority": context.text("priorite"), "reason": context.text("raison")}


@_verb_action("lier", "link")
def link(context: RequestContext) -> Mapping[str, Any]:
    """Link a case to another one."""
    return {"other": context.text("autre")}


@_verb_action("reunir", "merge")
def merge(context: RequestContext) -> Mapping[str, Any]:
    """Make a case one with another one."""
    return {"into": context.text("autre"), "reason": context.text("raison")}


@_verb_action("separer", "split")
def split(context: RequestContext) -> Mapping[str, Any]:
    """Make a case of its own of some messages."""
    return {"arrivals": tuple(int(arrival) for arrival in context.values("arrivee") if arrival.isdecimal())}


@_verb_action("dedoubler", "divide")
def divide(context: RequestContext) -> Mapping[str, Any]:
    """Open another case for a further matter of one message, linked to this one."""
    return {"arrival": context.number("arrivee"), "topic": context.text("motif"), "queue": context.text("file")}


@_verb_action("repondre", "reply")
def reply(context: RequestContext) -> Mapping[str, Any]:
    """Answer the one who wrote; an unproven address, and words begun for somebody else, only where asked for."""
    now = _for_whom(context, context.case().tenant_id)
    if context.text("pour") not in ("", now) and context.text("pour_relu") != now:
        raise WrongArgumentError(
            "ce texte a été commencé pour quelqu'un d'autre : relisez-le, vérifiez l'adresse, et confirmez"
        )
    then, letter = _THEN.get(context.text("puis")), _letter(context)
    _check_copies(context, letter["cc"])
    return {
        **letter,
        "also_to": context.values("aussi"),
        "quote": context.text("citer") == "1" or None,
        "then": then,
        "until": _time(context) if then == "wait" else None,
        "take": True,
    }


@_verb_action("faire-suivre", "forward", versioned=False)
def forward(context: RequestContext) -> Mapping[str, Any]:
    """Pass a message, a call or a visit of the case on, with the files of it that were chosen."""
    return {**_letter(context), "arrival": context.number("message") or 0, "attached": context.values("empreinte")}


def _check_copies(context: RequestContext, copies: Iterable[str]) -> None:
    """Make sure that no caretaker is sent by mistake what is written of the caretakers.

    Raises:
        WrongArgumentError: one is, and that was not said to be meant.
    """
    topic = context.app.rules.reader.topics.get(context.case().topic or "")
    if topic is None or not topic.caretaker_apart or context.text("copie_gardien") == "1":
        return
    caretakers = {each.email.lower() for each in context.app.directory.records.caretakers if each.email}
    if caretakers & {each.lower() for each in copies}:
        raise WrongArgumentError("la consigne dit « sans copie au gardien » : confirmez la copie, ou retirez-la")


_THEN = {"clore": "done", "attendre": "wait"}


def _letter(context: RequestContext) -> Mapping[str, Any]:
    """Return what a reply and a message that is passed on have in common."""
    others = [each.strip() for each in re.split(r"[,;\s]+", context.text("copie_autre")) if each.strip()]
    return {
        "text": context.text("texte"),
        "to": context.text("a_autre") or context.text("a"),
        "cc": tuple(filter(None, (*context.values("copie"), *others))),
        "subject": context.text("objet"),
        "unproven_ok": context.text("non_verifiee") == "1" or None,
        "sign": context.text("signer") == "1" or None,
        "without_files_ok": context.text("sans_piece") == "1" or None,
        "files": files_of_form(context),
    }


@post("/dossier/{number}/annuler", Right.WORK, template="case.html")
def undo(context: RequestContext) -> Mapping[str, Any] | Response:
    """Take one's own last change back; a case that one has just handed over to another office included."""
    number = _theirs_or_just_handed_over(context)
    try:
        context.apply("undo", number, {})
    except RefusedError as error:
        return case_page(context, alert=str(error))
    if context.is_script:
        return case_page(context, said="undo")
    return go(f"/dossier/{number}?fait=undo")


def _theirs_or_just_handed_over(context: RequestContext) -> str:
    try:
        return context.case().number
    except NotFoundError:
        if not handed_over(context.app.store.cases.get(context.path["number"]).events, context.account.name):
            raise
        return context.path["number"]


def _time(context: RequestContext) -> str | None:
    """Return the time that a form gives, in ISO 8601: hours from now, a morning in some days, or a time itself."""
    hours, days, at = context.number("heures"), context.number("jours"), context.text("quand")
    if at:
        # A day alone is meant from its morning.
        hour = context.text("heure") or _MORNING
        return time_of(f"{at}T{hour}" if _DAY.fullmatch(at) else at, context.now)
    if hours:
        return (context.now + timedelta(hours=min(hours, 1000))).isoformat()
    if days:
        morning = context.now.replace(hour=9, minute=0, second=0, microsecond=0)
        return (morning + timedelta(days=min(days, 365))).isoformat()
    return None
