"""Why a change is refused, in the words that agents read."""

from dtm_contact.errors import DtmContactError


class RefusedError(DtmContactError):
    """Impossible."""


class ChangedMeanwhileError(RefusedError):
    """Le dossier a changé entre-temps : relisez-le avant de recommencer."""


class WrongStateError(RefusedError):
    """Le dossier ne s'y prête pas."""


class WrongArgumentError(RefusedError):
    """La demande n'est pas valable."""


class UnprovenAddressError(RefusedError):
    """L'adresse n'est pas vérifiée."""


class NeverUsedError(RefusedError):
    """Le registre interdit d'écrire à cette adresse : répondez à une autre, ou joignez la personne autrement."""
