"""A household's time line: whom a number, a tenant or a dwelling means, and all that happened, day by day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby

from dtm_contact.cases.refusals import WrongArgumentError
from dtm_contact.directory import Directory, on_duty
from dtm_contact.directory.lines import columns
from dtm_contact.labels.events import EventNaming, event_line
from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.model import OnDuty, Outcome, Party
from dtm_contact.store import Event
from dtm_contact.store.household import HouseholdContact, HouseholdHistory
from dtm_contact.text import phone_key


@dataclass(frozen=True, slots=True)
class TimelineHome:
    """Whom a time line is about.

    Attributes:
        dwelling_id: where they live; None for somebody who lives nowhere with us, or a number of nobody's.
        people: the tenants' ids, by the leases in force.
        caretakers: who is on duty at the entrance.
        parties: what their contacts are looked up by.
    """

    dwelling_id: str | None
    people: tuple[str, ...]
    caretakers: tuple[OnDuty, ...]
    parties: tuple[Party, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One line: when, in which case (None: in none), who, and what in French."""

    at: datetime
    case_number: str | None
    who: str
    what: str


def home_of(asked: str, directory: Directory, on: date) -> TimelineHome:
    """Return whom a tenant's id, a dwelling's id or a phone number means.

    Raises:
        WrongArgumentError: it means nobody, or people of several dwellings.
    """
    if asked in directory.dwellings:
        return _of_dwelling(asked, directory, on)
    if directory.leases_of(asked):
        return _of_tenant(asked, directory, on)
    key = phone_key(asked)
    if key is None:
        raise WrongArgumentError(f"{asked!r} n'est ni un locataire, ni un logement, ni un numéro")
    told = columns(directory.records.leases, "tenant_id", "phones")
    holders = {tenant_id for tenant_id, phones in told if key in map(phone_key, phones)}
    homes = {dwelling.dwelling_id for holder in holders if (dwelling := directory.home(holder, on)) is not None}
    if len(homes) > 1:
        raise WrongArgumentError(f"ce numéro est à plusieurs logements : {', '.join(sorted(homes))}")
    if homes:
        return _of_dwelling(homes.pop(), directory, on)
    return TimelineHome(None, tuple(sorted(holders)), (), (Party(numbers=(key,)),))


def _of_tenant(tenant_id: str, directory: Directory, on: date) -> TimelineHome:
    dwelling = directory.home(tenant_id, on)
    if dwelling is not None and tenant_id in directory.household(dwelling.dwelling_id, on):
        return _of_dwelling(dwelling.dwelling_id, directory, on)
    # Who has left keeps their own time line: those who live there now are others.
    return TimelineHome(None, (tenant_id,), (), (Party(tenant_id=tenant_id),))


def _of_dwelling(dwelling_id: str, directory: Directory, on: date) -> TimelineHome:
    people = directory.household(dwelling_id, on)
    duty = on_duty(directory, directory.dwellings[dwelling_id].address_id, on)
    parties = (Party(dwelling_id=dwelling_id), *(Party(tenant_id=person) for person in people))
    return TimelineHome(dwelling_id, people, duty, parties)


def days(history: HouseholdHistory, zone: tzinfo) -> Iterator[tuple[date, tuple[Moment, ...]]]:
    """Yield each day with all that happened on it, oldest first, by the offices' wall clock."""
    moments = [_contact(contact) for contact in history.contacts]
    moments += [_event(number, event, zone) for number, event in history.events]
    moments.sort(key=lambda moment: moment.at)
    for day, group in groupby(moments, key=lambda moment: moment.at.astimezone(zone).date()):
        yield day, tuple(group)


def _contact(contact: HouseholdContact) -> Moment:
    entry = contact.channel.traits.entry
    what = OUTCOMES[Outcome(contact.outcome)] if contact.outcome else f"{entry} : {contact.subject}"
    who = contact.sender_name or contact.sender_address
    return Moment(contact.at, contact.case_number, who, what)


def _event(number: str, event: Event, zone: tzinfo) -> Moment:
    naming = EventNaming(time=lambda at: at.astimezone(zone).strftime("%d/%m/%Y %H:%M"))
    what = event_line(event.what, event.data, naming, event.who)
    return Moment(event.at, number, event.who, what)
