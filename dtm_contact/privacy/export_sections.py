"""Parts of the page of an export that stand by themselves: what is inside, who got the data, and who looked at them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from dtm_contact.privacy.disclosed import Disclosure
from dtm_contact.privacy.export_html import table

CASE_NUMBER: Final = re.compile(r"\d{4}-\d{6,}")
_LOOKED: Final = {
    "read": "lecture",
    "searched": "recherche",
    "exported": "copie",
    "protection": "lecture de la protection",
}
_NAMED: Final = {
    "searched": "recherche qui vous nommait, ou dont le résultat vous montrait",
    "exported": "copie ou liste où vous figurez",
}
"""What a line is called that is of several people."""
_WITHHELD: Final = (
    ("Le nom des agents", "on vous dit ce qui a été fait et par quelle fonction", "RGPD, art. 15(4) ; CJUE, C-579/21"),
    ("Ce que d’autres personnes ont écrit, et leurs coordonnées", "cela leur appartient", "RGPD, art. 15(4)"),
    (
        "Le nom des autres personnes auxquelles le programme a pensé",
        "seul leur nombre vous est donné",
        "RGPD, art. 15(4)",
    ),
    (
        "Le texte des avis internes qui citent un agent, une autre personne ou un autre dossier",
        "l’avis figure à sa date, sans son texte",
        "RGPD, art. 15(4)",
    ),
    ("Les sauvegardes", "elles répètent ce qui est ici et s’effacent par leur âge", "RGPD, art. 12(3) et 32(1)(c)"),
    ("Les chiffres de l’activité", "ce sont des nombres, sans personne", "RGPD, considérant 26"),
)
"""What is not inside, what is told in its place, and by which law."""


def inside(*, cases: int, messages: int, files: int, officer: str) -> Iterator[str]:
    """Yield what the copy holds and what it does not, and how to complain, for the first page."""
    yield (
        "<p>Cette copie réunit ce que nous savons de vous, au jour où elle est faite : "
        f"{_counted(cases, 'dossier')}, {_counted(messages, 'message ou appel', 'messages ou appels')} et "
        f"{_counted(files, 'fichier joint', 'fichiers joints')}. Vous y lisez :</p><ul>"
        "<li>qui vous êtes pour nous, et d’où nous le tenons ;</li>"
        "<li>chacun de vos messages et de vos appels, ce que nous y avons répondu et ce qui a été fait ;</li>"
        "<li>ce qu’un programme a décidé seul, et à qui il a pensé en lisant vos messages ;</li>"
        "<li>à qui vos données ont été transmises, et qui les a consultées ;</li>"
        "<li>pourquoi nous les gardons, combien de temps, et quels sont vos droits.</li></ul>"
        "<p>Ce qui n’y est pas, et pourquoi :</p>"
    )
    yield table(("Quoi", "Ce qui vous est dit", "Le texte"), [tuple(map(escape, row)) for row in _WITHHELD])
    whom = escape(officer or "notre délégué à la protection des données")
    yield (
        f"<p>Quelque chose manque, ou est faux ? Écrivez à {whom}. Vos droits, et à qui vous plaindre, sont dits "
        '<a href="#pourquoi">plus bas</a>.</p>'
    )


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count < _TWO else several or one + 's'}"


_TWO: Final = 2


def recipients(
    went_out: Iterable[Disclosure], cases: Mapping[int, str], when: Callable[[datetime], str]
) -> Iterator[str]:
    """Yield to whom the person's data went.

    Args:
        went_out: to whom, what and when.
        cases: how each case is told, as HTML, by its id.
        when: how a moment is told.
    """
    yield (
        "<p>Vos données sont lues, pour répondre à vos demandes, par les agents du bureau qui suit votre logement, par "
        "l’agence et par les responsables. En cas de danger, la personne d’astreinte et le gardien sont prévenus. Un "
        "agent peut transmettre un message à une entreprise chargée des travaux ou à un autre service. Rien n’est "
        "vendu, et rien ne part hors de l’Union européenne. Voici tout ce qui est parti à d’autres que vous :</p>"
    )
    rows = [
        (when(each.at), escape(each.whom), escape(each.what), cases.get(each.case_id or 0, "sans dossier"))
        for each in went_out
    ]
    yield table(("Quand", "À qui", "Quoi", "Dossier"), rows)


def readings(rows: Sequence[Mapping[str, Any]], months: int, when: Callable[[datetime], str]) -> Iterator[str]:
    """Yield who looked at the person's data, by role, and when.

    Args:
        rows: the lines of the audit trail.
        months: how long these are kept.
        when: how a moment is told.
    """
    yield (
        "<p>Chaque fois qu’un agent ouvre un de vos dossiers ou votre fiche, vous cherche ou fait une liste où vous "
        f"figurez, c’est noté : le voici. Ces lignes sont gardées {months} mois ; ce qui est plus ancien n’existe "
        "plus. Les agents agissent pour notre compte : leur fonction vous est donnée, et non leur nom. Une page qui "
        "montre beaucoup de personnes à la fois, comme la liste des dossiers d’un bureau, ne note pas chacune "
        "d’elles.</p>"
    )
    lines = [
        (when(each["at"]), escape(each["who"].capitalize()), escape(_looked(each["what"], each["subject"])))
        for each in sorted(rows, key=lambda row: row["at"])
    ]
    yield table(("Quand", "Qui", "Quoi"), lines)


def _looked(what: str, subject: str) -> str:
    """Return how staff looked at a case, or at a person's card."""
    if not subject:
        return _NAMED.get(what) or f"{_LOOKED.get(what, 'modification')} d’une page qui vous nomme"
    of = f"du dossier {subject}" if CASE_NUMBER.fullmatch(subject) else f"de votre fiche ({subject})"
    return f"{_LOOKED.get(what, 'modification')} {of}"
