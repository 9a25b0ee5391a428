"""Which label counts, what is a value, and what is only text: whoever fills in a form may type what they like."""

from collections.abc import Mapping

import pytest

from dtm_contact.model import SourceField
from dtm_contact.sources import Source, WhereToRead, canonical
from dtm_contact.sources.entries import read_lines
from dtm_contact.sources.filled import Filled, fill_in

Fields = Mapping[SourceField, tuple[str, ...]]
USUAL: Fields = {
    SourceField.NAME: ("Nom",),
    SourceField.ADDRESS: ("Adresse", "Ville"),
    SourceField.PHONE: ("Téléphone",),
    SourceField.EMAIL: ("E-mail",),
    SourceField.TEXT: ("Message",),
}


def source(fields: Fields, *boilerplate: str) -> Source:
    where = {name: WhereToRead(tuple(map(canonical, labels))) for name, labels in fields.items()}
    return Source("form", "Formulaire", fields=where, boilerplate=tuple(map(canonical, boilerplate)))


def filled(text: str, fields: Fields | None = None, *boilerplate: str) -> Filled:
    known = source(fields or USUAL, *boilerplate)
    return fill_in(known, read_lines(text.split("\n"), known.labels), "", typed_in=True)


def test_a_label_within_the_text_is_text() -> None:
    found = filled("Nom : Roy\nMessage : Bonjour,\nNom : Dupont\nE-mail : dupont@mail.example")
    assert found.values[SourceField.NAME] == "Roy"
    assert SourceField.EMAIL not in found.values
    assert found.text == "Bonjour,\nNom : Dupont\nE-mail : dupont@mail.example"


def test_a_field_behind_the_text_counts_the_last_time() -> None:
    fields = {SourceField.TEXT: ("Message",), SourceField.NAME: ("Nom",), SourceField.PHONE: ("Téléphone",)}
    found = filled("Message : froid\nNom : Dupont\nNom : Roy\nTéléphone : 06 12 34 56 78", fields)
    assert found.values[SourceField.NAME] == "Roy"
    assert found.text == "froid\nNom : Dupont"


def test_a_field_behind_the_text_does_not_count_before_it() -> None:
    fields = {SourceField.TEXT: ("Message",), SourceField.NAME: ("Nom",)}
    found = filled("Nom : Dupont\nMessage : froid", fields)
    assert SourceField.NAME not in found.values
    assert "Dupont" in found.text


def test_what_is_ignored_ends_the_value_above_it_and_is_no_text() -> None:
    form = "Nom : Roy\nAdresse : 3 rue Hoche\nCorps d'état : plomberie\nDéposée le : 24/11/2026 à 9 h\nMessage : froid"
    fields = {SourceField.IGNORED: ("Déposée le", "Corps d'état"), **USUAL}
    found = filled(form, fields)
    assert (found.values[SourceField.ADDRESS], found.text) == ("3 rue Hoche", "froid")
    assert SourceField.IGNORED not in found.values
    assert "plomberie" in filled(form).values[SourceField.ADDRESS], "a label that nobody knows goes on above it"


def test_two_values_of_one_label_are_none() -> None:
    found = filled("Nom : Roy\nNom : Dupont\nMessage : froid")
    assert SourceField.NAME not in found.values
    assert found.contradicted == [SourceField.NAME]
    assert "Roy" in found.text
    assert "Dupont" in found.text


def test_the_same_value_twice_is_one() -> None:
    assert filled("Nom : Roy\nNom : ROY\nMessage : froid").values[SourceField.NAME] == "Roy"


def test_an_address_has_several_lines_and_several_labels() -> None:
    found = filled("Nom : Roy\nAdresse : 12 rue Hoche\nBâtiment B\nVille : 93500 Pantin\nMessage : froid")
    assert found.values[SourceField.ADDRESS] == "12 rue Hoche, Bâtiment B, 93500 Pantin"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("Téléphone : il y a une odeur de gaz", SourceField.PHONE),
        ("E-mail : venez vite au secours", SourceField.EMAIL),
        ("Nom : http://x.example/1 et voila autre chose", SourceField.NAME),
    ],
)
def test_what_is_no_value_of_its_field_is_read_as_text(line: str, field: SourceField) -> None:
    found = filled(f"{line}\nMessage : bonjour")
    assert field not in found.values
    assert found.invalid == [field]
    assert line.partition(" : ")[2] in found.text


def test_nothing_that_stands_under_no_label_is_lost() -> None:
    text = "Le feu a pris\nNom : Roy\nça brûle dans la cave\nMessage : vite\n"
    assert filled(text).text == "vite\n\nLe feu a pris\n\nça brûle dans la cave"


def test_the_form_s_own_words_are_not_read() -> None:
    text = "Bonjour,\nUne demande a été déposée :\nNom : Roy\nMessage : froid\n\nNe pas répondre.\n"
    found = filled(text, None, "demande a été déposée", "ne pas répondre")
    assert found.text == "froid"


def test_the_form_s_own_words_within_the_text_are_the_person_s() -> None:
    found = filled("Nom : Roy\nMessage : merci de\nne pas répondre\nau voisin", None, "ne pas répondre")
    assert found.text == "merci de\nne pas répondre\nau voisin"


def test_a_field_that_is_empty_cannot_be_typed_in_elsewhere() -> None:
    found = filled("Téléphone : 06 12 34 56 78\nNom : Dupont\nNom :\nMessage : froid")
    assert SourceField.NAME not in found.values
    assert found.contradicted == [SourceField.NAME]


def test_what_is_quoted_is_text_and_no_field() -> None:
    found = filled("Nom : Roy\n> Nom : Dupont\nMessage : bonjour\n> ça sent le gaz")
    assert found.values[SourceField.NAME] == "Roy"
    assert found.text == "bonjour\n> ça sent le gaz\n\n> Nom : Dupont"
