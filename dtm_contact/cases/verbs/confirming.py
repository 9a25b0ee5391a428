"""Which addresses and numbers are a tenant's: an agent's word, kept until it is taken back."""

import re
from collections.abc import Iterator
from typing import Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.taken_back import standing
from dtm_contact.cases.texts import Line
from dtm_contact.normalize import phone_key
from dtm_contact.store import HeldContact

_ADDRESS: Final = re.compile(r"[^\s<>@,;\"]+@[^\s<>@,;\"]+")
Fact = tuple[str, str]
"""`address` or `number`, and its key: lower case, or that of its subscriber."""


@verb("confirm")
def confirm(act: Act, value: Line) -> None:
    """Retient que cette adresse ou ce numéro, donné dans un message ou au téléphone, est au locataire du dossier.

    Par qui et quand. Cela survit aux imports de l'annuaire ; `undo` et `unconfirm` le reprennent.
    """
    kind, key, tenant_id = *_fact(value), _tenant(act)
    if _is_ours(act, kind, key):
        raise WrongArgumentError("c'est une adresse ou un numéro à nous")
    if not act.work.confirm(kind, key, tenant_id):
        raise WrongStateError("c'est déjà retenu")
    act.tell("confirmed", {"confirmed": [[kind, key, tenant_id]], "changed": {}})


@verb("unconfirm")
def unconfirm(act: Act, value: Line | None = None) -> None:
    """Reprend ce qui avait été retenu : que cette adresse ou ce numéro est au locataire du dossier.

    Sans `value` : tout ce que ce dossier avait fait retenir.
    """
    wanted = _confirmed_here(act) if value is None else [(_fact(value)[1], _tenant(act))]
    kinds = [(act.work.withdraw(each, tenant_id), each, tenant_id) for each, tenant_id in wanted]
    withdrawn = [[kind, each, tenant_id] for kind, each, tenant_id in kinds if kind is not None]
    if not withdrawn:
        raise WrongStateError("rien de tel n'est retenu")
    act.tell("unconfirmed", {"withdrawn": withdrawn, "changed": {}})


def reached_by(act: Act, contacts: list[HeldContact]) -> Iterator[Fact]:
    """Yield the addresses and numbers that the contacts came from; what is the landlord's own is nobody's."""
    for contact in contacts:
        for kind, key in (("address", contact.sender_address), ("number", contact.phone_key)):
            if key and not _is_ours(act, kind, key):
                yield kind, key


def _is_ours(act: Act, kind: str, key: str) -> bool:
    settings, offices = act.grounds.settings, act.grounds.directory.records.offices
    if kind == "number":
        return key in {phone_key(number) for number in (*settings.numbers, *(office.phone for office in offices))}
    domain = key.rpartition("@")[2]
    return any(domain == own or domain.endswith(f".{own}") for own in settings.domains)


def _confirmed_here(act: Act) -> list[tuple[str, str]]:
    facts = [fact for event in standing(act.work.events(act.held)) for fact in event.data.get("confirmed", ())]
    return [(value, tenant_id) for _kind, value, tenant_id in facts]


def _tenant(act: Act) -> str:
    if act.case.tenant_id is None:
        raise WrongStateError("le dossier ne nomme aucun locataire")
    return act.case.tenant_id


def _fact(value: str) -> Fact:
    if "@" in value and _ADDRESS.fullmatch(value):
        return "address", value.lower()
    key = phone_key(value)
    if key is None:
        raise WrongArgumentError("ce n'est ni une adresse ni un numéro")
    return "number", key
