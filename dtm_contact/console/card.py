"""What stands beside a case: the household, who sees to it today, what was wished, and what an agent may confirm."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dtm_contact.calls import national
from dtm_contact.cases.registered import HouseholdRegister
from dtm_contact.directory import Directory, in_force
from dtm_contact.directory.duty import on_duty, on_duty_in_residence
from dtm_contact.explain.names import Names
from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import WISH_HEADINGS
from dtm_contact.model import Contact, OnDuty, Outcome, Part, Proposal, Wish, Wished
from dtm_contact.store import CaseContact, Confirmation
from dtm_contact.text import canonical_mailbox, phone_key

_SENTENCE_ENDS: Final = re.compile(r"[.!?\n]")
_LONGEST_WISH: Final = 120
_MOST_WISHES: Final = 3
_MOST_PROPOSALS: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """How somebody wants to be treated: what it is in our words, and his own ("rappelez-moi après 18 h")."""

    what: str
    words: str


def wishes(contacts: Sequence[CaseContact]) -> list[Asked]:
    """Return what the writers wish, as it was understood, each once; of several times to call the latest first."""
    found: dict[Asked, None] = {}
    for judged in (each.judgement for each in reversed(contacts) if each.judgement):
        for wished in judged.understanding.wishes:
            found.setdefault(Asked(WISH_HEADINGS[wished.wish], wish_words(wished, judged.contact.text)))
    return list(found)[:_MOST_WISHES]


def wish_words(wished: Wished, text_of: Callable[[Part], str]) -> str:
    """Return the wish to the end of its sentence: the words behind those that were understood often say when."""
    span = wished.evidence.span
    if span is None or wished.wish is not Wish.CALL:
        return wished.evidence.seen
    text = text_of(span.part)
    end = _SENTENCE_ENDS.search(text, span.end)
    told = " ".join(text[span.start : end.start() if end else len(text)].split())
    return told if len(told) <= _LONGEST_WISH else f"{told[:_LONGEST_WISH].rpartition(' ')[0]}…"


def proposals(contacts: Sequence[CaseContact], tenant_id: str | None) -> list[Proposal]:
    """Return addresses and numbers that the contacts give for the tenant named, the latest first, each once."""
    judged = (each.judgement for each in reversed(contacts) if each.judgement)
    given = (proposal for each in judged for proposal in each.match.proposals if proposal.tenant_id == tenant_id)
    return list({proposal.value: proposal for proposal in given}.values())[:_MOST_PROPOSALS]


def shown_value(proposal: Proposal | Confirmation) -> str:
    """Return what is proposed or confirmed as people read it: an address, or a number in pairs of digits."""
    return proposal.value if proposal.kind == "address" else spaced(national(proposal.value))


def voice_messages(contacts: Sequence[CaseContact]) -> list[CaseContact]:
    """Return the contacts that left a voice message: notices that bear one, and calls that a mailbox took."""
    return [each for each in contacts if each.judgement and _is_voice(each.judgement.contact)]


def _is_voice(contact: Contact) -> bool:
    return contact.voice is not None or (contact.call is not None and contact.call.outcome is Outcome.VOICEMAIL)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household."""

    tenant_id: str
    name: str
    role: str
    phones: tuple[str, ...]
    email: str


@dataclass(frozen=True, slots=True)
class Household:
    """The card of a dwelling: who lives there, where it is, who sees to it today."""

    dwelling_id: str
    address: str
    residence: str
    office_id: str | None
    members: tuple[Member, ...]
    caretakers: tuple[tuple[str, str, str], ...]
    guarded: tuple[str, ...] = ()
    """Numbers and addresses of the household that are shown to who asks for them only: anybody may answer there."""


def violence_at_home(contacts: Sequence[CaseContact]) -> bool:
    """Tell whether one of a case's contacts tells of violence at home."""
    return any(each.judgement.understanding.violence_at_home for each in contacts if each.judgement)


