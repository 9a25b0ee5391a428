"""Phone numbers: every spelling of one subscriber is one key, and what is no phone is none."""

import pytest

from dtm_contact.text.phones import find_phones, phone_key


@pytest.mark.parametrize(
    "written",
    [
        "0179616460", "+33179616460", "0033179616460", "33179616460", "179616460", "01 79 61 64 60", "01.79.61.64.60",
        "01/79/61/64/60", "01-79-61-64-60", "+33 (0)1 79 61 64 60", "(0)1 79 61 64 60", "(01) 79 61 64 60",
        "+33 01 79 61 64 60",        "01 79 61 64 60 poste 12", "0179616460#12", "sip:0179616460@pbx.example",
        "sip:+33179616460@pbx.example;user=phone",        "tel:+33-1-79-61-64-60", "０１ ７９ ６１ ６４ ６０",
    ],
)  # fmt: skip
def test_every_spelling_of_one_number_has_one_key(written: str) -> None:
    assert phone_key(written) == "+33179616460"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("0690643999", "+590690643999"),
        ("+33690643999", "+590690643999"),
        ("0033690643999", "+590690643999"),
        ("690643999", "+590690643999"),
        ("+590690643999", "+590690643999"),
        ("590690643999", "+590690643999"),
        ("+590 0690 64 39 99", "+590690643999"),
        ("0262401234", "+262262401234"),
        ("0692401234", "+262692401234"),
        ("0693401234", "+262693401234"),
        ("0263401234", "+262263401234"),
        ("0269601234", "+262269601234"),
        ("0639123456", "+262639123456"),
        ("0691401234", "+590691401234"),
        ("0594301234", "+594594301234"),
        ("0694401234", "+594694401234"),
        ("0596401234", "+596596401234"),
        ("0696401234", "+596696401234"),
        ("0697401234", "+596697401234"),
        ("0508411234", "+508411234"),
        ("+508 41 12 34", "+508411234"),
    ],
)
def test_an_overseas_number_has_the_calling_code_of_its_department(written: str, key: str) -> None:
    assert phone_key(written) == key


def test_a_machine_keeps_its_fourteen_digits() -> None:
    assert phone_key("07009354764261") == "07009354764261"
    assert phone_key("+337009354764261") == "07009354764261"


def test_a_foreign_number_counts_when_it_is_possible() -> None:
    assert phone_key("+221 77 123 45 67") == "+221771234567"
    assert phone_key("00351 912 345 678") == "+351912345678"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "3949",
        "abc",
        "0012",
        "012345678",
        "01234567890",
        "3900689/60",
        "6/2",
        "+999123456789",
        "0" * 400,
        "x@y",
    ],
)
def test_what_cannot_be_a_number_has_no_key(written: str) -> None:
    assert phone_key(written) is None


def _found(text: str) -> list[tuple[str, str]]:
    return [(key, text[start:end]) for key, start, end in find_phones(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rappelez 06 90 64 39 99 je suis seule", [("+590690643999", "06 90 64 39 99")]),
        ("mon numéro c'est le 06.95.44.37.30 point", [("+33695443730", "06.95.44.37.30")]),
        ("06 12\n34 56 78", [("+33612345678", "06 12\n34 56 78")]),
        ("Fixe 0145678912/0612345678", [("+33145678912", "0145678912"), ("+33612345678", "0612345678")]),
        ("+33612345678 0145678912", [("+33612345678", "+33612345678"), ("+33145678912", "0145678912")]),
        ("port. 612345678", [("+33612345678", "612345678")]),
        ("à l’appareil, tél +351 912 345 678 le soir", [("+351912345678", "+351 912 345 678")]),
        ("33648468647", [("+33648468647", "33648468647")]),
        # As machines read handwriting.
        ("tel 06 62 79 O6 86", [("+33662790686", "06 62 79 O6 86")]),
        ("tel O6.6l.79.06.86", [("+33661790686", "O6.6l.79.06.86")]),
    ],
)
def test_a_number_in_a_text_is_found_where_it_stands(text: str, expected: list[tuple[str, str]]) -> None:
    assert _found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "bail 3900689/60",
        "bail n° 0612345678",
        "réf. 0612345678",
        "n° locataire : 0612345678",
        "votre dossier 0612345678",
        "le 06/05/2024 1030",
        "Mon numéro unique est le 094 2020 118 734",
        "SIRET 12345678900012",
        "référence du logement 933321.89",
        "quatre-vingt-quatre ans au mois de janvier",
        "zéro six soixante",
        "dossier 06 62 79 O6 86",
        "O6 6l 79 O6 86",
    ],
)
def test_numbers_of_other_things_are_no_phones(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("au zéro six soixante-huit quarante-sept dix-huit vingt-cinq je répète", "+33668471825"),
        ("zero six douze soixante dix huit quatre vingt quatre quatre vingt treize", "+33612788493"),
        ("zéro un, vingt et un, trente-deux, zéro quatre, zéro zéro", "+33121320400"),
        ("zéro six 12 34 euh 56 78", "+33612345678"),
        ("zéro sept septante et un nonante-neuf zéro deux dix", "+33771990210"),
    ],
)
def test_a_number_told_in_words_is_a_number(text: str, key: str) -> None:
    assert [found for found, _ in _found(text)] == [key]


def test_a_text_made_of_numbers_is_read_up_to_the_limit() -> None:
    assert len(find_phones("0612345678 " * 5_000, limit=10)) == 10
