"""Who somebody is for us, as a copy tells it: their leases, how they are reached, and where we have that from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final

from dtm_contact.calls.outcomes import national
from dtm_contact.labels.formats import spaced
from dtm_contact.privacy.export_html import table
from dtm_contact.privacy.export_parts import full_name

Row = Mapping[str, Any]
_ROLES: Final = {"holder": "titulaire du bail", "co_holder": "cotitulaire du bail", "occupant": "occupant"}
_CONFIRMED: Final = " ; « confirmée » veut dire que vous l’avez donnée, ou qu’un agent l’a ajoutée à votre fiche"


def who_they_are(
    person: Mapping[str, Any],
    rows: Callable[[str], Iterable[Row]],
    dwelling: Callable[[str], str],
    day: Callable[[Any], str],
) -> Iterator[str]:
    """Yield who somebody is for us, and where we have it from.

    Args:
        person: by what they are known, as it stands in the file of data.
        rows: returns the rows of a table.
        dwelling: how a dwelling is called.
        day: how a day is told.
    """
    told: list[tuple[str, str]] = []
    for lease in rows("leases"):
        told += _lease(lease, dwelling, day)
    told += [("Numéro de locataire", each) for each in person["locataire"]]
    told += [("Courriel connu de nous", each) for each in person["adresses"]]
    told += [("Téléphone connu de nous", spaced(national(each))) for each in person["numeros"]]
    confirmed = list(rows("confirmed_contacts"))
    for each in confirmed:
        value = each["value"] if each["kind"] == "address" else spaced(national(each["value"]))
        of_case = f", dans le dossier {each['case_number']}" if each["case_number"] else ""
        told.append(("Coordonnée confirmée", f"{value} : le {day(each['confirmed_at'])}{of_case}"))
    for each in rows("undeliverable_addresses"):
        told.append(("Adresse qui ne reçoit plus", f"{each['address']} : depuis le {day(each['since'])}"))
    yield table(("", ""), dict.fromkeys((head, escape(value)) for head, value in told))
    yield (
        "<p>D’où cela vient : le nom, le nom de naissance, le bail, le logement et ce qui est dit « dans l’annuaire » "
        "viennent de notre fichier des locataires. Une coordonnée « connue de nous » qui n’est pas dans l’annuaire "
        f"vient de vos messages et appels, ou d’un agent{_CONFIRMED if confirmed else ''}. Le reste vient de vos "
        "messages, de vos appels et de ce que des agents ont noté.</p>"
    )


def _lease(lease: Row, dwelling: Callable[[str], str], day: Callable[[Any], str]) -> Iterator[tuple[str, str]]:
    yield "Nom", full_name(lease)
    if lease["birth_name"]:
        yield "Nom de naissance", lease["birth_name"]
    end = f" au {day(lease['lease_end'])}" if lease["lease_end"] else ""
    since = f" du {day(lease['lease_start'])}{end}" if lease["lease_start"] else ""
    yield "Bail", f"n° {lease['lease_id']}{since}, {_ROLES.get(lease['role'], lease['role'])}"
    yield "Logement", f"{dwelling(lease['dwelling_id'])} (n° {lease['dwelling_id']})"
    yield from (("Téléphone dans l’annuaire", spaced(each)) for each in lease["phones"])
    if lease["email"]:
        yield "Courriel dans l’annuaire", lease["email"]
