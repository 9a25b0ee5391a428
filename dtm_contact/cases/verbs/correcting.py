"""What the engine said of a case and an agent knows better: whom it is about, what, how urgent."""

from typing import Any

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.cases.verbs.alarming import lower_alarm, raise_alarm
from dtm_contact.cases.verbs.confirming import learn, shared
from dtm_contact.directory import in_force
from dtm_contact.model import Priority
from dtm_contact.store.case_transactions import Whom

_WHOM = ("tenant_id", "dwelling_id", "residence_id")


@verb("tenant")
def tenant(act: Act, tenant: Code | None = None, dwelling: Code | None = None, *, confirm: bool = False) -> None:
    """Dit de qui il s'agit ; sans locataire, que le foyer (`dwelling`) ; sans rien, que ce n'est aucun des nôtres.

    Rien d'autre n'en est retenu. Avec `confirm`, l'adresse ou le numéro du contact l'est comme étant à ce locataire,
    ainsi que `confirm` le fait.

    Un agent de bureau ne nomme que les locataires de son bureau : le dossier d'un autre bureau lui est d'abord transmis
    (`move`), et c'est là-bas qu'on dit de qui il s'agit.
    """
    whom = _whom(act, tenant, dwelling)
    contacts = act.work.contacts(act.held)
    confirmed = learn(act, tenant) if tenant is not None and confirm else []
    concerned = [each for each in contacts if each.whom != whom]
    act.work.set_whom([each.arrival_id for each in concerned], whom)
    data: dict[str, Any] = {"concerned": [[each.arrival_id, list(each.whom)] for each in concerned]}
    if confirmed:
        data |= {"confirmed": confirmed, **shared(act, [(kind, value) for kind, value, _tenant_id in confirmed])}
    act.change("tenant", by_hand=_WHOM, data=data, **dict(zip(_WHOM, whom, strict=True)))


def _whom(act: Act, tenant_id: str | None, dwelling_id: str | None) -> Whom:
    directory = act.grounds.directory
    leases = directory.leases_of(tenant_id) if tenant_id is not None and act.sees_tenant(tenant_id) else ()
    if tenant_id is not None and not leases:
        raise WrongArgumentError(f"l'annuaire n'a pas de locataire {tenant_id}")
    if dwelling_id is None and tenant_id is not None:
        today = act.now.date()
        lived_in = {lease.dwelling_id for lease in leases if in_force(lease, today)}
        home = directory.home(tenant_id, today)
        likely = [act.case.dwelling_id] if act.case.dwelling_id in lived_in else []
        likely += [home.dwelling_id] if home else []
        dwelling_id = next((each for each in (*likely, *sorted(lived_in)) if act.sees_dwelling(each)), None)
    if dwelling_id is None:
        return tenant_id, None, None
    if dwelling_id not in directory.dwellings or not act.sees_dwelling(dwelling_id):
        raise WrongArgumentError(f"l'annuaire n'a pas de logement {dwelling_id}")
    if leases and dwelling_id not in {lease.dwelling_id for lease in leases}:
        raise WrongArgumentError(f"{tenant_id} n'a pas de bail au logement {dwelling_id}")
    residence = directory.residence_of(dwelling_id)
    return tenant_id, dwelling_id, residence.residence_id if residence else None


@verb("topic")
def topic(act: Act, topic: Code) -> None:
    """Change le sujet ; l'ancien reste dans l'historique, pour apprendre des erreurs."""
    known = act.rules.reader.topics
    if topic not in known:
        raise WrongArgumentError(f"le sujet {topic!r} n'existe pas ; il y a {', '.join(sorted(known))}")
    if topic == act.case.topic:
        raise WrongStateError("c'est déjà son sujet")
    act.change("topic", by_hand=("topic",), topic=topic)


@verb("priority")
def priority(act: Act, priority: Priority, reason: Line | None = None) -> None:
    """Change la priorité, et l'échéance avec elle, comptée depuis l'ouverture.

    P1 dit que quelqu'un est en danger (`danger`) ; moins dit que personne ne l'est (`no_danger`), et demande une raison
    si c'était un P1.
    """
    act.must_be_open()
    if priority is act.case.priority:
        raise WrongStateError("c'est déjà sa priorité")
    if priority is Priority.P1:
        raise_alarm(act, "priority", reason)
    else:
        lower_alarm(act, "priority", priority, reason)
