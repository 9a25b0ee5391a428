"""Taking one's own last change back."""

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.taken_back import UNDONE, handed_over, standing, take_back
from dtm_contact.cases.verbs.closing import no_second_call_back


def _just_handed_over(act: Act) -> bool:
    return handed_over(act.work.events(act.held), act.actor)


@verb("undo", unless=_just_handed_over)
def undo(act: Act) -> None:
    """Annule le dernier changement du dossier, si le même agent l'a fait ; puis celui d'avant, et ainsi de suite.

    Ce que le moteur ou un collègue a fait depuis n'est pas touché : si c'est la même chose, rien n'est annulé.
    """
    changes = standing(act.work.events(act.held))
    if not changes:
        raise WrongStateError("il n'y a rien à annuler")
    last = changes[-1]
    if last.who != act.actor:
        raise WrongStateError(f"le dernier changement est de {last.who}")
    if last.data["changed"].get("state", [None])[0] == "open":
        no_second_call_back(act)
    if "other" in last.data:
        act.other_case(last.data["other"]["number"])
    restored = take_back(act.work, act.held, last)
    act.tell(UNDONE, {"undoes": last.id, "what": last.what, "restored": restored})
