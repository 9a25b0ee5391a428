"""Which label counts, what is a value, and what is only text: whoever fills in a form may type what they like."""

import re
from collections.abc import Mapping

import pytest

from dtm_contact.model import SourceField
from dtm_contact.sources import CodeMeaning, Source, WhereToRead, canonical
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


def shared(text: str, /, **fields: WhereToRead) -> Filled:
    known = Source("form", "Formulaire", fields={SourceField(name): where for name, where in fields.items()})
    return fill_in(known, read_lines(text.split("\n"), known.labels, known.headings), "", typed_in=True)


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


SITE = {
    "name": WhereToRead(("chantier",), before=","),
    "address": WhereToRead(("chantier",), after=","),
    "text": WhereToRead(("message",)),
}


def test_one_label_gives_two_fields() -> None:
    found = shared("Chantier : Roy Odette, 3 rue Hoche, bât. A,\n93500 Pantin\nMessage : mitigeur", **SITE)
    assert found.values[SourceField.NAME] == "Roy Odette"
    assert found.values[SourceField.ADDRESS] == "3 rue Hoche, bât. A, 93500 Pantin"
    assert found.text == "mitigeur"


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("Terminé", "thanks"),
        ("Terminé – non facturé", "thanks"),
        ("NON TERMINÉ", None),
        ("Pas encore terminé", None),
        ("Non terminé le 3, terminé le 4", "thanks"),
        ("Plus de chauffage", "heating"),
    ],
)
def test_what_is_denied_never_means_that_nothing_is_asked(said: str, topic: str | None) -> None:
    meanings = {"termine": CodeMeaning("thanks"), "chauffage": CodeMeaning("heating")}
    for source, code, state in (
        (Source("a", "A", meanings=meanings), said, ""),
        (Source("a", "A", states=meanings), "", said),
    ):
        meant = source.meaning(code, state)
        assert (meant.topic if meant is not None else None) == topic


def test_a_part_that_is_not_there_leaves_the_whole_to_the_other() -> None:
    found = shared("Chantier : Roy Odette\nMessage : mitigeur", **SITE)
    assert found.values[SourceField.NAME] == "Roy Odette"
    assert SourceField.ADDRESS not in found.values


def test_an_address_and_a_phone_are_found_beside_a_name() -> None:
    found = shared(
        "De : Aminata Ndiaye <andiaye@mail.example>\nOccupant : M. Roy - 06 49 68 66 80\nMessage : froid",
        name=WhereToRead(("de",), before="<"),
        email=WhereToRead(("de",), after="<"),
        first_name=WhereToRead(("occupant",), before=" - "),
        phone=WhereToRead(("occupant",), after=" - "),
        text=WhereToRead(("message",)),
    )
    assert found.values[SourceField.NAME] == "Aminata Ndiaye"
    assert found.values[SourceField.EMAIL] == "andiaye@mail.example"
    assert found.values[SourceField.PHONE] == "06 49 68 66 80"
    assert (found.text, found.invalid) == ("froid", [])


def test_the_bracket_around_a_phone_is_no_part_of_it() -> None:
    part = {"name": WhereToRead(("habitant",), before="("), "phone": WhereToRead(("habitant",), after="(")}
    found = shared("Habitant : Mme Roy (06 12 34 56 78)", **part)
    assert found.values == {SourceField.NAME: "Mme Roy", SourceField.PHONE: "06 12 34 56 78"}


def test_a_value_of_which_no_field_takes_a_part_is_text() -> None:
    said = "ça sent le gaz dans la cage"
    part = {"request": WhereToRead(("ref",), pattern=re.compile("(BI-[0-9]+)")), "text": WhereToRead(("message",))}
    assert shared(f"Ref : {said}\nMessage : froid", **part).text == f"froid\n\n{said}"


def test_words_beside_an_address_of_mail_are_not_lost() -> None:
    found = filled("E-mail : venez vite ça brûle roy@mail.example\nMessage : bonjour")
    assert found.values[SourceField.EMAIL] == "roy@mail.example"
    assert "venez vite ça brûle" in found.text


def test_a_phone_typed_beside_a_name_is_the_phone() -> None:
    found = filled("Nom : Roy Odette 06 12 34 56 78\nMessage : froid")
    assert (found.values[SourceField.NAME], found.values[SourceField.PHONE]) == ("Roy Odette", "06 12 34 56 78")
    assert found.text == "froid"
    alone = filled("Nom : 06 12 34 56 78\nTéléphone : 06 99 88 77 66\nMessage : froid")
    assert SourceField.NAME not in alone.values
    assert alone.values[SourceField.PHONE] == "06 99 88 77 66"


def test_a_heading_stands_above_its_value_without_a_sign() -> None:
    form = "Appareil : V4\nNom : Roy\nOBSERVATIONS\n------------\nAPPEL DU GARDIEN\nNom : Dupont\n"
    found = shared(
        form,
        equipment=WhereToRead(("appareil",)),
        name=WhereToRead(("nom",)),
        text=WhereToRead((), ("observations",)),
    )
    assert found.values[SourceField.NAME] == "Roy"
    assert found.text == "APPEL DU GARDIEN\nNom : Dupont"
    labelled = filled("Nom : Roy\nMessage\nfroid")
    assert SourceField.TEXT not in labelled.values, "without being told so, a label needs its sign"


def test_a_value_that_means_empty_says_nothing() -> None:
    known = Source(
        "form", "F", fields={SourceField.NAME: WhereToRead(("nom",))}, blanks=frozenset({"anonyme", "non renseigne"})
    )
    entries = read_lines(["Nom : Anonyme"], known.labels)
    found = fill_in(known, entries, "", typed_in=False)
    assert (found.values, found.text, found.dropped) == ({}, "", [])


def test_what_no_field_takes_of_a_value_is_text() -> None:
    number = WhereToRead(headings=("evenement",), pattern=re.compile("CAL-[0-9]+"))
    street = WhereToRead(headings=("evenement",), pattern=re.compile("[0-9]+ rue [A-Z][a-z]+"))
    source = Source("c", "C", fields={SourceField.REQUEST: number, SourceField.ADDRESS: street})
    lines = ["Événement", "CAL-12 du 12 novembre", "12 rue Hoche  Commentaire : forte odeur de gaz au palier"]
    filled = fill_in(source, read_lines(lines, source.labels, source.headings), "", typed_in=True)
    assert filled.values == {SourceField.REQUEST: "CAL-12", SourceField.ADDRESS: "12 rue Hoche"}
    assert "forte odeur de gaz au palier" in filled.text
    assert "CAL-12" not in filled.text
