"""Taking one's own last change back."""

from dtm_contact.cases.act import UNDONE, Act, handed_over, standing, take_back
from dtm_contact.cases.posting import corrected_place
from dtm_contact.cases.refusals import WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line
from dtm_contact.cases.verbs.correcting import check_why_lowered
from dtm_contact.cases.verbs.working import DangerOver, check_danger_over, no_second_call_back
from dtm_contact.model import Priority
from dtm_contact.store import Event
from dtm_contact.store.case_transactions import Whom


def _just_handed_over(act: Act) -> bool:
    return handed_over(act.work.events(act.held), act.actor)


@verb("undo", unless=_just_handed_over)
def undo(act: Act, reason: Line | None = None, danger_over: DangerOver | None = None) -> None:
    """Annule le dernier changement du dossier, si le même agent l'a fait ; puis celui d'avant, et ainsi de suite.

    Ce que le moteur ou un collègue a fait depuis n'est pas touché : si c'est la même chose, rien n'est annulé.
    Annuler la réouverture d'un danger le clôt : dites pourquoi le danger est écarté (`danger_over`). Annuler ce qui en
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
    letters = corrected_place(act, _place_before(act, last))
    restored = take_back(act.work, act.held, last)
    for letter in letters:
        act.work.put_outgoing(act.held, letter)
    act.work.resume_escalation(act.held, last.at)
    why = {"reason": reason} if reason else {}
    why |= {"danger_over": danger_over.value} if danger_over else {}
    act.tell(UNDONE, {"undoes": last.id, "what": last.what, "restored": restored, **why})


def _place_before(act: Act, last: Event) -> Whom:
    """Return whom the case was about before a change, and where."""
    changed = last.data["changed"]
    tenant_id, dwelling_id, residence_id = (
        changed[name][0] if name in changed else getattr(act.case, name)
        for name in ("tenant_id", "dwelling_id", "residence_id")
    )
    return tenant_id, dwelling_id, residence_id


def _check_danger(act: Act, last: Event, reason: str | None, danger_over: DangerOver | None) -> None:
    """Make sure that taking a change back ends no danger in passing.

    Raises:
        WrongArgumentError: what must be said for that is not.
    """
    if act.case.state != "open" or not act.case.in_danger:
        return
    changed = last.data["changed"]
    if changed.get("state", ["open"])[0] == "closed":
        check_danger_over(act, danger_over)
    elif act.case.priority is Priority.P1 and changed.get("priority", [Priority.P1])[0] != Priority.P1:
        check_why_lowered(reason)
