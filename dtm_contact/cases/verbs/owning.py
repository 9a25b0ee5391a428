"""Whose a case is: taken, let go, handed over."""

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.taken_back import standing
from dtm_contact.cases.texts import Code, Line


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
