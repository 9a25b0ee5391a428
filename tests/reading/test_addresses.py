import pytest

from dtm_contact.model import Mailbox
from dtm_contact.reading.headers import first_mailbox, parse_mailboxes


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        ("a@mel.example", "", "a@mel.example"),
        ("<a@mel.example>", "", "a@mel.example"),
        ("Ana Silva <a@mel.example>", "Ana Silva", "a@mel.example"),
        ('"Silva, Ana" <a@mel.example>', "Silva, Ana", "a@mel.example"),
        ("SILVA, Ana <a@mel.example>", "SILVA, Ana", "a@mel.example"),
        ("a@mel.example (Ana Silva)", "Ana Silva", "a@mel.example"),
        ('"bailleur@parishabitat.example" <c@mel.example>', "bailleur@parishabitat.example", "c@mel.example"),
        ("bailleur@parishabitat.example <c@mel.example>", "bailleur@parishabitat.example", "c@mel.example"),
        ("Ana <x> <a@mel.example>", "Ana", "a@mel.example"),
        ("=?utf-8?q?Ana=2C_Silva?= <a@mel.example>", "Ana, Silva", "a@mel.example"),
        ("'Ana' <a@mel.example>", "Ana", "a@mel.example"),
        ("Ana <mailto:a@mel.example>", "Ana", "a@mel.example"),
        ("Ana <@relais.example:a@mel.example>", "Ana", "a@mel.example"),
        ("Ana <a@mel.example", "Ana", "a@mel.example"),
        ('"Ana <a@mel.example>', "Ana", "a@mel.example"),
        ("Locataires: a@mel.example, b@mel.example;", "", "a@mel.example"),
        ("Ana", "Ana", ""),
        ("", "", ""),
        ("<>", "", ""),
        ("undisclosed-recipients:;", "", ""),
    ],
)
def test_the_address_is_the_one_mail_would_go_to(raw: str, name: str, address: str) -> None:
    assert first_mailbox((raw.encode(),)) == Mailbox(name, address)


def test_the_first_header_with_an_address_is_the_sender() -> None:
    assert first_mailbox((b"", b"Personne", b"Ana <a@mel.example>")) == Mailbox("Ana", "a@mel.example")


def test_all_of_a_list_are_read_whatever_parts_them() -> None:
    raw = b'A <a@m.example>; b@m.example, Groupe: "C, D" <c@m.example>, d@m.example;, '
    assert [box.address for box in parse_mailboxes(raw)] == ["a@m.example", "b@m.example", "c@m.example", "d@m.example"]


def test_names_lose_what_would_turn_the_line() -> None:
    assert first_mailbox(("An\u202ea\x00 <a@m.example>".encode(),)).name == "Ana"
