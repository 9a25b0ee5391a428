"""The statement of accessibility that the law asks of every page of a public body, and whom to turn to.

Decree 2019-768 of 24 July 2019, in application of article 47 of the law 2005-102: an internal application of a public
landlord is one of those that it names. The grid is `docs/fr/accessibilite.md`; a test holds this page against it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

AUDITED_ON: Final = date(2026, 12, 1)
"""When the grid was filled in last."""

CONFORMING: Final = 75
"""Criteria of the grid that are met."""

NOT_MET: Final[Mapping[str, str]] = {
    "8.2": "le code des pages n’a pas été passé par un validateur de la norme ; seules les erreurs qui gênent une aide "
    "technique ont été cherchées",
    "9.4": "les citations courtes sont entre guillemets, sans la balise prévue",
    "13.1": "la session se ferme après une heure sans activité sans l’annoncer avant ; rien de ce qui est écrit n’est "
    "perdu, et l’on se reconnecte sur place",
}
"""Criteria that are not met, and how that shows."""


@page("/accessibilite", None)
def accessibility(context: RequestContext) -> Mapping[str, Any]:
    """Say how far the desk is accessible, what is not, and whom to turn to; to everybody, logged in or not."""
    contact = context.app.settings.desk.accessibility_contact
    return {
        "audited_on": AUDITED_ON,
        "rate": 100 * CONFORMING / (CONFORMING + len(NOT_MET)),
        "not_met": NOT_MET,
        "contact": contact or context.app.directory.agency.phone,
        "by_mail": "@" in contact,
    }
