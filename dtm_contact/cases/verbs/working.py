"""An agent's work on a case: taken, let go, handed over, put off, called back, done, and not done after all."""

from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act, standing
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.model import CodedText, Priority


@verb("take")
def take(act: Act, *, from_colleague: bool = False) -> None:
    """Prend un dossier : l'agent s'en occupe.

    `from_colleague` : même si un collègue l'avait pris.
    """
    act.must_be_open()
    owner = act.case.owner
    if owner == act.actor:
        raise WrongStateError("vous l'avez déjà pris")
    if owner is not None and not from_colleague:
        raise WrongStateError(f"{owner} l'a pris")
    act.change("taken", owner=act.actor)


@verb("release")
def release(act: Act) -> None:
    """Rend un dossier à la file : plus personne ne s'en occupe."""
    act.must_be_open()
    if act.case.owner is None:
        raise WrongStateError("personne ne l'a pris")
    if act.case.owner != act.actor:
        raise WrongStateError(f"c'est {act.case.owner} qui l'a pris")
    _escalate_on(act)
    act.change("released", owner=None)


@verb("move")
def move(act: Act, queue: Code, reason: Line) -> None:
    """Transmet un dossier à une autre file, avec la raison ; l'échéance reste."""
    act.must_be_open()
    to = act.queue(queue)
    if to.id == act.case.queue:
        raise WrongStateError("il est déjà dans cette file")
    office = to.office_id or act.grounds.directory.agency.office_id
    _escalate_on(act)
    by_hand = ("queue", "office_id")
    act.change("moved", by_hand=by_hand, data={"reason": reason}, queue=to.id, office_id=office, owner=None)


def _escalate_on(act: Act) -> None:
    """Let the steps still happen that were needless because somebody had the case, who has it no more."""
    taken = [event.at for event in standing(act.work.events(act.held)) if event.what == "taken"]
    if act.case.owner is not None and taken:
        act.work.resume_escalation(act.held, taken[-1])


@verb("wait")
def wait(act: Act, until: AwareDatetime, reason: Line | None = None) -> None:
    """Met un dossier en attente jusqu'à un moment ; il revient de lui-même. Un dossier P1 n'attend pas."""
    act.must_be_open()
    if act.case.priority is Priority.P1:
        raise WrongStateError("une urgence P1 ne peut pas être mise en attente ; changez d'abord sa priorité")
    if until <= act.now:
        raise WrongArgumentError("le moment est déjà passé")
    act.change("waiting", data={"reason": reason} if reason else None, waiting_until=until)


@verb("resume")
def resume(act: Act) -> None:
    """Remet un dossier en attente dans l'ordre de sa file, tout de suite."""
    act.must_be_open()
    if not act.case.is_waiting(act.now):
        raise WrongStateError("il n'est pas en attente")
    act.change("resumed", waiting_until=None)


class DangerOver(StrEnum):
    """Why nobody is in danger any more: what is said when a case is closed in which somebody is, or may be."""

    MADE_SAFE = "made_safe"
    RESCUED = "rescued"
    REPAIRED = "repaired"
    SAFE = "safe"
    CHECKED = "checked"
    FALSE_ALARM = "false_alarm"


_NOBODY_WAS: Final = frozenset({DangerOver.CHECKED, DangerOver.FALSE_ALARM})
"""Those by which nobody ever was in danger."""


@verb("done")
def done(act: Act, reason: Line | None = None, danger_over: DangerOver | None = None, *, spoke: bool = False) -> None:
    """Clôt un dossier, avec la raison ; `spoke` : on a rappelé et joint la personne.

    Un danger, certain (P1) ou possible, n'est clos que si l'on dit pourquoi il est écarté (`danger_over`) ; la raison
    le précise.
    """
    act.must_be_open()
    check_danger_over(act, danger_over)
    data = None
    if danger_over is not None:
        data = {"danger_over": danger_over.value}
        spoken = True if spoke and not reason else None
        closed = CodedText.about("danger_over", over=danger_over.value, reason=reason, spoke=spoken)
    elif reason:
        closed = CodedText.plain(reason)
    elif spoke:
        closed = CodedText("called_back")
    else:
        raise WrongArgumentError("indiquez la raison de la clôture, ou que vous avez joint la personne")
    act.change("done", data=data, state="closed", closed_at=act.now, done_reason=closed, waiting_until=None)
    if danger_over is not None:
        act.label_alarm(danger=danger_over not in _NOBODY_WAS)


def check_danger_over(act: Act, danger_over: DangerOver | None) -> None:
    """Make sure that a danger is closed only by saying why it is over, and that this is said of nothing else.

    Raises:
        WrongArgumentError: it is not so.
    """
    if act.case.in_danger and danger_over is None:
        what = "une urgence P1 n'est close" if act.case.priority is Priority.P1 else "un danger possible n'est clos"
        raise WrongArgumentError(f"{what} que si vous dites pourquoi le danger est écarté")
    if not act.case.in_danger and danger_over is not None:
        raise WrongArgumentError("aucun danger n'est signalé dans ce dossier ; donnez une raison")


@verb("reopen")
def reopen(act: Act, reason: Line | None = None) -> None:
    """Rouvre un dossier clos."""
    if act.case.state == "open":
        raise WrongStateError("ce dossier est déjà ouvert")
    last = next((event.what for event in reversed(standing(act.work.events(act.held)))), "")
    if last == "merged":
        raise WrongStateError("il a été fusionné avec un autre ; annulez plutôt la fusion")
    no_second_call_back(act)
    if act.case.closed_at is not None:
        act.work.resume_escalation(act.held, act.case.closed_at)
    data = {"reason": reason} if reason else None
    act.change("reopened", data=data, state="open", closed_at=None, done_reason=None)


def no_second_call_back(act: Act) -> None:
    """Make sure that no other call-back of the same party is open.

    Raises:
        WrongStateError: one is.
    """
    rival = act.work.other_call_back(act.held)
    if rival is not None:
        raise WrongStateError(f"la même personne attend déjà un rappel au dossier {rival}")
