"""Every form in which switchboards write a number: one key a subscriber, and who keeps his to himself."""

import pytest

from dtm_contact.calls.outcomes import caller_of, dialled, national
from dtm_contact.text import phone_key

GUADELOUPE = [
    "0690123456", "+33690123456", "0033690123456", "33690123456", "690123456", "+590690123456", "00590690123456",
    "590690123456", "06 90 12 34 56", "06.90.12.34.56", "+33 (0)6 90 12 34 56", "sip:0690123456@trunk.example",
    "sip:+33690123456@trunk.example;user=phone", "<sip:0690123456@trunk.example>", '"MARTIN" <0690123456>',
    "MARTIN <+590690123456>", "0690123456, 0139980001", "0690123456;0139980001", "0690123456/0139980001",
    "0690123456 0139980001", "0690123456 poste 12", "tel:+590-690-12-34-56", " 0690123456 ",
]  # fmt: skip


@pytest.mark.parametrize("form", GUADELOUPE)
def test_one_subscriber_has_one_key(form: str) -> None:
    caller = caller_of(form, "")
    assert (caller.key, caller.number, caller.withheld) == ("+590690123456", "0690123456", False)
    assert dialled(form).key == "+590690123456"


@pytest.mark.parametrize(
    "form",
    [
        "anonymous", "Anonymous", "ANONYMOUS", "anonyme", "unknown", "Unknown", "restricted", "private", "Privé",
        "unavailable", "", " ", "Numéro masqué", "numero masque", "Appel masqué", "masqué", "Inconnu", "<unknown>",
        "Anonymous <anonymous>", '"Anonymous" <anonymous>', '"" <>', "sip:anonymous@anonymous.invalid",
        "<sip:anonymous@anonymous.invalid>", "Private number", "withheld", "Restricted caller ID", "Numéro privé",
    ],
)  # fmt: skip
def test_withheld(form: str) -> None:
    caller = caller_of(form, "")
    assert (caller.number, caller.key, caller.withheld) == (None, None, True)
    assert caller_of("", form).withheld


@pytest.mark.parametrize("name", ["anonymous", "Anonymous", "Restricted", "Privé", "Numéro masqué", "PRIVATE NUMBER"])
def test_a_restricted_number_that_stands_there_all_the_same_is_withheld(name: str) -> None:
    caller = caller_of("0690123456", f'"{name}" <0690123456>')
    assert (caller.number, caller.key, caller.withheld) == (None, None, True)


@pytest.mark.parametrize("name", ["Unknown", "Mme Anonyma", "Masquelier", "PRIVAT", "LE PRIVE Jean", "0690123456", ""])
def test_a_name_that_is_not_known_hides_no_number(name: str) -> None:
    assert caller_of("0690123456", f'"{name}" <0690123456>').number == "0690123456"


def test_the_name_is_kept_where_it_is_one() -> None:
    assert caller_of("0690123456", '"N\'GUESSAN" <0690123456>').name == "N'GUESSAN"
    assert caller_of("0690123456", '"0690123456" <0690123456>').name == ""
    assert caller_of("0690123456", '"unknown" <0690123456>').name == ""


def test_the_second_field_helps_out() -> None:
    assert caller_of("", '"MARTIN" <0690123456>').number == "0690123456"
    assert caller_of("unknown", '"MARTIN" <0690123456>').number == "0690123456"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("07009354764261", "07009354764261"),
        ("+337009354764261", "07009354764261"),
        ("0033700935476426" + "1", "07009354764261"),
        ("0508411234", "0508411234"),
        ("+508411234", "0508411234"),
        ("+262692123456", "0692123456"),
        ("+441632960001", "+441632960001"),
        ("00441632960001", "+441632960001"),
        ("3949", "3949"),
        ("112", "112"),
    ],
)
def test_national_form(written: str, number: str) -> None:
    assert caller_of(written, "").number == number
    assert dialled(written).number == number


@pytest.mark.parametrize("digits", ["0139980001", "0690123456", "0262123456", "0596123456", "0508411234"])
def test_national_form_is_the_way_back(digits: str) -> None:
    key = phone_key(digits)
    assert key is not None
    assert national(key) == digits


@pytest.mark.parametrize("field", ["9" * 100_000, "<" * 50_000, '"' * 50_000, "0690123456 " * 20_000, "\x00\x01"])
def test_hostile_fields_are_read(field: str) -> None:
    assert caller_of(field, field).withheld in {True, False}
