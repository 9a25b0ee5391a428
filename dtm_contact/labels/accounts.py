"""Accounts in the words of offices: why a change was refused, and the mails to the owners of accounts."""

from collections.abc import Mapping
from typing import Final

REFUSALS: Final[Mapping[str, str]] = {
    "name": "L’identifiant est fait de lettres minuscules sans accent, de chiffres, de points, de tirets ; 64 au plus.",
    "taken": "Cet identifiant est déjà celui d’un autre compte.",
    "role": "Ce rôle n’existe pas.",
    "office": "Un agent travaille dans un bureau au moins : choisissez-le.",
    "email": "Cette adresse n’est pas une adresse électronique.",
    "no email": "Ce compte n’a pas d’adresse électronique : ajoutez-la, ou faites un lien d’entrée.",
    "self": "Ce compte est le vôtre : un autre administrateur peut le fermer ou en changer le rôle.",
    "last admin": "C’est le dernier administrateur : il en faut un pour tenir les comptes.",
    "closed": "Ce compte est fermé : rouvrez-le d’abord.",
    "no mail": "Aucun courrier ne part d’ici : un serveur d’envoi ou l’adresse du bureau manque aux réglages.",
    "provider": "Cette personne se connecte par le fournisseur d’identité : elle n’a pas de mot de passe ici.",
    "often": "Trois liens attendent déjà dans sa boîte. Laissez-les servir ou expirer.",
}
"""Why something of an account was not done, by the code that the daemon returns."""
_PASSWORD_SUBJECT: Final = "Votre mot de passe du bureau"  # noqa: S105 - a subject
_INVITATION_SUBJECT: Final = "Votre compte au bureau"
_FOOT: Final = (
    "Ce lien ne sert qu’une fois. Ne le transmettez à personne. Si vous n’attendiez pas ce message, ne faites rien, et "
    "dites-le à un administrateur du bureau.\n"
)


def password_mail(shown_as: str, link: str, hours: float) -> tuple[str, str]:
    """Return subject and text of the mail to somebody who has lost their password."""
    within = "dans l’heure qui vient" if hours == 1 else f"dans les {hours:g} heures qui viennent"
    text = (
        f"Bonjour {shown_as},\n\nQuelqu’un, vous sans doute, dit avoir perdu votre mot de passe. Pour en choisir un "
        f"autre, {within} :\n\n{link}\n\n{_FOOT}"
    )
    return _PASSWORD_SUBJECT, text


def invitation_mail(shown_as: str, name: str, link: str, days: float) -> tuple[str, str]:
    """Return subject and text of the mail to somebody who is to choose their first password."""
    text = (
        f"Bonjour {shown_as},\n\nUn compte vous attend au bureau. Votre identifiant : {name}\n"
        f"Choisissez votre mot de passe dans les {days:g} jours :\n\n{link}\n\n{_FOOT}"
    )
    return _INVITATION_SUBJECT, text
