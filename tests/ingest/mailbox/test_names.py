import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.ingest.imap_client import encoded, folder, quoted


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("INBOX", "INBOX"),
        ("Publicités", "Publicit&AOk-s"),
        ("R&D", "R&-D"),
        ("台北", "&U,BTFw-"),
        ("Été & hiver", "&AMk-t&AOk- &- hiver"),
        ("😀", "&2D3eAA-"),
    ],
)
def test_modified_utf7(name: str, told: str) -> None:
    assert encoded(name) == told


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=60))
def test_every_name_is_plain_and_told_apart(name: str) -> None:
    told = encoded(name)
    assert told.isascii()
    assert all(32 <= ord(sign) < 127 for sign in told)
    assert "&" not in told.replace("&-", "") or "-" in told


def test_levels_are_told_with_the_server_s_own_mark() -> None:
    assert folder("Bureaux/Bagnolet", ".") == '"Bureaux.Bagnolet"'
    assert folder('a"b\\c', "/") == '"a\\"b\\\\c"'


@pytest.mark.parametrize("text", ["a\r\nb", "a\0b"])
def test_line_ends_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no line end"):
        quoted(text)
    with pytest.raises(ValueError, match="control character"):
        encoded(text)
