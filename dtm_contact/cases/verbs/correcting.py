"""What an agent knows better than the engine of a case: whom it is about, what, how urgent, whether it is a danger."""

from typing import Any, Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.posting import corrected_place, danger_letters
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.cases.verbs.confirming import learn, shared
from dtm_contact.directory import in_force
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, CodedText, Outgoing, OutgoingKind, Priority
from dtm_contact.store.case_transactions import Whom

_SAID_BY_AGENT: Final = CodedText("agent_says_no_danger")
_BY_HAND: Final = ("priority", "due")
_WHOM = ("tenant_id", "dwelling_id", "residence_id")


@verb("danger")
def danger(act: Act, reason: Line | None = None) -> None:
    """Dit que quelqu'un est en danger : le dossier devient un P1, et l'astreinte est prévenue aussitôt.

    Qui a écrit reçoit les consignes de sécurité, si une réponse automatique peut lui être envoyée. D'un P1 repris d'une
    autre boîte, qui n'a encore prévenu personne, cela dit que le danger est actuel.
    """
    act.must_be_open()
    if act.case.alarm.certain and not act.work.calls_nobody(act.held):
        raise WrongStateError("c'est déjà une urgence P1")
    raise_alarm(act, "danger", reason)


@verb("no_danger")
def no_danger(act: Act, reason: Line | None = None) -> None:
    """Dit que personne n'est en danger : l'alerte est levée, le dossier reste ouvert, en P2.

    D'un P1, il faut dire pourquoi.
    """
    act.must_be_open()
    if not act.case.alarm.any:
        raise WrongStateError("aucun danger n'y est signalé")
    lower_alarm(act, "no_danger", Priority.P2, reason)


def raise_alarm(act: Act, what: str, reason: str | None) -> None:
    """Make a case a certain alarm, and tell those on call; a P1 waits no more.

    Args:
        act: the verb being carried out.
        what: the event's word.
        reason: why, if the agent says so.
    """
    act.work.restart_escalation(act.held, Priority.P1)
    alarm = act.case.alarm.raised(AlarmSource.AGENT)
    letters = danger_letters(act, alarm)
    written = [letter for letter in letters if isinstance(letter, Outgoing)]
    data: dict[str, Any] = {"told": [letter.to for letter in written if letter.kind is OutgoingKind.NOTICE]}
    data |= {"reason": reason} if reason else {}
    data |= {"writer_told": any(letter.kind is OutgoingKind.ANSWER for letter in written)}
    urgency = act.urgency(alarm, act.case.priority, since=act.now)
    act.change(what, by_hand=_BY_HAND, data=data, waiting_until=None, **urgency)
    act.label_alarm(danger=True)
    for letter in letters:
        # Once the case is a P1: what is sent about one goes before all else.
        act.work.put_outgoing(act.held, letter)


def lower_alarm(act: Act, what: str, priority: Priority, reason: str | None) -> None:
    """Give a case a priority that is none of danger; where it was an alarm, it is none any more.

    Args:
        act: the verb being carried out.
        what: the event's word.
        priority: how urgent it is.
        reason: why; needed where it was a P1.

    Raises:
        WrongArgumentError: a P1 is lowered without a reason.
    """
    if act.case.alarm.certain:
        check_why_lowered(reason)
    alarm = act.case.alarm.lowered(AlarmLevel.NONE, _SAID_BY_AGENT)
    data = {"reason": reason} if reason else None
    act.change(what, by_hand=_BY_HAND, data=data, **act.urgency(alarm, priority))
    if act.case.alarm.any and not act.work.calls_nobody(act.held):
        # Of what was taken over it is said that the danger is no more, not that there was none.
        act.label_alarm(danger=False)


def is_denied(alarm: Alarm) -> bool:
    """Return whether an alarm is none because an agent said so."""
    return not alarm.any and alarm.why_not == _SAID_BY_AGENT


def check_why_lowered(reason: str | None) -> None:
    """Make sure that a reason is given for an open case to be a P1 no more.

    Raises:
        WrongArgumentError: none is.
    """
    if reason is None:
        raise WrongArgumentError("dites pourquoi cette urgence P1 n'en est plus une")


@verb("tenant")
def tenant(act: Act, tenant: Code | None = None, dwelling: Code | None = None, *, confirm: bool = False) -> None:
    """Dit de qui il s'agit ; sans locataire, que le foyer (`dwelling`) ; sans rien, que ce n'est aucun des nôtres.

    Rien d'autre n'en est retenu. Avec `confirm`, l'adresse ou le numéro du contact l'est comme étant à ce locataire,
    ainsi que `confirm` le fait.

    D'un P1 qui est ailleurs que dit, qui en a été prévenu, qui est de service là-bas et l'astreinte reçoivent l'adresse
    corrigée.

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
    letters = corrected_place(act, whom)
    if told := [letter.to for letter in letters if isinstance(letter, Outgoing)]:
        data["told"] = told
    act.change("tenant", by_hand=_WHOM, data=data, **dict(zip(_WHOM, whom, strict=True)))
    for letter in letters:
        act.work.put_outgoing(act.held, letter)


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
