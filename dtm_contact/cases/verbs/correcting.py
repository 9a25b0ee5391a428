"""What the engine said of a case and an agent knows better: whom it is about, what, how urgent."""

from collections.abc import Iterator

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.taken_back import standing
from dtm_contact.cases.texts import Code, Line
from dtm_contact.directory import in_force
from dtm_contact.model import Priority
from dtm_contact.normalize import phone_key
from dtm_contact.store import HeldContact
from dtm_contact.store.work import Whom

_WHOM = ("tenant_id", "dwelling_id", "residence_id")


@verb("tenant")
def tenant(act: Act, tenant: Code | None = None, dwelling: Code | None = None, *, confirm: bool = True) -> None:
    """Dit de qui il s'agit ; sans locataire, que le foyer (`dwelling`) ; sans rien, que ce n'est aucun des nôtres.

    L'adresse ou le numéro du contact est retenu comme étant à ce locataire, sauf `confirm` faux : par qui et quand. Il
    survit aux imports de l'annuaire, et `unconfirm` le reprend.
    """
    whom = _whom(act, tenant, dwelling)
    contacts = act.work.contacts(act.held)
    confirmed = []
    if tenant is not None and confirm:
        confirmed = [[*fact, tenant] for fact in _reached_by(act, contacts) if act.work.confirm(*fact, tenant)]
    concerned = [each for each in contacts if each.whom != whom]
    act.work.concern([each.arrival_id for each in concerned], whom)
    data = {"confirmed": confirmed, "concerned": [[each.arrival_id, list(each.whom)] for each in concerned]}
    act.change("tenant", by_hand=_WHOM, data=data, **dict(zip(_WHOM, whom, strict=True)))


def _whom(act: Act, tenant_id: str | None, dwelling_id: str | None) -> Whom:
    directory = act.grounds.directory
    leases = directory.leases_of(tenant_id) if tenant_id is not None else ()
    if tenant_id is not None and not leases:
        raise WrongArgumentError(f"l'annuaire n'a pas de locataire {tenant_id}")
    if dwelling_id is None and tenant_id is not None:
        today = act.now.date()
        lived_in = {lease.dwelling_id for lease in leases if in_force(lease, today)}
        home = directory.home(tenant_id, today)
        known = act.case.dwelling_id
        dwelling_id = known if known in lived_in else home.dwelling_id if home else None
    if dwelling_id is None:
        return tenant_id, None, None
    if dwelling_id not in directory.dwellings:
        raise WrongArgumentError(f"l'annuaire n'a pas de logement {dwelling_id}")
    if leases and dwelling_id not in {lease.dwelling_id for lease in leases}:
        raise WrongArgumentError(f"{tenant_id} n'a pas de bail au logement {dwelling_id}")
    residence = directory.residence_of(dwelling_id)
    return tenant_id, dwelling_id, residence.residence_id if residence else None


def _reached_by(act: Act, contacts: list[HeldContact]) -> Iterator[tuple[str, str]]:
    """Yield the addresses and numbers that the contacts came from; what is the landlord's own is nobody's."""
    settings, offices = act.grounds.settings, act.grounds.directory.records.offices
    ours = {phone_key(number) for number in (*settings.numbers, *(office.phone for office in offices))}
    for contact in contacts:
        _, _, domain = contact.sender_address.rpartition("@")
        if domain and not any(domain == own or domain.endswith(f".{own}") for own in settings.domains):
            yield "address", contact.sender_address
        if contact.phone_key and contact.phone_key not in ours:
            yield "number", contact.phone_key


@verb("unconfirm")
def unconfirm(act: Act, value: Line | None = None) -> None:
    """Reprend ce qui avait été retenu : que cette adresse ou ce numéro est au locataire du dossier.

    Sans `value` : tout ce que ce dossier avait fait retenir.
    """
    wanted = _confirmed_here(act) if value is None else _confirmed_as(act, value)
    kinds = [(act.work.withdraw(each, tenant_id), each, tenant_id) for each, tenant_id in wanted]
    withdrawn = [[kind, each, tenant_id] for kind, each, tenant_id in kinds if kind is not None]
    if not withdrawn:
        raise WrongStateError("rien de tel n'est retenu")
    act.tell("unconfirmed", {"withdrawn": withdrawn, "changed": {}})


def _confirmed_here(act: Act) -> list[tuple[str, str]]:
    facts = [fact for event in standing(act.work.events(act.held)) for fact in event.data.get("confirmed", ())]
    return [(value, tenant_id) for _kind, value, tenant_id in facts]


def _confirmed_as(act: Act, value: str) -> list[tuple[str, str]]:
    if act.case.tenant_id is None:
        raise WrongStateError("le dossier ne nomme aucun locataire")
    key = value.lower() if "@" in value else phone_key(value)
    if key is None:
        raise WrongArgumentError("ce n'est ni une adresse ni un numéro")
    return [(key, act.case.tenant_id)]


@verb("topic")
def topic(act: Act, topic: Code) -> None:
    """Change le sujet ; l'ancien reste dans l'historique, pour apprendre des erreurs."""
    known = act.rules.lexicon.topics
    if topic not in known:
        raise WrongArgumentError(f"le sujet {topic!r} n'existe pas ; il y a {', '.join(sorted(known))}")
    if topic == act.case.topic:
        raise WrongStateError("c'est déjà son sujet")
    act.change("topic", by_hand=("topic",), topic=topic)


@verb("priority")
def priority(act: Act, priority: Priority, reason: Line | None = None) -> None:
    """Change la priorité, et l'échéance avec elle, comptée depuis l'ouverture ; un P1 n'attend plus."""
    act.must_be_open()
    if priority is act.case.priority:
        raise WrongStateError("c'est déjà sa priorité")
    waiting = None if priority is Priority.P1 else act.case.waiting_until
    act.change(
        "priority",
        by_hand=("priority", "due"),
        data={"reason": reason} if reason else None,
        priority=priority,
        due=act.due(priority, act.case.queue),
        waiting_until=waiting,
    )