def guarded(card: Household, contacts: Sequence[CaseContact]) -> Household:
    """Return the card of a case of violence at home: no number first at which somebody else of the household answers.

    Only what is the writer's alone stays beside their name, and they come first; everything else is kept apart. Who
    wrote is known just where their address proves one member and no other.

    Args:
        card: the household's.
        contacts: the case's.
    """
    proven = {
        each.judgement.match.proven
        for each in contacts
        if each.judgement and each.judgement.understanding.violence_at_home and each.proven
    }
    writers = next(iter(proven)) if len(proven) == 1 else ()
    writer = writers[0] if len(writers) == 1 else None
    return _first(card, {writer} if writer is not None else set())


def by_register(card: Household, registered: HouseholdRegister) -> Household:
    """Return a household's card as the register wants it: nothing that must never be used stands on it.

    Where somebody is protected they come first, with what is theirs alone; what reaches the others is kept apart.
    """
    card = _first(card, registered.protected) if registered.protected else card
    never = set(map(_key, registered.never))
    return replace(
        card,
        members=tuple(
            replace(
                member,
                phones=tuple(phone for phone in member.phones if _key(phone) not in never),
                email="" if _key(member.email) in never else member.email,
            )
            for member in card.members
        ),
        guarded=tuple(reach for reach in card.guarded if _key(reach) not in never),
    )


def _first(card: Household, first: Collection[str]) -> Household:
    """Return a card with some people first, and with what reaches anybody else kept apart."""
    of_others = {_key(reach) for member in card.members if member.tenant_id not in first for reach in _reaches(member)}
    kept = [
        replace(
            member,
            phones=tuple(
                phone for phone in member.phones if member.tenant_id in first and _key(phone) not in of_others
            ),
            email=member.email if member.tenant_id in first and _key(member.email) not in of_others else "",
        )
        for member in sorted(card.members, key=lambda member: member.tenant_id not in first)
    ]
    shown = {reach for member in kept for reach in _reaches(member)}
    told = dict.fromkeys((*(reach for member in card.members for reach in _reaches(member)), *card.guarded))
    return replace(card, members=tuple(kept), guarded=tuple(reach for reach in told if reach not in shown))


def _reaches(member: Member) -> tuple[str, ...]:
    return tuple(filter(None, (*member.phones, member.email)))


def _key(reach: str) -> str:
    return phone_key(reach) or (canonical_mailbox(reach) if "@" in reach else reach.strip().lower())


def household(directory: Directory, names: Names, dwelling_id: str, now: datetime) -> Household | None:
    """Return a household's card, None where the directory does not know the dwelling."""
    dwelling = directory.dwellings.get(dwelling_id)
    if dwelling is None:
        return None
    today = now.date()
    residence = directory.residence_of(dwelling_id)
    leases = [lease for lease in directory.leases_in(dwelling_id) if in_force(lease, today)]
    members = {
        lease.tenant_id: Member(lease.tenant_id, names.person(lease.tenant_id), lease.role, lease.phones, lease.email)
        for lease in leases
    }
    return Household(
        dwelling_id,
        names.dwelling(dwelling_id),
        names.residence(residence.residence_id) if residence else "",
        residence.office_id if residence else None,
        tuple(members.values()),
        told_caretakers(directory, names, on_duty(directory, dwelling.address_id, today)),
    )


def residence_caretakers(
    directory: Directory, names: Names, residence_id: str, now: datetime
) -> tuple[tuple[str, str, str], ...]:
    """Return who is on duty in a residence, as `told_caretakers` does."""
    return told_caretakers(directory, names, on_duty_in_residence(directory, residence_id, now.date()))


def told_caretakers(directory: Directory, names: Names, on: Sequence[OnDuty]) -> tuple[tuple[str, str, str], ...]:
    """Return of each caretaker on duty the name, the phone, and whom he replaces."""
    told = []
    for duty in on:
        there = directory.caretakers.get(duty.id or "")
        absent = names.caretaker(duty.replaces) if duty.replaces else ""
        told.append((names.caretaker(duty.id) if duty.id else "personne", there.phone if there else "", absent))
    return tuple(told)
