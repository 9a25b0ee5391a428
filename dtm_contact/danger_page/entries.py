"""What whoever is on call needs of an open P1, and nothing else: no history, no attachment, nobody's other cases."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dtm_contact.calls.outcomes import national
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.cases.registered import HouseholdRegister
from dtm_contact.explain import caller
from dtm_contact.explain.names import Names, without_code
from dtm_contact.labels.coded_text import NOT_READ, text_of
from dtm_contact.labels.formats import clock, spaced
from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.model import Contact, Wish
from dtm_contact.store import Case, CaseContact, CaseFile, Event
from dtm_contact.web.case_view import by_register, household_card, residence_caretakers, wishes

_MOST_WORDS: Final = 1500
_MOST_WRITTEN: Final = 5
_ADVICE: Final = re.compile(r"^- ([^{}\n]+)$", re.MULTILINE)
_FATES: Final = {
    "sent": "parti",
    "refused": "refusé par le serveur",
    "no_such_address": "refusé : l’adresse n’existe pas",
    "given_up": "abandonné : aucun serveur ne l’a pris",
    "bounced": "revenu : non remis",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote or said: when, who, and the words."""

    at: str
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One open P1, in French.

    Attributes:
        number, topic, queue: which case, what it is about, and where it lies.
        opened, due: when.
        where: dwelling and residence, as far as they are sure.
        who: who wrote or called.
        reached_from: the number or address that it came from.
        household: each person of the dwelling, with the numbers.
        caretakers: those on duty, with their numbers.
        on_call: whom to reach now, the first to be told first.
        office: the office, with its number.
        wishes: what the register says first, and how the writers want to be treated.
        written: what they wrote, the latest first.
        advice: what the people there are to do; of the answer that goes to them.
        status: who has taken it, and what was sent to whom of us.
    """

    number: str
    topic: str
    queue: str
    opened: str
    due: str
    where: str
    who: str
    reached_from: tuple[str, ...]
    household: tuple[str, ...]
    caretakers: tuple[str, ...]
    on_call: tuple[str, ...]
    office: str
    wishes: tuple[str, ...]
    written: tuple[Written, ...]
    advice: tuple[str, ...]
    status: tuple[str, ...]


def entries(
    files: Sequence[CaseFile],
    configuration: SiteConfiguration,
    now: datetime,
    registered_of: Callable[[Case], HouseholdRegister],
) -> list[Entry]:
    """Return what is told of some cases.

    Args:
        files: the cases with what lies in them.
        configuration: the directory and the rules in force.
        now: the time, on the offices' wall clock.
        registered_of: says what the register has of a case's household.
    """
    labels = {code: topic.label for code, topic in configuration.rules.reader.topics.items()}
    names = Names(configuration.directory, labels, configuration.settings.zone)
    return [_entry(file, configuration, names, now, registered_of(file.case)) for file in files]


def _entry(
    file: CaseFile, known: SiteConfiguration, names: Names, now: datetime, registered: HouseholdRegister
) -> Entry:
    case = file.case
    queue = known.rules.queues.get(case.queue)
    card = household_card(known.directory, names, case.dwelling_id, now) if case.dwelling_id else None
    card = by_register(card, registered) if card else None
    people = tuple(_with_numbers(without_code(each.name), each.phones) for each in card.members) if card else ()
    on_duty = card.caretakers if card else _of_residence(case, known, names, now)
    office = known.directory.offices.get(case.office_id)
    read = [each.judgement.contact for each in file.contacts if each.judgement is not None]
    return Entry(
        number=case.number,
        topic=topic_or_subject(names, case),
        queue=queue.label if queue else case.queue,
        opened=clock(case.opened_at, now),
        due=clock(case.due, now),
        where=_where(file, names),
        who=text_of(case.who),
        reached_from=_reached_from(file.contacts, registered.never),
        household=people,
        caretakers=tuple(_caretaker(*each) for each in on_duty),
        on_call=(queue or known.rules.desks.reception).called_at(now),
        office=_with_numbers(office.name, (office.phone,)) if office else "",
        wishes=(*registered.first(lambda person: without_code(names.person(person))), *_wishes(file)),
        written=tuple(_written(file, read, now)),
        advice=tuple(_advice(file, known)),
        status=tuple(_status(file, now)),
    )


def topic_or_subject(names: Names, case: Case) -> str:
    """Return what a case is about: its topic's label, else its subject."""
    return names.topics.get(case.topic or "", text_of(case.subject))


