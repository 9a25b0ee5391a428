"""An agent's words to the one who wrote, from our one address, in the thread."""

from dtm_contact.cases.act import Act
from dtm_contact.cases.posting import post, recipient
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line, Words


@verb("reply")
def reply(act: Act, text: Words, to: Line | None = None, subject: Line | None = None) -> None:
    """Répond au dernier message du dossier, depuis notre adresse et dans la conversation ; `to` : à quelle adresse.

    L'adresse est l'une de celles qui ont écrit dans le dossier, ou l'une de celles du locataire dans l'annuaire.
    """
    post(act, recipient(act, to), text, subject=subject)
