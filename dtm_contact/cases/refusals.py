"""Why a change is refused, in the words that agents read."""

from dtm_contact.errors import DtmContactError


class RefusedError(DtmContactError):
    """Ce n'est pas possible."""

    def __init__(self, detail: str = "") -> None:
        """Take why, as a sentence of its own; without it the class's docstring says so."""
        super().__init__()
        if detail:
            self.args = (_sentence(detail),)


def _sentence(words: str) -> str:
    """Make a sentence of it; what begins with an argument's name stays as it is, for who calls a verb by name."""
    if words.partition(" ")[0].endswith(":"):
        return words
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '!', '?', '»')) else '.'}"


class ChangedMeanwhileError(RefusedError):
    """Le dossier a changé entre-temps : relisez-le avant de recommencer."""


class WrongStateError(RefusedError):
    """Le dossier ne le permet pas."""


class WrongArgumentError(RefusedError):
    """Il manque une précision, ou l'une d'elles ne convient pas."""


class UnprovenAddressError(RefusedError):
    """L'adresse n'est pas vérifiée."""


class NothingAttachedError(RefusedError):
    """Le texte annonce une pièce, et rien n'est joint."""


class NeverUsedError(RefusedError):
    """Le registre interdit d'écrire à cette adresse : répondez à une autre, ou joignez la personne autrement."""
