"""Who and where, as people write it: by ear, from a relative's account, in other languages, streets cut short."""

import pytest

from dtm_contact.matching import MatchIndex
from tests.matching.asked import ask

ODETTE, GEORGES, NOBODY = "TX-odette", "TX-georges", None
HERS = "odette.vauquelin@courriel.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # "C'est", as it is written.
        ("cc c odette vauquelin 12 rue laplace arcueil batiment a\nplus d'eau", ODETTE),
        ("cé madame vauquelin 12 rue laplace arcueil, ya plu deau", ODETTE),
        ("c odette du 12 rue laplace arcueil bat a 6e porte 3", ODETTE),
        ("C'est Odette Vauquelin, du 12 rue Laplace à Arcueil.", ODETTE),
        ("My name Odette Vauquelin, 12 rue Laplace, Arcueil. No water.", ODETTE),
        # "C'est … qui" brings up somebody else, but not who writes.
        ("C'est M. Mohammed Jebali du bâtiment B qui fait du bruit, 12 rue Laplace à Arcueil.", NOBODY),
        ("C'est Mohammed Jebali qui a cassé la porte du 12 rue Laplace à Arcueil bât B.", NOBODY),
        ("C'est Odette Vauquelin qui écrit, 12 rue Laplace, Arcueil.", ODETTE),
        # "C" and "ce" that say something else.
        ("c fini l'eau au 12 rue laplace arcueil", NOBODY),
        ("ce monsieur jebali crie, 12 rue laplace arcueil bat b", NOBODY),
        # Remarks and birth names in brackets.
        ("12 rue Laplace, Arcueil : plus d'eau.\nMme Odette Vauquelin (c'est sa petite-fille qui tape)", ODETTE),
        ("Plus d'eau.\nMme Vauquelin (Sarrazin), 12 rue Laplace, Arcueil", ODETTE),
        # Other languages, and streets without their kind.
        ("Moro no 12 da rua Laplace, Arcueil. Não há água.\nOdette Vauquelin", ODETTE),
        ("O senhor Trochu disse-me para mandar um mail. Moro no 12 da rua Laplace, Arcueil.\nOdette Vauquelin", ODETTE),
        ("Plus d'eau, Président Wilson 7 à Cachan.\nThéodule Ribot", "TX-after"),
        ("Plus d'eau, avenue du Président Wilson 7 à Cachan.\nThéodule Ribot", "TX-after"),
    ],
)
def test_who_writes(text: str, expected: str | None, placed: MatchIndex) -> None:
    found = ask(text, placed)
    assert (found.tenant.id if found.tenant else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C'est Georges, Odette travaille. Plus d'eau chez nous.", GEORGES),
        ("C'est Georges qui écrit, Odette est au travail.", GEORGES),
        ("Je me sers de la boîte d'Odette. Plus d'eau chez nous.\nGeorges", GEORGES),
        ("This is Georges, I write from my wife's phone. No water.", GEORGES),
        ("Mon mari Georges est sorti. Plus d'eau chez nous.", ODETTE),
        ("Plus d'eau, Georges a vérifié la vanne.\nOdette", ODETTE),
        ("Je passe par la boîte d'Odette. Plus d'eau chez nous.", GEORGES),
        ("Plus d'eau, c'est la boîte de ma femme.", GEORGES),
        ("Plus d'eau, je n'ai pas internet, j'écris de la boîte d'Odette, mon épouse.", GEORGES),
        ("Je prends l'ordinateur d'Odette. Plus d'eau.\n\nG. V.", GEORGES),
        ("Plus d'eau chez nous.\n\nO. V.", ODETTE),
        ("Plus d'eau. Mon mari est plombier, il dit que c'est la colonne.", ODETTE),
    ],
)
def test_who_of_a_home_writes_from_its_account(text: str, expected: str, placed: MatchIndex) -> None:
    found = ask(text, placed, HERS)
    assert found.tenant is not None
    assert found.tenant.id == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Somebody of the home is named.
        ("Plus d'eau aux Aubépines. Mon mari c'est Georges.\nMme Vauquelin", ODETTE),
        # Papers in another's name are not written for him.
        (
            "12 rue Laplace, Arcueil. Le bail est au nom de Georges Vauquelin, mais j'écris.\nOdette Vauquelin",
            ODETTE,
        ),
        # His own married and birth names are nobody else's.
        ("Je suis Odette Vauquelin, née Sarrazin, 12 rue Laplace, Arcueil. Attestation au nom de Vauquelin.", ODETTE),
        # The lease that is quoted is another's.
        (
            "J'ai reçu l'avis du bail 5550003/13, ce n'est pas mon bail.\nOdette Vauquelin, 12 rue Laplace, Arcueil",
            ODETTE,
        ),
        ("Mon numéro de bail est le 5550003 barre 13, plus d'eau", "TX-gavroche"),
        ("J'ai reçu l'avis d'un autre, ce n'est pas mon bail. Le mien est le 5550003/13, plus d'eau", "TX-gavroche"),
        ("J'ai reçu l'avis du bail 5550003/13 : ce n'est pas mon contrat. Plus d'eau", NOBODY),
        # Neighbours and relatives who do not write.
        ("C'est Mme Odette Vauquelin, ma voisine, qui crie au 12 rue Laplace à Arcueil.", NOBODY),
    ],
)
def test_who_is_told_by_the_othersnamed(text: str, expected: str | None, placed: MatchIndex) -> None:
    found = ask(text, placed)
    assert (found.tenant.id if found.tenant else None) == expected


@pytest.mark.parametrize(
    ("text", "residence"),
    [
        # A residence and a street of another town bear one name: the town tells which is meant.
        ("bonjour, gabriel péri les lilas, plus deau", "R003"),
        ("bonjour, Gabriel-Péri à Châtenay, plus d'eau", "R015"),
        ("au 19 des quatre ruelles à Châtenay, plus d'eau", "R033"),
        ("il fait froid ché nou, ché moi aussi", None),
        ("j'habite 70 danielle casa, aux Églantiers", "R016"),
    ],
)
def test_where(text: str, residence: str | None, fixture_index: MatchIndex) -> None:
    found = ask(text, fixture_index)
    assert (found.residence.id if found.residence else None) == residence


def test_whom_a_mail_server_could_not_reach_did_not_write(placed: MatchIndex) -> None:
    text = f"The following message could not be delivered: <{HERS}>: host not found"
    found = ask(text, placed, "MAILER-DAEMON@relais.example")
    assert found.tenant is None


def test_initials_run_together_stand_for_a_compound_name(fixture_index: MatchIndex) -> None:
    found = ask("la c JB diakité au 19 des quatre ruelles bat B a Chatenay, 10e", fixture_index)
    assert found.candidates[0].tenant_id == "T009068"


def test_a_remark_in_brackets_is_no_birth_name(placed: MatchIndex) -> None:
    found = ask("Plus d'eau.\nMme Vauquelin (gardienne), 12 rue Laplace, Arcueil", placed)
    assert found.candidates[0].tenant_id == ODETTE
