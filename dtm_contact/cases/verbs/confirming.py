"""Which addresses and numbers are a tenant's: an agent's word, kept until it is taken back."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from dtm_contact.cases.act import Act, standing
from dtm_contact.cases.knowledge import Knowledge
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.directory import Directory
from dtm_contact.model import Asker, Judgement
from dtm_contact.store import CaseContact
from dtm_contact.text import is_robot, phone_key

_ADDRESS: Final = re.compile(r"[^\s<>@,;\"]+@[^\s<>@,;\"]+")
NOT_THE_TENANT: Final = frozenset({Asker.THIRD_PARTY, Asker.TOWN_HALL, Asker.SUPPLIER, Asker.OTHER_LANDLORD})
"""Who, by what they write, is not the tenant whom they write about."""
_NOTHING_KEPT: Final = "cette coordonnée n'est pas enregistrée"
Fact = tuple[str, str]
"""`address` or `number`, and its key: lower case, or that of its subscriber."""


@verb("confirm")
def confirm(act: Act, value: Line) -> None:
    """Retient que cette adresse ou ce numéro, donné dans un message ou au téléphone, est au locataire du dossier.

    Par qui et quand. Cela survit aux imports de l'annuaire ; `undo` et `unconfirm` le reprennent. Ce qui est à une
    machine, à nous, ou à qui écrit pour quelqu'un d'autre ne peut pas être retenu.
    """
    fact, tenant_id = fact_of(value), _tenant(act)
    reason = why_not_learnt(fact, act.work.judged_contacts(act.held), act.grounds)
    if reason is not None:
        raise WrongArgumentError(reason)
    if fact in known_to_household(tenant_id, act.grounds.directory):
        raise WrongStateError("l'annuaire le donne déjà au foyer")
    if not act.work.confirm(act.held, *fact, tenant_id):
        raise WrongStateError("cette coordonnée est déjà enregistrée")
    act.tell("confirmed", {"confirmed": [[*fact, tenant_id]], "changed": {}, **shared(act, [fact])})


@verb("unconfirm")
def unconfirm(act: Act, value: Line | None = None, tenant: Code | None = None) -> None:
    """Reprend ce qui avait été retenu : que cette adresse ou ce numéro est au locataire du dossier.

    Sans `value` : tout ce que ce dossier avait fait retenir. `tenant` : pour un autre locataire que celui du dossier.
    """
    if tenant is not None and not act.sees_tenant(tenant):
        raise WrongStateError(_NOTHING_KEPT)
    wanted = _confirmed_here(act) if value is None else [(fact_of(value)[1], tenant or _tenant(act))]
    kinds = [(act.work.withdraw_confirmation(each, tenant_id), each, tenant_id) for each, tenant_id in wanted]
    withdrawn = [[kind, each, tenant_id] for kind, each, tenant_id in kinds if kind is not None]
    if not withdrawn:
        raise WrongStateError(_NOTHING_KEPT)
    act.tell("unconfirmed", {"withdrawn": withdrawn, "changed": {}})


def learn(act: Act, tenant_id: str) -> list[list[str]]:
    """Keep the addresses and numbers that the case's contacts came from as a tenant's; return each with its kind.

    Raises:
        WrongArgumentError: none of them can be a tenant's.
    """
    contacts, known = act.work.judged_contacts(act.held), known_to_household(tenant_id, act.grounds.directory)
    unknown = [fact for fact in reached_by(contacts) if fact not in known]
    reasons = {fact: why_not_learnt(fact, contacts, act.grounds) for fact in unknown}
    refused = [reason for reason in reasons.values() if reason is not None]
    if refused and len(refused) == len(reasons):
        raise WrongArgumentError(refused[0])
    learnt = [fact for fact, reason in reasons.items() if reason is None]
    return [[*fact, tenant_id] for fact in learnt if act.work.confirm(act.held, *fact, tenant_id)]


def reached_by(contacts: Sequence[CaseContact]) -> tuple[Fact, ...]:
    """Return the addresses and numbers that contacts came from, the latest first, each once."""
    found = [
        (kind, key)
        for contact in reversed(contacts)
        for kind, key in (("address", contact.sender_address), ("number", contact.phone_key))
        if key
    ]
    return tuple(dict.fromkeys(found))


def known_to_household(tenant_id: str, directory: Directory) -> frozenset[Fact]:
    """Return the addresses and numbers that the directory gives a tenant, or somebody of their household."""
    homes = {lease.dwelling_id for lease in directory.leases_of(tenant_id)}
    leases = [*directory.leases_of(tenant_id), *(lease for home in homes for lease in directory.leases_in(home))]
    addresses = {("address", lease.email.lower()) for lease in leases if lease.email}
    keys = {phone_key(phone) for lease in leases for phone in lease.phones}
    return frozenset(addresses | {("number", key) for key in keys if key})


def why_not_learnt(fact: Fact, contacts: Sequence[CaseContact], grounds: Knowledge) -> str | None:
    """Return why an address or number cannot be kept as a tenant's, for agents; None where it can.

    Args:
        fact: what it is.
        contacts: the case's: what came from that address says whether a person wrote, and for whom.
        grounds: directory and settings.
    """
    kind, key = fact
    if _is_ours(grounds, kind, key):
        return "c'est une adresse ou un numéro à nous"
    if kind == "number":
        machines = {phone_key(each.number) for each in grounds.directory.records.equipment}
        return "c'est le numéro d'une machine" if key in machines else None
    judged = [each.judgement for each in contacts if each.judgement and each.sender_address == key]
    by_program = any(each.contact.by_program or each.contact.voice for each in judged)
    if by_program or is_robot(key, grounds.rules.sources.machines):
        return "une machine écrit de cette adresse : elle n'est à aucun locataire"
    if any(_for_another(each) for each in judged):
        return "de cette adresse, on a écrit pour quelqu'un d'autre ou pour un organisme : elle n'est pas au locataire"
    return None


def _for_another(judgement: Judgement) -> bool:
    passes_on = bool(judgement.contact.forwarded) and judgement.writer == judgement.contact.sender
    return passes_on or judgement.match.on_behalf or judgement.understanding.asker in NOT_THE_TENANT


def shared(act: Act, facts: Iterable[Fact]) -> dict[str, list[str]]:
    """Return what an event says of facts that are confirmed for several households, so that none is known by them."""
    directory = act.grounds.directory
    values = [value for _kind, value in facts if not directory.of_one_household(act.work.confirmed_for(value))]
    return {"shared": values} if values else {}


def _is_ours(grounds: Knowledge, kind: str, key: str) -> bool:
    settings, records = grounds.settings, grounds.directory.records
    staff = [(each.phone, each.email) for each in records.offices]
    staff += [(each.phone, each.email) for each in records.caretakers]
    if kind == "number":
        return key in {phone_key(number) for number in (*settings.numbers, *(phone for phone, _email in staff))}
    domain = key.rpartition("@")[2]
    own = any(domain == each or domain.endswith(f".{each}") for each in settings.domains)
    return own or key in {email.lower() for _phone, email in staff if email}


def _confirmed_here(act: Act) -> list[tuple[str, str]]:
    facts = [fact for event in standing(act.work.events(act.held)) for fact in event.data.get("confirmed", ())]
    return [(value, tenant_id) for _kind, value, tenant_id in facts]


def _tenant(act: Act) -> str:
    if act.case.tenant_id is None or not act.sees_tenant(act.case.tenant_id):
        raise WrongStateError("le dossier ne nomme aucun locataire")
    return act.case.tenant_id


def fact_of(value: str) -> Fact:
    """Return an address or number as it is kept.

    Raises:
        WrongArgumentError: it is neither.
    """
    if "@" in value and _ADDRESS.fullmatch(value):
        return "address", value.lower()
    key = phone_key(value)
    if key is None:
        raise WrongArgumentError("ce n'est ni une adresse ni un numéro")
    return "number", key
