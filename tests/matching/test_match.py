"""Who and where: one message a rule of the trade."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import (
    Authentication,
    Channel,
    Confirmed,
    Contact,
    Earlier,
    Forwarded,
    Mailbox,
    Match,
    NoHistory,
    OnDuty,
    Stated,
)
from dtm_contact.reading.formats.fields import block

ON = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def _mail(text: str = "", name: str = "", address: str = "inconnu@poste.example", **more: object) -> Contact:
    return replace(Contact(Channel.EMAIL, AT, Mailbox(name, address), new_text=text), **more)  # type: ignore[arg-type]


def _typed(name: str, place: str = "", phone: str = "") -> Contact:
    said = Stated(by="anna", visit="counter")
    return Contact(Channel.DESK, AT, Mailbox(name), new_text="Fuite.", signature=block(place, phone), stated=said)


def _ids(found: Match) -> tuple[str | None, str | None, str | None]:
    tenant, dwelling, residence = (
        each.id if each else None for each in (found.tenant, found.dwelling, found.residence)
    )
    return tenant, dwelling, residence


ODETTE = ("TX-odette", "LX1", "RX1")
GEORGES = ("TX-georges", "LX1", "RX1")
GREETED = (
    "Le 20 nov. 2026, Agence <agence@bailleur.example> a écrit :\nBonjour Mme Vauquelin,\nVotre demande est reçue."
)
NOBODY = (None, None, None)
VOUCHED = {"authentication": Authentication.VOUCHED}
AUBEPINES = (None, None, "RX1")


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        # What an agent typed in for whoever stood before him: fields, no letter.
        (_typed("Vauquelin Odette", place="12 rue Laplace, Arcueil"), ODETTE),
        (_typed("M. Vauquelin", place="Les Aubépines"), GEORGES),
        (_typed("", place="rue Laplace"), NOBODY),
        (_typed("Vauquelin"), AUBEPINES),
        # What is known of the sender.
        (_mail("Plus de chauffage.", address="Odette.Vauquelin@courriel.example"), ODETTE),
        (_mail("Plus de chauffage.\nGeorges", address="odette.vauquelin@courriel.example"), GEORGES),
        (_mail("rappelez moi", subject="Nouveau message vocal de 06 11 00 00 01 (00:12)"), ODETTE),
        (_mail("rappelez au zéro six onze zéro zéro zéro zéro zéro un"), ODETTE),
        (_mail("", address="33611000001@mms.mobile.example"), ODETTE),
        # What is known to two dwellings tells neither; the name then does.
        (_mail("Plus de lumière", address="famille.gavroche@courriel.example"), NOBODY),
        (_mail("Plus de lumière\nTél 0611000009"), NOBODY),
        (_mail("Plus de lumière\nPierre Gavroche", address="famille.gavroche@courriel.example"),
         ("TX-gavroche", "LX3", "RX1")),
        # Numbers of leases and units, however they are written.
        (_mail("Bail 5550003/13, plus d'eau"), ("TX-gavroche", "LX3", "RX1")),
        (_mail("Bail n°5550003 13, plus d'eau"), ("TX-gavroche", "LX3", "RX1")),
        (_mail("bail 5550003.13"), ("TX-gavroche", "LX3", "RX1")),
        (_mail("BAIL 555000313"), ("TX-gavroche", "LX3", "RX1")),
        (_mail("Réf logement 500003.13"), ("TX-gavroche", "LX3", "RX1")),
        (_mail("REF LOGEMENT 500001.11"), (None, "LX1", "RX1")),
        (_mail("Le gérant, bail C900001"), ("TX-bakery", "LX7", "RX1")),
        (_mail("place de parking, bail P700001"), ("TX-parker", None, None)),
        # Names and places.
        # A name alone is no proof, however rare: others bear it, too.
        (_mail("Fuite sous l'évier.\nOdette Vauquelin"), AUBEPINES),
        (_mail("Fuite sous l'évier.\nOdette Vauquelin, bâtiment A"), ODETTE),
        (_mail("Fuite sous l'évier.\nOdette Vauquelin, bâtiment C"), AUBEPINES),
        # A message of ours that greets them is enough beside the name; one of somebody else's is not.
        (_mail("Fuite sous l'évier.\nOdette Vauquelin", quoted_text=GREETED), ODETTE),
        (_mail("Fuite sous l'évier.\nOdette Vauquelin", quoted_text=GREETED.replace("Mme", "M.")), AUBEPINES),
        (_mail("Fuite sous l'évier.\nOdette Vauquelin", quoted_text=GREETED.replace("bailleur", "ami")), AUBEPINES),
        (_mail("Fuite sous l'évier, Les Aubépines.\nVAUQUELIN ODETTE"), ODETTE),
        (_mail("Fuite sous l'évier.\nOdette Vauquelin, 12 rue Laplace, Arcueil"), ODETTE),
        (_mail("Je suis Mme Sarrazin Odette, 12 rue Laplace, Arcueil"), ODETTE),
        (_mail("bonjour c'est madame voclin odète 12 rue la place arcueil batiment a"), (None, None, "RX1")),
        (_mail("Mme Vauquelin, 12 r. Laplace 94110 Arcueil"), ODETTE),
        (_mail("Fuite.\nFamille Vauquelin, 12 rue Laplace, Arcueil"), (None, "LX1", "RX1")),
        (_mail("Fuite.\nMohammed Jebali"), NOBODY),
        (_mail("Fuite au 12 rue Laplace à Arcueil bât B.\nMohammed Jebali"), ("TX-jebali1", "LX2", "RX1")),
        (_mail("Fuite avenue Wilson à Cachan.\nMohammed Jebali"), ("TX-jebali2", "LX4", "RX2")),
        (_mail("Un problème au 14bis rue Laplace, Arcueil"), AUBEPINES),
        (_mail("pas d'eau\nBoulangerie Aubépine"), ("TX-bakery", "LX7", "RX1")),
        (_mail("Fuite.\nM. et Mme Vauquelin\n12 rue Laplace, Arcueil"), (None, "LX1", "RX1")),
        (_mail("Pas d'eau.\nOdette Vauquelin, résidence des Aubépinnes à Arceuil"), ODETTE),
        (_mail("Pas d'eau, 7 avenuee du Président-Wilson à Cachan.\nThéodule Ribot"), ("TX-after", "LX6", "RX2")),
        (_mail("Pas d'eau. J'habite r Laplace à Cachan.\nEnguerrand Gavroche"), ("TX-grandson", "LX5", "RX2")),
        (_mail("Pas d'eau, tel (06) 11 00 00 01"), ODETTE),
        # A surname that is a word stands only where a name can.
        (_mail("Le petit marcel joue dans le hall du 9 rue Laplace à Cachan"), (None, None, "RX2")),
        (_mail("Il fait froid.\nMarcel Petit\n14 bis rue Laplace"), ("TX-petit", "LX9", "RX1")),
        # Whom they write for, not who writes.
        (_mail("J'écris pour maman, Odette Vauquelin, 81 ans. Moi je suis au 9 rue Laplace à Cachan.",
               "Enguerrand Gavroche"), ODETTE),
        (_mail("Je vous écris pour ma voisine Mme Odette Vauquelin, 12 rue Laplace, Arcueil.\nPierre Gavroche",
               "Pierre Gavroche", "famille.gavroche@courriel.example"), ODETTE),
        (_mail("Je contacte au sujet de Mme VAUQUELIN Odette, 12 rue Laplace, Arcueil, que j'accompagne.",
               "RIBOT Théodule (CD94)",
               signature="Théodule Ribot\nAssistant social\n7 avenue du Président-Wilson, Cachan"),
         ODETTE),
        (_mail("Je suis le conseil de Madame Odette VAUQUELIN née SARRAZIN, locataire.", "Maître Pierre GAVROCHE",
               signature="Pierre Gavroche\nAvocat au barreau"), ODETTE),
        # Who is only spoken of.
        (_mail("Ma voisine Mme Odette Vauquelin fait du bruit au 12 rue Laplace à Arcueil."), AUBEPINES),
        (_mail("Bonjour Madame Vauquelin,\nmerci de votre réponse."), NOBODY),
        (_mail("Le gardien M. Trochu ne répond pas."), NOBODY),
        (_mail("Je ne suis pas locataire chez vous. Un balcon tombe du 12 rue Laplace à Arcueil.\nPierre Gavroche"),
         AUBEPINES),
        (_mail("Je cherche un F2. Ma tante Mme Odette Vauquelin est au 12 rue Laplace à Arcueil."), NOBODY),
        (_mail("Je ne donne pas mon nom. Trafic au 12 rue Laplace à Arcueil, c'est Pierre Gavroche."), AUBEPINES),
        (_mail("Toujours rien.", quoted_text="Odette Vauquelin, 12 rue Laplace, Arcueil"), NOBODY),
        (_mail("Locataire d'un autre bailleur, 12 rue des Glaïeuls à Antony.\nBlaise Cendrars"), NOBODY),
        # Who writes of another place is named, and their home is not the place of the matter.
        (_mail("Il faut passer voir Théodule Ribot au plus vite. C'est au 11 avenue Wilson à Cachan.\nO. Vauquelin",
               address="odette.vauquelin@courriel.example"), ("TX-odette", None, None)),
        (_mail("Plus d'eau au 7 avenue du Président-Wilson à Cachan chez ma sœur.\nO. Vauquelin",
               address="odette.vauquelin@courriel.example"), ("TX-odette", None, "RX2")),
        (_mail("De : Georges\nPlus d'eau chaude.", "Odette Vauquelin", "odette.vauquelin@courriel.example"), GEORGES),
        (_mail("Plus d'eau\nje suis georges", "Odette Vauquelin", "odette.vauquelin@courriel.example"), GEORGES),
        (_mail("Coordonnées : Odette Vauquelin, Les Aubépines\nPlus d'eau."), ODETTE),
        (_mail("La porte ne ferme plus.\nNorbert Vauquelin", "N Vauquelin", "vauquelinn@poste.example"), NOBODY),
        # A parking space is its tenant's place, though the matter is at home.
        (_mail("Mon garage est au 7 avenue du Président-Wilson, à Cachan, mais la panne est chez moi.\nMarcel Petit"),
         ("TX-petit", "LX9", "RX1")),
        # A street that is not ours though it sounds so; a shop that is merely told of.
        (_mail("Domicile : 1 place Laplace, Nemours.\nOdette Vauquelin"), NOBODY),
        (_mail("Ils crient au 12 rue Laplace à Arcueil devant la boulangerie aubépine merci"), AUBEPINES),
        (_mail("bonjour c'est mme vauquelin 12 rue laplace arcueil plus d'eau",
               "Georges Vauquelin", "odette.vauquelin@courriel.example"), ODETTE),
        (_mail("Quels papiers faut-il M. Gavroche dit que ce n'est pas à lui\nO. Vauquelin, 12 rue Laplace, Arcueil"),
         ODETTE),
        # Who left.
        (_mail("Et mon dépôt de garantie ?", address="ysaline.brochant@courriel.example"), ("TX-gone", "LX6", "RX2")),
        # Passed on by a colleague: the first writer counts, the colleague does not.
        (_mail("Pour enregistrement.\nAnselme Trochu", "Anselme Trochu", "trochu@bailleur.example", **VOUCHED,
               forwarded=(Forwarded(Mailbox("Odette V.", "odette.vauquelin@courriel.example"), "fuite", "Une fuite"),)),
         ODETTE),
        # A colleague writes about a tenant; his own name, though a tenant's too, is his.
        (_mail("Rappelez Mme Odette Vauquelin, 12 rue Laplace à Arcueil.", "Agence", "agence@bailleur.example",
               **VOUCHED), ODETTE),
        (_mail("Pour information.\nMarcel Petit", "Marcel Petit", "m.petit@bailleur.example", **VOUCHED), NOBODY),
        # Two surnames; a hyphen makes one first name of two; a door known, but another name.
        (_mail("Pas d'eau.\nOdette Sarrazin ép. Vauquelin"), ODETTE),
        (_mail("Pas d'eau au Mail, à Cachan.\nPetit-Marcel\nTheodule Ribot"), ("TX-after", "LX6", "RX2")),
        (_mail("J'habite 12 rue Laplace, Arcueil, bât A, 6e étage porte 3.\nZébulon Trucmuche"),
         (None, "LX1", "RX1")),
        (_mail("Je suis Gontran Malaparte, j'habite au 7 avenue du Président-Wilson à Cachan.",
               address="odette.vauquelin@courriel.example"), (None, None, "RX2")),
        (_mail("bonjour je m'appelle odete vauquelain j'habite au 12 rue laplace à arcueil"), ODETTE),
        (_mail("je suis marie depuis dix ans et je suis petit", address="odette.vauquelin@courriel.example"), ODETTE),
        # What others said, and whom one was taken for, is not for whom one writes.
        (_mail("On me dit que c'est le dossier de M. Marcel Petit, non. Bail 5550001/11\nO. Vauquelin"), ODETTE),
        (_mail("Vous m'avez confondue avec le dossier de Mme Petit.\nO. Vauquelin, Les Aubépines, Arcueil"), AUBEPINES),
        # Who is found at fault, or merely told of, is not the one who writes.
        (_mail("M. et Mme Vauquelin, au 12 rue Laplace à Arcueil, font la fête."), AUBEPINES),
        (_mail("Le docteur Odette Vauquelin m'a arrêté."), NOBODY),
        # The landlord's own addresses, numbers and offices are no evidence.
        (_mail("Rappelez le 01 40 00 00 01", address="contact@bailleur.example"), NOBODY),
        (_mail("Je suis passé à votre bureau, 1 rue du Marché à Bobigny."), NOBODY),
    ],
)  # fmt: skip
def test_who_and_where(contact: Contact, expected: tuple[str | None, ...], placed: MatchIndex) -> None:
    assert _ids(match(contact, ON, placed, NoHistory())) == expected


@dataclass
class _Known(NoHistory):
    """A history that holds what a test gives it."""

    earlier: tuple[Earlier, ...] = ()
    facts: tuple[Confirmed, ...] = ()

    def thread(self, message_ids: Sequence[str]) -> tuple[Earlier, ...]:
        return tuple(each for each in self.earlier if each.message_id in message_ids)

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> tuple[Confirmed, ...]:
        return tuple(each for each in self.facts if each.value in addresses or each.value in numbers)


def test_an_address_that_an_agent_confirmed_names_the_tenant(placed: MatchIndex) -> None:
    history = _Known(facts=(Confirmed("inconnu@poste.example", "TX-petit"),))
    assert _ids(match(_mail("Fuite"), ON, placed, history)) == ("TX-petit", "LX9", "RX1")


def test_a_number_that_an_agent_confirmed_names_the_tenant(placed: MatchIndex) -> None:
    history = _Known(facts=(Confirmed("+33699887766", "TX-petit"),))
    assert _ids(match(_mail("Tél. 06 99 88 77 66"), ON, placed, history)) == ("TX-petit", "LX9", "RX1")


def test_a_thread_of_the_same_sender_tells_who_writes(placed: MatchIndex) -> None:
    history = _Known((Earlier("m1@x", "inconnu@poste.example", "2026-1", "TX-odette", "LX1", "RX1"),))
    assert _ids(match(_mail("Alors ?", in_reply_to=("m1@x",)), ON, placed, history)) == ODETTE


def test_somebody_else_in_the_thread_is_not_the_tenant_of_it(placed: MatchIndex) -> None:
    history = _Known((Earlier("m1@x", "autre@poste.example", "2026-1", "TX-odette", "LX1", "RX1"),))
    assert _ids(match(_mail("Alors ?", references=("m1@x",)), ON, placed, history)) == NOBODY


def test_the_caretaker_is_that_of_the_entrance(placed: MatchIndex) -> None:
    found = match(_mail("Bail 5550003/13"), ON, placed, NoHistory())
    assert found.caretakers == (OnDuty("GX2"),)


def test_the_caretaker_follows_the_entrances_that_the_text_singles_out(placed: MatchIndex) -> None:
    found = match(_mail("Une fenêtre cassée au 12 rue Laplace à Arcueil"), ON, placed, NoHistory())
    assert found.caretakers == (OnDuty("GX1"),)


def test_an_entrance_unknown_in_a_residence_with_two_caretakers_names_both(placed: MatchIndex) -> None:
    found = match(_mail("Une fenêtre cassée à la résidence Les Aubépines, Arcueil"), ON, placed, NoHistory())
    assert {duty.id for duty in found.caretakers} == {"GX1", "GX2"}


def test_the_office_is_that_of_the_residence(placed: MatchIndex) -> None:
    assert match(_mail("Bail 5550003/13"), ON, placed, NoHistory()).office_id == "bp1"
    assert match(_mail("Fuite.\nMohammed Jebali"), ON, placed, NoHistory()).office_id is None


def test_a_caretaker_named_speaks_for_his_residence(placed: MatchIndex) -> None:
    found = match(_mail("Le gardien M. Trochu est absent.\nMohammed Jebali"), ON, placed, NoHistory())
    assert found.candidates[0].tenant_id == "TX-jebali2"
    assert "place.caretaker" in {piece.name for piece in found.candidates[0].evidence}


def test_a_known_account_signed_by_somebody_else_is_nobodys(placed: MatchIndex) -> None:
    contact = _mail("Je suis M. Pierre Gavroche, 14 bis rue Laplace à Arcueil, sur la boîte d'une amie.",
                    "Odette Vauquelin", "odette.vauquelin@courriel.example")  # fmt: skip
    assert _ids(match(contact, ON, placed, NoHistory()))[0] in {None, "TX-gavroche"}


def test_an_address_of_ours_that_failed_a_check_is_no_colleague_s(placed: MatchIndex) -> None:
    colleague = _mail("Pour information.\nMarcel Petit", "Marcel Petit", "m.petit@bailleur.example")
    for authentication in (Authentication.NONE, Authentication.VOUCHED):
        found = match(replace(colleague, authentication=authentication), ON, placed, NoHistory())
        assert _ids(found) == NOBODY
        assert found.proven == ()
    # Signed by somebody, it is read as that somebody's, as from any other account.
    anybody = match(replace(colleague, authentication=Authentication.FAILED), ON, placed, NoHistory())
    assert _ids(anybody) == (None, None, "RX1")
