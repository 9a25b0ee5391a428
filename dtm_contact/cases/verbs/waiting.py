"""A case that waits for something: out of its queue's order until a time, back by itself then."""

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line
from dtm_contact.model import Priority


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
