"""Taking one's own last change back."""

from dtm_contact.cases.act import UNDONE, Act, handed_over, standing, take_back
from dtm_contact.cases.refusals import WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line
from dtm_contact.cases.verbs.correcting import check_why_lowered
from dtm_contact.cases.verbs.working import DangerOver, check_danger_over, no_second_call_back
from dtm_contact.model import Priority
from dtm_contact.store import Event


def _just_handed_over(act: Act) -> bool:
    return handed_over(act.work.events(act.held), act.actor)


@verb("undo", unless=_just_handed_over)
def undo(act: Act, reason: Line | None = None, danger_over: DangerOver | None = None) -> None:
    """Annule le dernier changement du dossier, si le même agent l'a fait ; puis celui d'avant, et ainsi de suite.

    Ce que le moteur ou un collègue a fait depuis n'est pas touché : si c'est la même chose, rien n'est annulé.
    Annuler la réouverture d'un P1 le clôt : dites pourquoi le danger est écarté (`danger_over`). Annuler ce qui en
    avait fait un P1 demande une raison.
    """
    changes = standing(act.work.events(act.held))
    if not changes:
        raise WrongStateError("il n'y a rien à annuler")
    last = changes[-1]
    if last.who != act.actor:
        raise WrongStateError(f"le dernier changement est de {act.account(last.who)}")
    _check_danger(act, last, reason, danger_over)
    if last.data["changed"].get("state", [None])[0] == "open":
        no_second_call_back(act)
    # Whoever opened a case for another office takes it back unseen, as long as nobody has worked on it.
    if "other" in last.data and not last.data["other"].get("opened"):
        act.other_case(last.data["other"]["number"])
    restored = take_back(act.work, act.held, last)
    act.work.resume_escalation(act.held, last.at)
    why = {"reason": reason} if reason else {}
    why |= {"danger_over": danger_over.value} if danger_over else {}
    act.tell(UNDONE, {"undoes": last.id, "what": last.what, "restored": restored, **why})


def _check_danger(act: Act, last: Event, reason: str | None, danger_over: DangerOver | None) -> None:
    """Make sure that taking a change back ends no danger in passing.

    Raises:
        WrongArgumentError: what must be said for that is not.
    """
    if act.case.state != "open" or act.case.priority is not Priority.P1:
        return
    changed = last.data["changed"]
    if changed.get("state", ["open"])[0] == "closed":
        check_danger_over(act, danger_over)
    elif changed.get("priority", [Priority.P1])[0] != Priority.P1:
        check_why_lowered(reason)
