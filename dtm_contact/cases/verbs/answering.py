"""An agent's words to the one who wrote, from our one address, in the thread."""

from dtm_contact.cases.act import Act
from dtm_contact.cases.posting import post, recipient
from dtm_contact.cases.refusals import WrongArgumentError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line, Words
from dtm_contact.rules.library import TO_FILL_IN


def check_filled_in(text: str) -> None:
    """Make sure that no place of a canned answer is left that only an agent can fill in.

    Raises:
        WrongArgumentError: one is.
    """
    at = text.find(TO_FILL_IN)
    if at >= 0:
        place = text[at : text.find("]", at) + 1 or at + 40]
        raise WrongArgumentError(f"complétez ou effacez « {place} » avant d'envoyer")


@verb("reply")
def reply(
    act: Act, text: Words, to: Line | None = None, subject: Line | None = None, *, unproven_ok: bool = False
) -> None:
    """Répond dans le dossier, depuis notre adresse et dans la conversation ; `to` : à quelle adresse.

    Sans `to`, à l'adresse vérifiée qui a écrit en dernier, sinon à celle du locataire dans l'annuaire. Une adresse que
    rien ne vérifie demande `unproven_ok` ; à une machine, on ne répond pas.
    """
    check_filled_in(text)
    post(act, recipient(act, to, unproven_ok=unproven_ok), text, subject=subject)
