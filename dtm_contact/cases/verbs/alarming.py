"""What an agent knows of a danger: that somebody is in it, or that nobody is; each word is kept, to judge better."""

from typing import Any, Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.posting import danger_letters
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line
from dtm_contact.model import AlarmLevel, AlarmSource, OutgoingKind, Priority

_SAID_BY_AGENT: Final = "un agent a dit : pas de danger"
_BY_HAND: Final = ("priority", "due")


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
    data: dict[str, Any] = {"told": [letter.to for letter in letters if letter.kind is OutgoingKind.NOTICE]}
    data |= {"reason": reason} if reason else {}
    act.change(what, by_hand=_BY_HAND, data=data, waiting_until=None, **act.urgency(alarm, act.case.priority))
    act.label(danger=True)
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
        act.label(danger=False)


def check_why_lowered(reason: str | None) -> None:
    """Make sure that a reason is given for an open case to be a P1 no more.

    Raises:
        WrongArgumentError: none is.
    """
    if reason is None:
        raise WrongArgumentError("dites pourquoi cette urgence P1 n'en est plus une")