def _of_residence(
    case: Case, known: SiteConfiguration, names: Names, now: datetime
) -> tuple[tuple[str, str, str], ...]:
    if case.residence_id is None or case.residence_id not in known.directory.residences:
        return ()
    return residence_caretakers(known.directory, names, case.residence_id, now)


def _where(file: CaseFile, names: Names) -> str:
    case = file.case
    if written := file.written_place:
        return names.written_place(written, case.residence_id)
    residence = without_code(names.residence(case.residence_id)) if case.residence_id else ""
    dwelling = without_code(names.dwelling(case.dwelling_id)) if case.dwelling_id else ""
    return ", ".join(filter(None, (dwelling, residence))) or "Lieu inconnu : lisez ce qui est écrit, ou appelez."


def _reached_from(contacts: Sequence[CaseContact], never: Collection[str]) -> tuple[str, ...]:
    found = []
    for contact in reversed(contacts):
        reach = contact.phone_key or contact.sender_address
        shown = spaced(national(contact.phone_key)) if contact.phone_key else contact.sender_address
        if reach:
            found.append(f"{shown} (à ne jamais utiliser)" if reach in never else shown)
    return tuple(dict.fromkeys(found))


def _with_numbers(name: str, phones: Sequence[str]) -> str:
    numbers = ", ".join(spaced(phone) for phone in phones if phone)
    return f"{name} : {numbers}" if numbers else name


def _caretaker(name: str, phone: str, replaces: str) -> str:
    told = _with_numbers(without_code(name), (phone,))
    return f"{told} (remplace {without_code(replaces)})" if replaces else told


def _wishes(file: CaseFile) -> Iterator[str]:
    if any(_wants_no_name(each) for each in file.contacts):
        yield "Ne veut pas être nommé : ne dites à personne de qui cela vient."
    yield from (f"{each.what} : « {each.words} »" for each in wishes(file.contacts))


def _wants_no_name(contact: CaseContact) -> bool:
    judgement = contact.judgement
    return judgement is not None and any(each.wish is Wish.ANONYMOUS for each in judgement.understanding.wishes)


def _written(file: CaseFile, read: Sequence[Contact], now: datetime) -> Iterator[Written]:
    if not file.case.read_in_full:
        yield Written(
            clock(file.case.opened_at, now), text_of(file.case.who), f"{text_of(file.case.subject)} ({NOT_READ})"
        )
    for contact in sorted(read, key=lambda each: each.at, reverse=True)[:_MOST_WRITTEN]:
        if contact.call is not None:
            yield Written(clock(contact.at, now), caller(contact.call), OUTCOMES[contact.call.outcome])
            continue
        words = (contact.new_text or contact.subject).strip()
        cut = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}…"
        yield Written(clock(contact.at, now), contact.sender.name or contact.sender.address, cut)


def _advice(file: CaseFile, known: SiteConfiguration) -> Iterator[str]:
    """Yield what the answer tells people in danger to do, where its template says so in a list without blanks."""
    decided = (each.judgement.decision.answer for each in reversed(file.contacts) if each.judgement)
    name = next((answer for answer in decided if answer), None)
    if name is not None:
        yield from (line.strip().rstrip(" ;.") for line in _ADVICE.findall(known.rules.answers.get(name, "")))


def _status(file: CaseFile, now: datetime) -> Iterator[str]:
    case = file.case
    if case.owner:
        yield f"Pris par {case.owner}."
    else:
        yield "Personne ne l’a pris."
    if case.is_waiting(now) and case.waiting_until is not None:
        yield f"Mis en attente jusqu’à {clock(case.waiting_until, now)}."
    for event in file.events:
        yield from _status_lines(event, now)


def _status_lines(event: Event, now: datetime) -> Iterator[str]:
    at = clock(event.at, now)
    if event.what == "called next":
        yield f"{at} : suivant d’astreinte prévenu, {event.data.get('to', '')}"
    elif event.what in _FATES and event.data.get("kind") in {"notice", "answer"}:
        what = "avis à l’un de nous" if event.data["kind"] == "notice" else "consignes ou réponse au locataire"
        yield f"{at} : {what}, {_FATES[event.what]}"
    elif event.what in {"spoken", "reached"}:
        yield f"{at} : un agent a parlé à l’appelant"
    elif event.what == "noted":
        yield f"{at} : note de {event.who} : {event.data.get('text', '')}"
