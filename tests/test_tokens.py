import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.tokens import CaseTokens

OURS = CaseTokens(b"k" * 32, "metropole@bailleur.example")
OTHERS = CaseTokens(b"o" * 32, "metropole@bailleur.example")
NUMBER = "2026-004217"


def test_what_was_signed_is_read_back() -> None:
    message_id = OURS.message_id(NUMBER, "1a")
    assert OURS.case_of_message_id(message_id) == NUMBER
    assert OURS.case_of_message_id(message_id.upper()) == NUMBER
    assert OURS.case_of_address(OURS.address(NUMBER)) == NUMBER
    assert OURS.case_of_address(OURS.address(NUMBER).upper()) == NUMBER


def test_a_number_cannot_be_made_up() -> None:
    message_id = OURS.message_id(NUMBER, "1a")
    assert OTHERS.case_of_message_id(message_id) is None
    assert OURS.case_of_message_id(message_id.replace("004217", "004218")) is None
    assert OURS.case_of_message_id(message_id.replace(".1a.", ".1b.")) is None
    assert OURS.case_of_message_id(message_id.replace("bailleur", "autre")) is None
    assert OTHERS.case_of_address(OURS.address(NUMBER)) is None
    assert OURS.case_of_address(f"metropole+{NUMBER}@bailleur.example") is None
    assert OURS.case_of_address(OURS.address(NUMBER).replace("metropole", "autre")) is None


def test_the_signature_of_an_address_makes_no_message_id() -> None:
    signature = OURS.address(NUMBER).partition("@")[0].rpartition(".")[2]
    assert OURS.case_of_message_id(f"{NUMBER}.address.{signature}@bailleur.example") is None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert OURS.case_of_message_id(text) is None
    assert OURS.case_of_address(text) is None


@pytest.mark.parametrize(("key", "mailbox"), [(b"short", "a@b.example"), (b"k" * 16, "nowhere")])
def test_bad_keys_and_addresses_are_refused(key: bytes, mailbox: str) -> None:
    with pytest.raises(ValueError, match=r"needed|write one such as"):
        CaseTokens(key, mailbox)


def test_the_key_is_not_shown() -> None:
    assert "kkk" not in repr(OURS)
