"""A form's labels and who-and-where lines are cut, unless they tell of danger: no danger is cut."""

from datetime import UTC, datetime

import pytest

from dtm_contact.model import AlarmLevel, Channel, Contact, Part, Understanding
from dtm_contact.text import FieldDanger, unwrapped
from dtm_contact.topics import Reader, understand
from dtm_contact.topics.danger import with_field
from dtm_contact.topics.fields import danger_of_field

AT = datetime(2026, 11, 24, tzinfo=UTC)
WRITER = "Nom : Karembo\nTéléphone : 06 39 98 14 07\n"
CALL_BACK = "\nMessage : merci de me rappeler"
FIRE = [FieldDanger(), FieldDanger(AlarmLevel.CERTAIN, 0.9)]
REPORT = "Site : Verlaine\nHeure : 04 h 10\n"


def contact(text: str) -> Contact:
    return Contact(Channel.EMAIL, AT, subject="Formulaire", new_text=text)


def understood(text: str, reader: Reader) -> Understanding:
    return understand(contact(text), reader)


@pytest.mark.parametrize(
    "field",
    [
        "Odeur de gaz : oui",
        "Odeur de gaz : palier du 4e",
        "Enfant seul sur le balcon : 5e étage, côté cour",
        "Bâtiment B : odeur de gaz dans le hall",
        "Date : 12/03, un homme menace les passants avec un couteau",
    ],
)
@pytest.mark.parametrize("form", [WRITER + "{}" + CALL_BACK, REPORT + "{}\nAgent : Paul"], ids=["form", "report"])
def test_a_danger_in_a_label_or_beside_a_place_is_heard(form: str, field: str, reader: Reader) -> None:
    assert understood(form.format(field), reader).alarm.certain


@pytest.mark.parametrize(
    "field",
    [
        "Homme inanimé : hall B, près des boîtes aux lettres",
        "Porte palière : enfant coincé dedans, il hurle",
    ],
)
def test_such_a_danger_that_may_be_one_is_shown(field: str, reader: Reader) -> None:
    assert understood(WRITER + field + CALL_BACK, reader).alarm.any


@pytest.mark.parametrize(
    "field",
    [
        "Odeur de gaz : non",
        "Odeur de gaz : aucune à ce jour",
        "Odeur de gaz : 0 ppm",
        "Odeur de gaz : néant",
        "Odeur de gaz : ",
        "Personne bloquée dans la cabine : non",
        "Adresse : 4 rue du Gaz",
        "Nom : FEU",
    ],
)
def test_a_question_that_is_answered_by_no_and_a_name_raise_nothing(field: str, reader: Reader) -> None:
    assert understood(WRITER + field + CALL_BACK, reader).alarm.level is AlarmLevel.NONE


@pytest.mark.parametrize(
    "question",
    [
        "Signalez-vous un danger (incendie, odeur de gaz, personne bloquée) ?\nNon",
        "Signalez-vous un danger (incendie, odeur de gaz, personne bloquée) ? Si oui, appelez le 18\nNon",
        "1. Odeur de gaz ? non. 2. Ampoule ? oui",
        "Odeur de gaz\nNon",
    ],
)
def test_a_forms_question_that_no_answers_raises_nothing(question: str, reader: Reader) -> None:
    text = f"Nom\nJoly\nObjet\nstationnement\n{question}\nMessage\nUne voiture est sur ma place."
    assert understood(text, reader).alarm.level is AlarmLevel.NONE
    assert understood(text.replace("Non", "Oui").replace("gaz ? non", "gaz ? oui"), reader).alarm.certain


@pytest.mark.parametrize("answer", ["Non", "Non, ça sent toujours"])
@pytest.mark.parametrize(
    "question", ["L'odeur de gaz a-t-elle disparu ?", "La fuite et l'odeur de gaz sont-elles finies ?"]
)
def test_a_no_to_whether_it_is_over_denies_no_danger(question: str, answer: str, reader: Reader) -> None:
    text = f"Nom\nJoly\nObjet\nsuivi\n{question}\n{answer}\nMessage\nRappelez-moi."
    assert understood(text, reader).alarm.certain


def test_a_persons_own_question_and_answer_are_read_as_ever(reader: Reader) -> None:
    assert understood("Vous avez trouvé l'odeur de gaz ? Non. Elle est toujours là.", reader).alarm.certain


def test_a_no_denies_its_own_line_and_not_the_next(reader: Reader) -> None:
    text = "Intrusion : aucune\nCommentaire : odeur de gaz au 3e\nAgent : Paul"
    assert understood(text, reader).alarm.certain


def test_who_speaks_in_a_conversation_is_no_field(reader: Reader) -> None:
    said = "Locataire : il y a le feu dans ma cuisine"
    text = "Lila : Décrivez votre problème.\nLocataire : bonsoir\nLila : Je n'ai pas compris.\n" + said
    assert understood(text, reader).alarm.certain


def test_the_news_of_a_machine_is_heard_among_lines_that_are_the_same_every_day(reader: Reader) -> None:
    news = "Personne au sol : caméra 7, hall B, immobile depuis 11 min"
    text = f"{news}\nIntrusion : aucune\nOpérateur : levée de doute impossible, personne ne passe"
    assert understood(text, reader).alarm.any
    assert with_field(0.05, 0.9) > 0.14 > with_field(0.001, 0.2)
    assert with_field(0.5, 0.2) == 0.5


def test_a_phrase_that_it_is_none_counts_in_a_value_as_well(reader: Reader) -> None:
    assert danger_of_field(reader, "Vu", "feu de poubelle, fumée et flammes").probability > 0.14
    assert danger_of_field(reader, "Vu", "feu d'artifice, fumée et flammes").probability == 0


@pytest.mark.parametrize("value", ["confirmée", "oui", "détectée"])
def test_a_machine_says_yes_in_words_of_its_own(value: str, reader: Reader) -> None:
    assert danger_of_field(reader, "Odeur de gaz", value).level is AlarmLevel.CERTAIN
    assert danger_of_field(reader, "Odeur de gaz", "normale").level is AlarmLevel.NONE


def test_who_and_where_is_no_field_that_tells_of_danger() -> None:
    text = "Nom : feu\nMotif : Autre\nDate : feu au 2e\n"
    assert unwrapped(contact(text), [Part.NEW], lambda label, value: FIRE["eu" in label + value]).sharpest == 0
    assert unwrapped(contact(f"{text}Feu : cave"), [Part.NEW], lambda label, _: FIRE["eu" in label]).sharpest == 0.9


def test_what_is_cut_and_kept_stands_where_it_stood() -> None:
    text = "Nom : Roy\nFeu : cave 3\nMotif : Autre\nDate : feu au 2e\n"
    kept = unwrapped(contact(text), [Part.NEW], lambda label, value: FIRE["eu" in label + value]).texts[0][1]
    assert kept == "         ;Feu : cave 3;        Autre;Date : feu au 2e\n"
    assert len(kept) == len(text)
    cut = unwrapped(contact(text), [Part.NEW]).texts[0][1]
    assert cut.split() == [";", "cave", "3;", "Autre;"]


def test_few_fields_are_asked() -> None:
    asked: list[str] = []

    def danger_of(label: str, value: str) -> FieldDanger:
        asked.append(f"{label}{value}")
        return FieldDanger()

    unwrapped(contact("Feu : cave\n" * 500), [Part.NEW], danger_of)
    assert 0 < len(asked) <= 80
